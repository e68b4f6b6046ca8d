"""Lay one thumbnail onto another: from two views that hash alike, or from features that match."""

import cv2
import numpy as np

STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
FEATURES = 400  # at most, of a thumbnail
RATIO = 0.8  # a feature's best match must be that much nearer than its second (Lowe 2004)
INLIERS = 8  # matches that must agree on one similarity map
REACH = 3.0  # pixels by which a match may miss it


def by_view(first: np.ndarray, second: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The affine map [2, 3] from the first picture onto a box (left, top, right, bottom) of the second, in pixels."""
    left, top, right, bottom = box
    height, width = first.shape
    return np.array([[(right - left) / width, 0, left], [0, (bottom - top) / height, top]], np.float32)


def by_features(first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """The similarity map [2, 3] on which matching SIFT features (Lowe 2004) agree, by RANSAC; None where too few do."""
    points, descriptors = zip(*(features(picture) for picture in (first, second)), strict=True)
    if min(map(len, points)) < INLIERS:
        return None
    matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(*descriptors, k=2)
    pairs = [match[0] for match in matches if len(match) == 2 and match[0].distance < RATIO * match[1].distance]
    if len(pairs) < INLIERS:
        return None
    sides = (
        np.array([points[0][match.queryIdx] for match in pairs]),
        np.array([points[1][match.trainIdx] for match in pairs]),
    )
    warp, inliers = cv2.estimateAffinePartial2D(*sides, method=cv2.RANSAC, ransacReprojThreshold=REACH)
    if warp is None or inliers.sum() < INLIERS:
        return None
    return warp.astype(np.float32)


def features(picture: np.ndarray, count: int = FEATURES) -> tuple[np.ndarray, np.ndarray]:
    """Places [F, 2] and SIFT descriptors [F, 128] of a gray picture uint8 [H, W], the `count` strongest."""
    stretched = cv2.normalize(picture, np.empty_like(picture), 0, 255, cv2.NORM_MINMAX)
    found, descriptors = cv2.SIFT.create(count, contrastThreshold=0.02).detectAndCompute(stretched, None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    return np.array([point.pt for point in found], np.float32), descriptors


def refined(first: np.ndarray, second: np.ndarray, warp: np.ndarray) -> np.ndarray | None:
    """The affine map near `warp` of greatest correlation (ECC, Evangelidis 2008); None where it does not converge."""
    mask, blur = None, 5  # cv2's own type stubs do not know that the mask may be left out
    try:
        _, warp = cv2.findTransformECC(  # pyright: ignore[reportCallIssue]
            first,
            second,
            warp.copy(),
            cv2.MOTION_AFFINE,
            STEPS,
            mask,  # pyright: ignore[reportArgumentType]
            blur,
        )
    except cv2.error:  # pictures that have nothing in common
        return None
    return warp
