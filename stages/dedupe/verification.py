"""The comparison of a candidate pair: align the two thumbnails, compare them place by place, and decide."""

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from stages.dedupe import alignment, colors, overlay, views
from stages.dedupe.hashing import Fingerprint

# A picture is compared in 7 x 7 windows: a motif that came or went fills at least one (measured: at 5, one look-alike
# in 25 passes).
WINDOWS = 7
EDGE = 3  # pixels of the overlap's border left out: resampling, frames
SHARE = 0.5  # of each picture that must be seen in the other: with less, one is a detail of the other
LIGHT = 12.0  # pixels of a thumbnail: light changes slower than that, what is painted faster
MARKED = 0.85  # correlation asked of what a mark leaves (measured on 60 marks: 0.93 and more)
SMALLEST = 24  # pixels of the shorter side below which nothing is compared


@dataclass(frozen=True)
class Verdict:
    """What two pictures are to each other, and why."""

    # part: the first is a detail of the second; whole: the other way
    kind: Literal["same", "part", "whole", "different"]
    # correlation in the window where they are least alike, -1..1
    score: float
    # how they were aligned: view | features; "flat": without the light on them; "mark": but for a mark;
    # "mirrored": one is the other's mirror image;
    # color: they agree in structure, but no light makes the one's colors of the other's
    check: str


@dataclass(frozen=True)
class Overlap:
    """Two aligned pictures where they overlap, each of zero mean and unit variance there."""

    first: np.ndarray  # float32 [H, W]
    second: np.ndarray  # float32 [H, W]
    inside: np.ndarray  # bool [H, W]
    shares: tuple[float, float]  # of each picture that the other one shows
    warp: np.ndarray  # float32 [2, 3], from the first one's pixels to the second's


NOTHING = Verdict("different", -1.0, "view")


def verify(first: Fingerprint, second: Fingerprint, view_first: int, view_second: int, correlation: float) -> Verdict:
    """Compare a pair that hashes alike in two views; `correlation` is the least that counts as the same picture.

    Features are asked for an alignment only where that of the views does not convince, and then both are compared
    without the light on them. What agrees is looked at once
    more in color, where the files are there.
    """
    one, box_one = _shown(first, view_first)
    two, box_two = _shown(second, view_second)
    laid = overlap(one, two, box_one, box_two, "view")
    found = decide(laid, "view", correlation)
    if found.kind == "different":
        borders = (first.boxes[_borderless(view_first)], second.boxes[_borderless(view_second)])
        further = overlap(one, two, *borders, "features")
        other = decide(further, "features", correlation)
        if (other.kind != "different", other.score) > (False, found.score):
            laid, found, box_one = further, other, borders[0]
    if found.kind == "different":
        further = overlap(flattened(one), flattened(two), first.boxes[view_first], box_two, "view")
        other = decide(further, "flat view", correlation, marks=False)
        if other.kind != "different":
            laid, found, box_one = further, other, first.boxes[view_first]
    if found.kind == "same" and laid and not _colors_agree(laid, first, second, view_first, view_second, box_one):
        found = Verdict("different", found.score, "color")
    mirrored = (view_first >= views.COUNT) != (view_second >= views.COUNT)
    return replace(found, check=f"mirrored {found.check}") if mirrored else found


def _colors_agree(
    laid: Overlap, first: Fingerprint, second: Fingerprint, view_first: int, view_second: int, box: np.ndarray
) -> bool:
    """Whether the colors of two files that agree in structure are those of one work; `box` is what the first shows."""
    one, two = first.colors(), second.colors()
    if one is None or two is None:
        return True
    one, two = (
        np.ascontiguousarray(picture[:, ::-1]) if view >= views.COUNT else picture
        for picture, view in ((one, view_first), (two, view_second))
    )
    one = views.cut(one, box)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    two = cv2.warpAffine(two, laid.warp, laid.inside.shape[::-1], flags=flags)
    return colors.one_work(*(picture[laid.inside].astype(np.float64) for picture in (one, two)))


def _borderless(view: int) -> int:
    """The view without borders of the same picture, mirrored like the given one."""
    return view - view % views.COUNT + views.BORDERLESS


def _shown(item: Fingerprint, view: int) -> tuple[np.ndarray, np.ndarray]:
    """The thumbnail, mirrored if the view is, and the view's box."""
    mirrored = view >= views.COUNT
    return np.ascontiguousarray(item.thumbnail[:, ::-1]) if mirrored else item.thumbnail, item.boxes[view]


