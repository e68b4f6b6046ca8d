"""What a file shows beside the picture that is compared: another picture, a plain wall, or the rest of the work.

A scan of two works is neither of them; a work photographed on a wall is that work.
"""

import cv2
import numpy as np

from stages.dedupe import views

LEAST = 0.15  # of a side, that another picture takes
GAP = 0.1  # largest share of a side between two pictures
EVEN = 0.9  # share of a line that must be even between them
# Share of another picture's pixels that are that many gray levels off the gap's: of text, a chart, a wall fewer are.
OTHER, OFF = 0.5, 48
FRAME = 0.2  # of the picture's side, which a frame and its shadow may take
AROUND = 0.05  # of the file, that must be left beyond the frame to be a wall
WALL_STEP = 6.0  # gray levels from pixel to pixel of a thumbnail that a plain wall does not have
WALL = 0.04  # largest share of a plain wall's pixels that have it all the same


def is_plain_around(picture: np.ndarray, box: tuple[float, float, float, float]) -> bool:
    """Whether beyond the box (left, top, right, bottom, in pixels) and a frame there is a plain wall or page.

    `picture` is gray, uint8 [H, W].
    """
    left, top, right, bottom = box
    frame = FRAME * (right - left), FRAME * (bottom - top)
    around = np.ones(picture.shape, bool)
    inner = [left - frame[0], top - frame[1], right + frame[0], bottom + frame[1]]
    left, top, right, bottom = (max(0, round(side)) for side in inner)
    around[top:bottom, left:right] = False
    if around.mean() < AROUND:
        return False
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
    return bool((np.hypot(*np.gradient(smooth))[around] > WALL_STEP).mean() < WALL)


def beside(picture: np.ndarray, box: tuple[float, float, float, float]) -> bool:
    """Whether beyond a side of the box (left, top, right, bottom, in pixels) comes a gap and then another picture.

    `picture` is gray, uint8 [H, W].
    """
    height, width = picture.shape
    left, top = (round(max(0.0, side)) for side in box[:2])
    right, bottom = min(width, round(box[2])), min(height, round(box[3]))
    across, down = picture[top:bottom], picture[:, left:right]
    return any(
        _gap_and_picture(lines, whole)
        for lines, whole in (
            (across[:, :left][:, ::-1].T, width),
            (across[:, right:].T, width),
            (down[:top][::-1], height),
            (down[bottom:], height),
        )
    )


def _gap_and_picture(lines: np.ndarray, whole: int) -> bool:
    """Lines [N, L] outwards from the box; `whole` is how many the file has."""
    if len(lines) < LEAST * whole or not lines.shape[1]:
        return False
    near = lines[: max(2, round(GAP * whole))].astype(np.int16)
    levels = np.median(near, axis=1)
    even = (np.abs(near - levels[:, None]) <= views.LEVELS).mean(1) >= EVEN
    if not even.any():
        return False
    last = len(even) - 1 - int(even[::-1].argmax())
    rest = lines[last + 1 :].astype(np.int16)
    if len(rest) < LEAST * whole:
        return False
    return bool((np.abs(rest - levels[last]) > OFF).mean() > OTHER)
