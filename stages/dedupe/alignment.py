"""Lay one thumbnail onto another: from two views that hash alike, or from features that match.

A map takes pixels (x, y) of the first picture to those of the second: a similarity or affine map is [2, 3], a
perspective one [3, 3].
"""

from functools import lru_cache

import cv2
import numpy as np

STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
FEATURES = 400  # at most, of a thumbnail
REMEMBERED = 256  # pictures whose features each process keeps, 0.2 MB each
RATIO = 0.8  # a feature's best match must be that much nearer than its second (Lowe 2004)
INLIERS = 8  # matches that must agree on one similarity map
REACH = 3.0  # pixels by which a match may miss it
SLANT = 0.5  # of the farthest corner's distance, at which the nearest one may be
FLATTEST = 1e-6  # determinant below which a map leaves nothing of a picture
Matches = tuple[np.ndarray, np.ndarray]  # places [F, 2] in the first picture, and those they match in the second


def by_view(first: np.ndarray, second: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The affine map [2, 3] from the first picture onto a box (left, top, right, bottom) of the second, in pixels."""
    left, top, right, bottom = box
    height, width = first.shape
    return np.array([[(right - left) / width, 0, left], [0, (bottom - top) / height, top]], np.float32)


def by_features(sides: Matches) -> np.ndarray | None:
    """The similarity map [2, 3] on which matches agree, by RANSAC; None where too few do."""
    warp, inliers = cv2.estimateAffinePartial2D(*sides, method=cv2.RANSAC, ransacReprojThreshold=REACH)
    if warp is None or inliers.sum() < INLIERS:
        return None
    return warp.astype(np.float32)


def by_perspective(sides: Matches, shape: tuple[int, ...]) -> np.ndarray | None:
    """The perspective map [3, 3] on which they agree, of a painting that was photographed askew; None likewise.

    `shape` is the first picture's.
    """
    warp, inliers = cv2.findHomography(*sides, cv2.RANSAC, REACH)
    if warp is None or inliers.sum() < INLIERS or not is_a_view(warp, shape):
        return None
    return warp.astype(np.float32)


def is_a_view(warp: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether a camera sees it so: not mirrored, no corner behind it or at less than half of another's distance."""
    height, width = shape
    depth = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ warp[2]
    return bool(np.linalg.det(warp) > FLATTEST and depth.min() > SLANT * depth.max())


def matches(first: np.ndarray, second: np.ndarray) -> Matches | None:
    """Which SIFT features (Lowe 2004) of two pictures match; None where too few do for a map."""
    points, descriptors = zip(*(features(picture) for picture in (first, second)), strict=True)
    if min(map(len, points)) < INLIERS:
        return None
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(*descriptors, k=2)
    pairs = [match[0] for match in nearest if len(match) == 2 and match[0].distance < RATIO * match[1].distance]
    if len(pairs) < INLIERS:
        return None
    return (
        np.array([points[0][match.queryIdx] for match in pairs]),
        np.array([points[1][match.trainIdx] for match in pairs]),
    )


def features(picture: np.ndarray, count: int = FEATURES) -> tuple[np.ndarray, np.ndarray]:
    """Places [F, 2] and SIFT descriptors [F, 128] of a gray picture uint8 [H, W], the `count` strongest; read only."""
    return _features(picture.tobytes(), picture.shape, count)


@lru_cache(maxsize=REMEMBERED)
def _features(pixels: bytes, shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Remembered, as a file is compared with many others."""
    picture = np.frombuffer(pixels, np.uint8).reshape(shape)
    stretched = cv2.normalize(picture, np.empty_like(picture), 0, 255, cv2.NORM_MINMAX)
    found, descriptors = cv2.SIFT.create(count, contrastThreshold=0.02).detectAndCompute(stretched, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    return np.array([point.pt for point in found], np.float32), descriptors


def refined(first: np.ndarray, second: np.ndarray, warp: np.ndarray) -> np.ndarray | None:
    """The map near `warp`, affine or perspective as it is, of greatest correlation (ECC, Evangelidis 2008).

    None where it does not converge.
    """
    motion = cv2.MOTION_AFFINE if len(warp) == 2 else cv2.MOTION_HOMOGRAPHY
    mask, blur = None, 5  # cv2's own type stubs do not know that the mask may be left out
    try:
        _, warp = cv2.findTransformECC(  # pyright: ignore[reportCallIssue]
            first,
            second,
            warp.copy(),
            motion,
            STEPS,
            mask,  # pyright: ignore[reportArgumentType]
            blur,
        )
    except cv2.error:  # pictures that have nothing in common
        return None
    return warp


def perspective(warp: np.ndarray) -> np.ndarray:
    """Any map as a perspective one, [3, 3]."""
    return warp if len(warp) == 3 else np.concatenate([warp, np.array([[0, 0, 1]], np.float32)])
