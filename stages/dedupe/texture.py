"""What is fine in two aligned thumbnails: copies of one work share it, smooth things that look alike from afar do not.

Two stones or potatoes on black have the same light and nearly the same outline, which is all that a correlation of
whole windows sees of them.
"""

import cv2
import numpy as np

from stages.dedupe.windows import windows

FINE, SHARP = 1.5, 0.8  # pixels of a thumbnail: what is fine is smaller than the one, noise smaller than the other
# Gray levels of contrast from which on there is something to compare. Less, and the noise of a plain ground would count
# (4 levels at 400 pixels do not); more, and nothing would be left of a faintly grained body but its outline, and round
# outlines correlate (at 0.6, four pairs of 300 bodies passed).
LEAST = 0.5
QUANTILE = 0.25  # of the windows that may disagree: a mark, a caption, a reflection
# The least correlation of the others (measured: different bodies on black 0.38 and less, copies 0.40 and more).
AGREED = 0.4


def agrees(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> bool:
    """Whether two aligned gray pictures [H, W] have the same fine structure, where both have any.

    `inside` bool [H, W] is where they overlap. Where one of them is even there is nothing to compare.
    """
    (one, contrast), (two, other) = _fine(first), _fine(second)
    busy = inside & (np.minimum(contrast, other) > LEAST)
    found = [np.corrcoef(one[window][kept], two[window][kept])[0, 1] for window, kept in windows(inside, busy)]
    return not found or bool(np.quantile(found, QUANTILE) >= AGREED)


def _fine(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is finer than FINE, at the same strength everywhere, and how strong it was, in gray levels."""
    values = picture.astype(np.float32)
    off = cv2.GaussianBlur(values - cv2.GaussianBlur(values, (0, 0), FINE), (0, 0), SHARP)
    contrast = np.sqrt(cv2.GaussianBlur(off**2, (0, 0), 2 * FINE))
    return off / (contrast + LEAST / 2), contrast