def overlap(
    first: np.ndarray, second: np.ndarray, box_first: np.ndarray, box_second: np.ndarray, check: str
) -> Overlap | None:
    """Align a view of the first thumbnail uint8 [H, W] with the second one; None where that fails."""
    first = np.ascontiguousarray(views.cut(first, box_first))
    if min(*first.shape, *second.shape) < SMALLEST:
        return None
    left, top, right, bottom = views.pixels(second.shape, box_second)
    if check == "view":
        warp = alignment.by_view(first, second, (left, top, right, bottom))
    else:
        warp = alignment.by_features(first, second)
    if warp is not None:
        warp = alignment.refined(first.astype(np.float32), second.astype(np.float32), warp)
    if warp is None:
        return None
    seen = np.zeros(second.shape, np.float32)
    seen[top:bottom, left:right] = 1
    return _laid(first, second, warp, seen)


def _laid(first: np.ndarray, second: np.ndarray, warp: np.ndarray, seen: np.ndarray) -> Overlap | None:
    size, flags = first.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(second.astype(np.float32), warp, size, flags=flags)
    inside = cv2.warpAffine(seen, warp, size, flags=flags) > 0.99
    pixels = inside.sum()
    shares = float(inside.mean()), float(pixels * abs(np.linalg.det(warp[:, :2])) / seen.sum())
    inside = cv2.erode(np.pad(inside.astype(np.uint8), 1), np.ones((2 * EDGE + 1,) * 2))[1:-1, 1:-1] > 0
    if inside.sum() < SMALLEST**2:
        return None
    return Overlap(standard(first, inside), standard(moved, inside), inside, shares, warp)


def standard(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """A picture [H, W], slightly blurred, of zero mean and unit variance inside; what is nearly even stays so."""
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    values = picture[inside]
    return (picture - values.mean()) / max(values.std(), 0.25)


def flattened(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 [H, W] without the light on it: brightness and contrast are the same everywhere.

    A gradient, a glare or another gamma then leaves what is painted alone.
    """
    values = picture.astype(np.float32)
    off = values - cv2.GaussianBlur(values, (0, 0), LIGHT)
    contrast = np.sqrt(cv2.GaussianBlur(off**2, (0, 0), LIGHT))
    return np.clip(128 + 40 * off / (contrast + 1), 0, 255).astype(np.uint8)


def decide(found: Overlap | None, check: str, correlation: float, marks: bool = True) -> Verdict:
    """What the comparison of two aligned pictures says; `marks`: whether one may bear a mark."""
    if found is None:
        return NOTHING
    scores = window_scores(found)
    score = float(scores.min(initial=1.0))
    if score < correlation:
        unmarked = (
            _unmarked(found) if marks and np.median(scores) >= MARKED else -1.0
        )  # a mark leaves most windows alone
        if unmarked < max(correlation, MARKED):
            return Verdict("different", score, check)
        score, check = unmarked, f"{check} mark"
    if min(found.shares) >= SHARE:
        return Verdict("same", score, check)
    return Verdict("part" if found.shares[0] >= SHARE else "whole", score, check)


def _unmarked(found: Overlap) -> float:
    """The correlation in the worst window without the pixels of a mark; -1 where a mark is no explanation."""
    clean = overlay.without_mark(found.first, found.second, found.inside)
    if clean is None or clean.sum() < SHARE * found.inside.sum():
        return -1.0
    return float(window_scores(replace(found, inside=clean)).min(initial=1.0))


def window_scores(found: Overlap) -> np.ndarray:
    """How alike the two pictures are in each window that is mostly inside the overlap, -1..1."""
    rows, columns = np.flatnonzero(found.inside.any(1)), np.flatnonzero(found.inside.any(0))
    scores = []
    for part_rows in np.array_split(rows, WINDOWS):
        for part_columns in np.array_split(columns, WINDOWS):
            window = np.ix_(part_rows, part_columns)
            kept = found.inside[window]
            if kept.mean() > 0.5:
                scores.append(_structure(found.first[window][kept], found.second[window][kept]))
    return np.array(scores)


def _structure(first: np.ndarray, second: np.ndarray, constant: float = 0.1) -> float:
    """The structure term of SSIM (Wang 2004, eq. 10) of standardized pictures: a shifted level is a difference too.

    So fading, grayscale and a tint do not count. The constant keeps empty windows (plain sky) from measuring noise.
    """
    covariance = np.mean((first - first.mean()) * (second - second.mean()))
    level = (first.mean() - second.mean()) ** 2
    return float((2 * covariance + constant) / (first.var() + second.var() + level + constant))
