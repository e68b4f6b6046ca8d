"""The comparison of a candidate pair: align the two thumbnails, compare them place by place, and decide."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Literal

import cv2
import numpy as np

from stages.dedupe import alignment, colors, light, neighbors, overlay, texture, views
from stages.dedupe.hashing import Fingerprint
from stages.dedupe.windows import windows

EDGE = 3  # pixels of the overlap's border left out: resampling, frames
SHARE = 0.5  # of each picture that must be seen in the other: with less, one is a detail of the other
AMPLE = 0.75  # share beyond which nothing else can be in a file than what surrounds a work
WHOLE, ON_WALL = 0.9, 0.15  # of the work and of the file, that are seen when it was photographed on a wall
EASE = 0.2  # correlation less is asked without the light (measured: copies 0.5 and more, look-alikes 0.1 and less)
MARKED = 0.85  # correlation asked of what a mark leaves (measured on 60 marks: 0.93 and more)
BLUR = 0.8  # standard deviation of what a pixel averages, in pixels
FAR = 1e4  # pixels, beyond every thumbnail
SMALLEST = 24  # pixels of the shorter side below which nothing is compared


@dataclass(frozen=True)
class Verdict:
    """What two pictures are to each other, and why."""

    # part: the first is a detail of the second; whole: the other way
    kind: Literal["same", "part", "whole", "different"]
    # correlation in the window where they are least alike, -1..1
    score: float
    # how they were aligned: view | features | perspective; "flat": without the light on them; "mark": but for a mark;
    # "mirrored": one is the other's mirror image;
    # fine: they agree from afar, but not in what is fine;
    # color: they agree in structure, but no light makes the one's colors of the other's
    check: str


@dataclass(frozen=True)
class Overlap:
    """Two aligned pictures where they overlap, each of zero mean and unit variance there."""

    first: np.ndarray  # float32 [H, W]
    second: np.ndarray  # float32 [H, W]
    inside: np.ndarray  # bool [H, W]
    gray: tuple[np.ndarray, np.ndarray]  # the two, [H, W] each, in gray levels
    shares: tuple[float, float]  # of each picture that the other one shows
    warp: np.ndarray  # float32 [3, 3], from the first one's pixels to the second's
    beside: bool = False  # whether one of the files shows another picture too
    on_wall: bool = False  # whether one of them shows the other one whole, on a plain wall


NOTHING = Verdict("different", -1.0, "view")
# The alignments that are tried, cheap ones first; "flat" compares without the light.
CHECKS = ("view", "features", "perspective", "flat view", "flat perspective")


def verify(first: Fingerprint, second: Fingerprint, view_first: int, view_second: int, correlation: float) -> Verdict:
    """Compare a pair that hashes alike in two views; `correlation` is the least that counts as the same picture.

    Dearer alignments are asked for only where the cheaper ones do not convince. What agrees is looked at once more in
    color, where the files are there.
    """
    one, two = (_shown(item, view) for item, view in ((first, view_first), (second, view_second)))
    as_hashed = first.boxes[view_first], second.boxes[view_second]
    borderless = first.boxes[_borderless(view_first)], second.boxes[_borderless(view_second)]
    laid, found, box = None, NOTHING, as_hashed[0]
    matching = cache(partial(alignment.matches, _cut(one, borderless[0]), two))  # once for all that need them
    for check in CHECKS:
        boxes = as_hashed if check.endswith("view") else borderless
        for further in overlaps(_cut(one, boxes[0]), two, boxes[1], check, matching):
            other = decide(further, check, correlation)
            if (other.kind != "different", other.score) > (found.kind != "different", found.score):
                laid, found, box = further, other, boxes[0]
        if found.kind != "different":
            break
    if found.kind == "same" and laid and not _colors_agree(laid, first, second, view_first, view_second, box):
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
    two = cv2.warpPerspective(two, laid.warp, laid.inside.shape[::-1], flags=flags)
    return colors.one_work(*(picture[laid.inside].astype(np.float64) for picture in (one, two)))


def _borderless(view: int) -> int:
    """The view without borders of the same picture, mirrored like the given one."""
    return view - view % views.COUNT + views.BORDERLESS


def _shown(item: Fingerprint, view: int) -> np.ndarray:
    """The thumbnail, mirrored if the view is."""
    return np.ascontiguousarray(item.thumbnail[:, ::-1]) if view >= views.COUNT else item.thumbnail


def _cut(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(views.cut(picture, box))


def overlaps(
    first: np.ndarray,
    second: np.ndarray,
    box_second: np.ndarray,
    check: str,
    matching: Callable[[], alignment.Matches | None],
) -> list[Overlap]:
    """Align a view of the first thumbnail uint8 [H, W] with the second one, in a way of CHECKS; none where that fails.

    `matching` gives what features of the two match. Without the light in two ways: a gutter needs each column leveled,
    which another gamma does not bear.
    """
    box = views.pixels(second.shape, box_second)
    warp = None
    if min(*first.shape, *second.shape) >= SMALLEST:
        warp = _aligned(first, second, box, check, matching)
    if warp is None:
        return []
    size, flags = first.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = np.zeros(second.shape, np.float32)
    seen[box[1] : box[3], box[0] : box[2]] = 1
    inside = cv2.warpPerspective(seen, warp, size, flags=flags) > 0.99
    shown = cv2.warpPerspective(np.ones(first.shape, np.float32), warp, second.shape[::-1])
    shares = float(inside.mean()), float((shown * seen).sum() / seen.sum())
    inside = cv2.erode(np.pad(inside.astype(np.uint8), 1), np.ones((2 * EDGE + 1,) * 2))[1:-1, 1:-1] > 0
    if inside.sum() < SMALLEST**2:
        return []
    edge = cv2.BORDER_REPLICATE if check.startswith("flat") else cv2.BORDER_CONSTANT
    moved = cv2.warpPerspective(second.astype(np.float32), warp, size, flags=flags, borderMode=edge)
    first_as_sharp = _as_sharp(first, warp)
    pairs = [(first_as_sharp, moved)]
    if check.startswith("flat"):
        pairs = [
            tuple(map(light.flattened, pair))
            for pair in ((first_as_sharp, moved), (first_as_sharp, light.leveled(moved, first_as_sharp)))
        ]
    around = _around(first, second, warp, shares) if min(shares) < AMPLE else {}
    gray = (first_as_sharp, moved)
    return [
        Overlap(standard(one, inside), standard(two, inside), inside, gray, shares, warp, **around)
        for one, two in pairs
    ]


def _aligned(
    first: np.ndarray,
    second: np.ndarray,
    box: tuple[int, int, int, int],
    check: str,
    matching: Callable[[], alignment.Matches | None],
) -> np.ndarray | None:
    """The map [3, 3] from the first picture to the second, or to a box of it; None where there is none."""
    if check.endswith("view"):
        warp = alignment.by_view(first, second, box)
    elif (sides := matching()) is None:
        warp = None
    elif check == "features":
        warp = alignment.by_features(sides)
    else:
        warp = alignment.by_perspective(sides, first.shape)
    if warp is None:
        return None
    pair = (first, second)
    if check.startswith("flat"):
        pair = (light.flattened(picture, light.COARSE) for picture in pair)
    warp = alignment.refined(*(picture.astype(np.float32) for picture in pair), warp)
    if warp is None:
        return None
    warp = alignment.perspective(warp)
    return warp if alignment.is_a_view(warp, first.shape) else None


def _as_sharp(first: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """The first picture as blurred as the second one becomes when its pixels are enlarged to the first one's."""
    scale = float(np.sqrt(abs(np.linalg.det(warp[:2, :2]))))
    if scale >= 1:
        return first
    return cv2.GaussianBlur(first.astype(np.float32), (0, 0), BLUR * np.sqrt(1 / scale**2 - 1))


