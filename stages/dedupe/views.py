"""Which parts of a picture are hashed, its views.

They are the whole, what is left without borders, and windows that undo frames, captions and crops.
"""

import cv2
import numpy as np

LEVELS = 8  # gray levels by which the pixels of an even line may differ from its median
EVEN = 0.7  # share of a line that must be even: the corners of a frame belong to the frame's other sides
BORDER = 0.25  # largest share of a side that can be border
STRIP = 0.3  # share of a caption's line that is paper and not text (measured: 0.36 and more)
# Shares of the side left away at (left, top, right, bottom): frames that are not even, and windows that a crop may have
# left.
FRAMES = tuple((share,) * 4 for share in (0.03, 0.06, 0.09))
CROPS = tuple(
    (left, top, lost - left, lost - top)
    for lost, places in ((0.05, (0, 0.05)), (0.10, (0, 0.05, 0.10)))
    for left in places
    for top in places
    if (left, top) != (0.05, 0.05) or lost == 0.05
)
BORDERLESS = 1  # the view without letterbox bars and even frames
OUTER = 3  # the first views show all that belongs to the picture: whole, without borders, without caption
COUNT = OUTER + len(FRAMES) + len(CROPS)


def boxes(gray: np.ndarray) -> np.ndarray:
    """The views of a picture [H, W] as (left, top, right, bottom) shares left away: float32 [COUNT, 4]."""
    return np.array([(0, 0, 0, 0), _borders(gray), _caption(gray), *FRAMES, *CROPS], np.float32)


def cut(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The part of a picture [H, W] that a view shows."""
    left, top, right, bottom = pixels(picture.shape[:2], box)
    return picture[top:bottom, left:right]


def pixels(shape: tuple[int, ...], box: np.ndarray) -> tuple[int, int, int, int]:
    """A view of a picture [H, W] as pixels (left, top, right, bottom), the last two exclusive."""
    height, width = shape
    left, top, right, bottom = (float(share) for share in box)
    return round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)


def mirrored(box: np.ndarray) -> np.ndarray:
    """The same part of the picture that is flipped left to right."""
    return box[..., [2, 1, 0, 3]]


def _borders(gray: np.ndarray) -> tuple[float, float, float, float]:
    """Letterbox bars and frames: even lines at two opposite sides, line by line as bright as each other."""
    above, beside = _even_pairs(gray), _even_pairs(gray.T)
    return beside, above, beside, above


def _even_pairs(lines: np.ndarray) -> float:
    """The share of even lines at the beginning that have an equal at the end."""
    if not _alike(lines, 1).all():  # most pictures have no borders: two lines tell
        return 0.0
    return _leading(_alike(lines, int(BORDER * len(lines)))) / len(lines)


def _alike(lines: np.ndarray, count: int) -> np.ndarray:
    """Which of the first `count` lines are even and as bright as their even counterparts at the end: bool [count]."""
    both = np.concatenate([lines[:count], lines[::-1][:count]]).astype(np.int16)
    level = np.median(both, axis=1)
    even = (np.abs(both - level[:, None]) <= LEVELS).mean(1) >= EVEN
    return even[:count] & even[count:] & (np.abs(level[:count] - level[count:]) <= LEVELS)


def _caption(gray: np.ndarray) -> tuple[float, float, float, float]:
    """A strip below: lines that are mostly as bright as the lowest one, which is even."""
    lines, level = gray[::-1], np.median(gray[-1])
    if _paper(lines[:1], level) < EVEN:  # most pictures have no caption: one line tells
        return 0.0, 0.0, 0.0, 0.0
    return 0.0, 0.0, 0.0, min(_leading(_paper(lines, level) >= STRIP) / len(lines), BORDER)


def _paper(lines: np.ndarray, level: float) -> np.ndarray:
    """The share of each line that is as bright as the paper: float [H]."""
    return (np.abs(lines - level) <= 2 * LEVELS).mean(1)


def _leading(true: np.ndarray) -> int:
    """How many entries at the beginning are true."""
    return len(true) if true.all() else int(true.argmin())


def resized(picture: np.ndarray, edge: int) -> np.ndarray:
    """A picture [H, W] or [H, W, 3] made smaller to a long edge of `edge` pixels by averaging areas."""
    scale = edge / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = tuple(max(1, round(length * scale)) for length in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
