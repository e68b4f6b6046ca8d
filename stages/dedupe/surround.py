"""Where the work ends in a file: what another file of it shows, and whether what lies beyond is surround or work.

A file that shows more than another one has a frame, a page or bars around the work, or the other one is cropped. At the
edge of what both show a surround begins with a step, all along that line; a work goes on.
"""

from typing import NamedTuple

import cv2
import numpy as np

from stages.dedupe import alignment, views

MORE = 0.012  # share of a side beyond which one file shows more than the other
STEP = 4.5  # times the strong steps inside the picture that a step at its edge must have (captions: 6 and more)
AROUND = 1.15  # likewise on average of three or four sides: what is around a work is all around it
BLURRED = 0.4  # of the roughness inside, below which what is outside is blurred
MARGIN = 14  # pixels around the smaller picture that are looked at
REACH = 3  # pixels around the edge in which the step is looked for
EVEN = 3.0  # gray levels of deviation below which bars are even
ODD = 0.02  # share of a line of a bar that may look otherwise
ALIKE = 0.6  # correlation of two files that are laid onto each other rightly
Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of width and height, from the upper left
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def placed(first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """The affine map [2, 3] from the pixels of the first picture float32 [H, W] to the second's; None where unsure."""
    bytes_of = [picture.astype(np.uint8) for picture in (first, second)]
    boxes = [views.boxes(picture)[views.BORDERLESS] for picture in bytes_of]
    inner = [np.array(views.pixels(picture.shape, box)) for picture, box in zip(bytes_of, boxes, strict=True)]
    scale = (inner[1][2:] - inner[1][:2]) / np.maximum(inner[0][2:] - inner[0][:2], 1)
    by_borders = np.concatenate([np.diag(scale), (inner[1][:2] - scale * inner[0][:2])[:, None]], 1).astype(np.float32)
    best, found = ALIKE, None
    matches = alignment.matches(*bytes_of)
    for warp in (alignment.by_features(matches) if matches else None, by_borders):
        warp = None if warp is None else alignment.refined(first, second, warp)
        if warp is not None and (score := _correlation(first, second, warp)) > best:
            best, found = score, warp
    return found


def _correlation(first: np.ndarray, second: np.ndarray, warp: np.ndarray) -> float:
    size, flags = first.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(second, warp, size, flags=flags)
    inside = cv2.warpAffine(np.ones_like(second), warp, size, flags=flags) > 0.99
    if inside.mean() < 0.1 or moved[inside].std() < 1 or first[inside].std() < 1:
        return -1.0
    return float(np.corrcoef(first[inside], moved[inside])[0, 1])


def outline(warp: np.ndarray, of: tuple[int, ...], within: tuple[int, ...]) -> Box:
    """Where the edges of a picture of shape `of` lie in the one of shape `within` onto which `warp` lays it."""
    height, width = of
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ warp[:, :2].T + warp[:, 2]
    x, y = corners[:, 0] / within[1], corners[:, 1] / within[0]
    return (float(x[[0, 2]].mean()), float(y[:2].mean()), float(x[[1, 3]].mean()), float(y[2:].mean()))


def ends(larger: np.ndarray, smaller: np.ndarray, warp: np.ndarray) -> list[bool]:
    """Whether the work ends at the left, top, right, bottom edge of the smaller picture, as the larger shows.

    `warp` lays the smaller one onto the larger. Where that shows nothing beyond an edge, nothing ends there.
    """
    height, width = smaller.shape
    shift = np.array([[1, 0, -MARGIN], [0, 1, -MARGIN], [0, 0, 1]], np.float32)
    moved, size = warp @ shift, (width + 2 * MARGIN, height + 2 * MARGIN)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(larger, moved, size, flags=flags)
    known = cv2.warpAffine(np.ones_like(larger), moved, size, flags=flags) > 0.99
    sides = [_side(laid, known, side) for side in range(4)]
    ended = [side is not None and (side.even or side.step >= STEP) for side in sides]
    for one, other in ((0, 2), (1, 3)):  # blurred bars come in pairs, a calm sky does not
        if (first := sides[one]) and (second := sides[other]) and first.blurred and second.blurred:
            ended[one] = ended[other] = True
    beyond = [side for side in sides if side is not None]
    pair = (ended[0] and ended[2]) or (ended[1] and ended[3])
    around = len(beyond) > 2 and (pair or np.mean([np.log(side.step + 1e-3) for side in beyond]) >= np.log(AROUND))
    return [side is not None and (end or bool(around)) for side, end in zip(sides, ended, strict=True)]


class Side(NamedTuple):
    """What a picture shows at an edge of a smaller one."""

    step: float  # against the strong steps inside
    even: bool  # beyond it there is one color
    blurred: bool  # beyond it nothing is sharp


def _side(laid: np.ndarray, known: np.ndarray, side: int) -> Side | None:
    """None where nothing is known beyond that edge."""
    lines, seen = (picture if side % 2 else picture.T for picture in (laid, known))
    if side >= 2:
        lines, seen = lines[::-1], seen[::-1]
    lines, seen = lines[:, MARGIN:-MARGIN], seen[:, MARGIN:-MARGIN]
    depth = int((seen.mean(1) > 0.9)[:MARGIN][::-1].argmin()) or MARGIN * bool(seen[0].mean() > 0.9)
    if depth < 2:
        return None
    outside, inside = lines[max(0, MARGIN - depth) : MARGIN - 1], lines[MARGIN + 2 : 2 * MARGIN]
    steps = _steps(lines, seen)
    peaks = np.array([steps[max(0, i - REACH) : i + REACH + 1].max() for i in range(len(steps))])
    usual = np.quantile(peaks[MARGIN + REACH : len(lines) // 2 + REACH], 0.8)
    step = float(peaks[MARGIN - 2] / max(usual, 1e-3))
    even = np.abs(outside - np.median(outside, axis=1, keepdims=True)).mean() < EVEN
    rough = [np.abs(np.diff(part, axis=1)).mean() for part in (outside, inside)]
    return Side(step, bool(even), bool(rough[0] < BLURRED * rough[1] and step > 0.8))


def _steps(lines: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The mean step between the lines i + 1 and i + 2, each with its neighbor, of what is seen of all four.

    Where the larger picture ends there is no step: what is not seen is no dark bar.
    """
    differences = np.abs(lines[2:-1] + lines[3:] - lines[:-3] - lines[1:-2]) / 2
    known = seen[2:-1] & seen[3:] & seen[:-3] & seen[1:-2]
    return np.where(known, differences, 0).sum(1) / np.maximum(known.sum(1), 1)


def bars(gray: np.ndarray, colors: np.ndarray) -> Box:
    """What one file alone tells: the box without even, colorless lines at its edges, which end with a step.

    A painted border has a color or its brushwork, and stays.
    """
    neutral = (np.ptp(colors, axis=2) < 12) & ((gray < 24) | (gray > 228))
    found = list(WHOLE)
    for side in range(4):
        lines, plain, shades = (picture if side % 2 else picture.swapaxes(0, 1) for picture in (gray, neutral, colors))
        if side >= 2:
            lines, plain, shades = lines[::-1], plain[::-1], shades[::-1]
        level = np.median(lines[0])
        bar = (np.abs(lines - level) <= EVEN * 2).mean(1) >= 1 - ODD
        bar &= plain.mean(1) >= 1 - ODD
        count = len(bar) if bar.all() else int(bar.argmin())
        if 2 <= count < 0.4 * len(lines) and _stepped(shades, count):
            found[side] = count / len(lines) if side < 2 else 1 - count / len(lines)
    return found[0], found[1], found[2], found[3]


def _stepped(lines: np.ndarray, count: int) -> bool:
    """Whether the first `count` lines [N, L, 3] end at once, rather than change little by little."""
    before, after = lines[max(0, count - REACH)], lines[count : count + REACH]
    return bool((np.abs(after - before).max((0, 2)) > EVEN * 2).mean() > ODD)