def _around(first: np.ndarray, second: np.ndarray, warp: np.ndarray, shares: tuple[float, float]) -> dict[str, bool]:
    """What an Overlap says of the rest of the larger picture."""
    larger, box = _larger(first, second, warp, shares)
    on_wall = max(shares) >= WHOLE and min(shares) >= ON_WALL and neighbors.is_plain_around(larger, box)
    return {"beside": neighbors.beside(larger, box), "on_wall": on_wall}


def _larger(
    first: np.ndarray, second: np.ndarray, warp: np.ndarray, shares: tuple[float, float]
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """The picture of which less is seen in the other, and where that lies in it: left, top, right, bottom."""
    place = np.linalg.inv(warp) if shares[0] < shares[1] else warp
    larger, other = (first, second) if shares[0] < shares[1] else (second, first)
    height, width = other.shape
    corners = place @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float32)
    x, y = np.clip(np.nan_to_num(corners[:2] / corners[2]), -FAR, FAR)  # a corner can lie beyond the horizon
    return larger, (x.min(), y.min(), x.max(), y.max())


def standard(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """A picture [H, W], slightly blurred, of zero mean and unit variance inside; what is nearly even stays so."""
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    values = picture[inside]
    return (picture - values.mean()) / max(values.std(), 0.25)


def decide(found: Overlap, check: str, correlation: float) -> Verdict:
    """What the comparison of two aligned pictures says; one may bear a mark, where the light is compared too."""
    flat = check.startswith("flat")
    if flat:
        correlation -= EASE
    scores = window_scores(found)
    score = float(scores.min(initial=1.0))
    if score < correlation:
        unmarked = (
            _unmarked(found) if not flat and np.median(scores) >= MARKED else -1.0
        )  # a mark leaves most windows alone
        if unmarked < max(correlation, MARKED):
            return Verdict("different", score, check)
        score, check = unmarked, f"{check} mark"
    if not texture.agrees(*found.gray, found.inside):
        return Verdict("different", score, f"{check} fine")
    if found.on_wall or (min(found.shares) >= SHARE and not found.beside):
        return Verdict("same", score, check)
    return Verdict("part" if found.shares[0] > found.shares[1] else "whole", score, check)


def _unmarked(found: Overlap) -> float:
    """The correlation in the worst window without the pixels of a mark; -1 where a mark is no explanation."""
    clean = overlay.without_mark(found.first, found.second, found.inside)
    if clean is None or clean.sum() < SHARE * found.inside.sum():
        return -1.0
    return float(window_scores(replace(found, inside=clean)).min(initial=1.0))


def window_scores(found: Overlap) -> np.ndarray:
    """How alike the two pictures are in each window that is mostly inside the overlap, -1..1."""
    return np.array(
        [
            _structure(found.first[window][kept], found.second[window][kept])
            for window, kept in windows(found.inside, found.inside)
        ]
    )


def _structure(first: np.ndarray, second: np.ndarray, constant: float = 0.1) -> float:
    """The structure term of SSIM (Wang 2004, eq. 10) of standardized pictures: a shifted level is a difference too.

    So fading, grayscale and a tint do not count. The constant keeps empty windows (plain sky) from measuring noise.
    """
    levels = first.mean(), second.mean()
    one, two = first - levels[0], second - levels[1]
    variances = (one * one).mean() + (two * two).mean()
    return float((2 * (one * two).mean() + constant) / (variances + (levels[0] - levels[1]) ** 2 + constant))
