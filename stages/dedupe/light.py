"""Thumbnails without the light on them: a gradient, a glare, another gamma or a gutter then leaves what is painted."""

import cv2
import numpy as np

# Pixels of a thumbnail: light changes slower than that, what is painted faster. The coarser one is enough to align.
FINE, COARSE = 4.0, 8.0
# Gray levels of contrast that do not count: noise of a plain sky must not be made as strong as what is painted.
NOISE = 6.0
DARKEST = 4.0  # gray levels added before two pictures are divided


def flattened(picture: np.ndarray, scale: float = FINE) -> np.ndarray:
    """A picture [H, W] with the same brightness and contrast everywhere, float32, in gray levels."""
    values = picture.astype(np.float32)
    off = values - cv2.GaussianBlur(values, (0, 0), scale)
    contrast = np.sqrt(cv2.GaussianBlur(off**2, (0, 0), scale))
    return 128 + 40 * off / (contrast + NOISE)


def leveled(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A picture [H, W] with each column, then each row, as bright as that of another one, float32.

    By medians, so that the gutter of a book goes and a motif that came does not count.
    """
    for axis in (0, 1):
        gain = np.median((like + DARKEST) / (picture + DARKEST), axis=axis, keepdims=True)
        picture = (picture + DARKEST) * gain - DARKEST
    return picture
