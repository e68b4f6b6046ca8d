"""A watermark or a motif that came? Both change a place; a mark is light, thin, and leaves all around it alone.

A dark or solid mark counts as a motif: better a duplicate too many than two works in one.
"""

import cv2
import numpy as np

FIT_ROUNDS, FIT_SHARE = 6, 0.7  # the pictures' levels are fitted on the 70 % of the pixels that differ least
CHANGE = 0.25  # standard deviations by which a pixel must differ to be part of a mark
# Largest share of the pixels that may be darker by that (measured: marks 0.001, look-alikes 0.015 and more).
DARKER = 0.004
HEART = 0.5  # of the mark's strongest change: its strokes without their blurred borders
STROKE = 7  # pixels of a thumbnail: what holds a square of that side is solid
# Largest share of the pixels that may be solid (measured: marks 0; 5 of 60 pasted patches, half of them white, pass).
SOLID = 0.002


def without_mark(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> np.ndarray | None:
    """Where two aligned, standardized pictures [H, W] can be compared if one bears a mark.

    None if a mark does not explain how they differ.
    """
    for clean, other in ((first, second), (second, first)):
        change = np.where(inside, other - _leveled(clean, other, inside), 0)
        if _is_mark(change, inside):
            around = cv2.dilate((change > CHANGE).astype(np.uint8), np.ones((3, 3), np.uint8))
            return inside & (around == 0)
    return None


def _is_mark(change: np.ndarray, inside: np.ndarray) -> bool:
    if np.mean(change[inside] < -CHANGE) > DARKER:
        return False
    strongest = float(np.quantile(change[inside], 0.998))
    heart = (change > max(CHANGE, HEART * strongest)).astype(np.uint8)
    solid = cv2.morphologyEx(heart, cv2.MORPH_OPEN, np.ones((STROKE, STROKE), np.uint8))
    return solid.sum() <= SOLID * inside.sum()


def _leveled(clean: np.ndarray, other: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The clean picture with the levels that the other one has outside the mark.

    They are a line, fitted with the worst pixels left out.
    """
    x, y = clean[inside], other[inside]
    kept = np.ones(len(x), bool)
    for _ in range(FIT_ROUNDS):
        slope, offset = np.polyfit(x[kept], y[kept], 1)
        miss = np.abs(y - slope * x - offset)
        kept = miss <= max(float(np.quantile(miss, FIT_SHARE)), 0.05)
    return slope * clean + offset
