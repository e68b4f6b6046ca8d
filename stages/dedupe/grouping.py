"""From candidate pairs to works: align each pair, compare it place by place, and join what is the same."""

from itertools import combinations

import cv2
import numpy as np

from stages.dedupe.hashing import VIEWS

WINDOWS = 7  # a picture is compared in 7 x 7 windows: a motif that came or went fills at least one (measured: at 5, one look-alike in 25 passes)
EDGE = 3  # pixels of the overlap's border left out: resampling, frames
STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)


def local_correlation(first: np.ndarray, second: np.ndarray, view_first: int, view_second: int) -> float:
    """How alike two grey thumbnails [H, W] are in the window where they are least alike, after alignment: -1..1.

    The alignment maximises the correlation (ECC, Evangelidis 2008) from the two views that hash alike. The windows are
    compared by the structure term of SSIM (Wang 2004, eq. 10) on pictures of zero mean and unit variance, so that fading,
    greyscale and a tint do not count. A constant keeps empty windows (plain sky) from measuring noise.
    """
    first = _crop(first, VIEWS[view_first])
    if min(*first.shape, *second.shape) <= 4 * EDGE:
        return -1.0
    warp = _onto(first.shape, second.shape, VIEWS[view_second])
    try:
        _, warp = cv2.findTransformECC(first, second, warp, cv2.MOTION_AFFINE, STEPS, None, 5)
    except cv2.error:  # it does not converge on pictures that have nothing in common
        return -1.0
    size = first.shape[::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(second, warp, size, flags=flags)
    inside = cv2.warpAffine(np.ones_like(second), warp, size, flags=flags) > 0.99
    inside = cv2.erode(np.pad(inside.astype(np.uint8), 1), np.ones((2 * EDGE + 1,) * 2))[1:-1, 1:-1] > 0
    if inside.mean() < 0.5:  # less than half of a work is a detail, not a copy
        return -1.0
    return _worst_window(*(_standard(cv2.GaussianBlur(item, (0, 0), 1.0), inside) for item in (first, moved)), inside)


def _crop(picture: np.ndarray, view: tuple) -> np.ndarray:
    """The part of a thumbnail that a view shows, so that a frame does not pull the alignment."""
    height, width = picture.shape
    left, top, right, bottom = view
    return np.ascontiguousarray(picture[round(top * height) : round((1 - bottom) * height), round(left * width) : round((1 - right) * width)])


def _onto(first: tuple[int, int], second: tuple[int, int], view: tuple) -> np.ndarray:
    """The affine map [2, 3] from pixels of the first picture [H, W] onto a view of the second."""
    scale = [(1 - view[axis] - view[axis + 2]) * second[1 - axis] / first[1 - axis] for axis in (0, 1)]
    return np.array([[scale[0], 0, view[0] * second[1]], [0, scale[1], view[1] * second[0]]], np.float32)


def _standard(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    values = picture[inside]
    return (picture - values.mean()) / max(values.std(), 1e-3)


def _worst_window(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> float:
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    scores = []
    for part_rows in np.array_split(rows, WINDOWS):
        for part_columns in np.array_split(columns, WINDOWS):
            window = np.ix_(part_rows, part_columns)
            kept = inside[window]
            if kept.mean() > 0.5:
                scores.append(_structure(first[window][kept], second[window][kept]))
    return min(scores, default=-1.0)


def _structure(first: np.ndarray, second: np.ndarray, constant: float = 0.1) -> float:
    covariance = np.mean((first - first.mean()) * (second - second.mean()))
    level = (first.mean() - second.mean()) ** 2  # the pictures are standardised: a shifted level is a difference too
    return float((2 * covariance + constant) / (first.var() + second.var() + level + constant))


def join(count: int, pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Groups of 0..count-1 that the pairs connect (union-find), in ascending order."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for first, second in pairs:
        parent[max(root(first), root(second))] = min(root(first), root(second))
    groups: dict[int, list[int]] = {}
    for item in range(count):
        groups.setdefault(root(item), []).append(item)
    return list(groups.values())


def pairwise(groups: list[list[int]], truth: list[str]) -> tuple[float, float]:
    """Precision and recall of the pairs that share a group against those that share a true work."""
    found = {pair for group in groups for pair in combinations(group, 2)}
    works: dict[str, list[int]] = {}
    for item, work in enumerate(truth):
        works.setdefault(work, []).append(item)
    true = {pair for members in works.values() for pair in combinations(members, 2)}
    right = len(found & true)
    return right / len(found) if found else 1.0, right / len(true) if true else 1.0
