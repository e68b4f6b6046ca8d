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
BORNE = (0.0015, 0.2)  # share of the pixels that a mark changes (measured: a frame laid half a pixel beside 0.0011)
MORE_EDGES = 2.0  # times the edges of the other picture that a mark has


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


def bearer(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> int | None:
    """Which of two aligned, standardized pictures of one work bears a mark, 0 or 1; None: no one.

    A dark or solid mark has more edges where they differ, a light and thin one is what `without_mark` leaves out.
    """
    if inside.mean() < 0.2:
        return None
    change = np.abs(np.where(inside, second - _leveled(first, second, inside), 0))
    place = cv2.morphologyEx((change > 2 * CHANGE).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    if not BORNE[0] <= place[inside].mean() <= BORNE[1]:
        return None
    edges = [np.hypot(*np.gradient(cv2.GaussianBlur(picture, (0, 0), 1.5))) for picture in (first, second)]
    here, around = ([float(item[where].mean()) for item in edges] for where in (place, inside & ~place))
    more = (here[1] / max(here[0], 1e-6)) / max(around[1] / max(around[0], 1e-6), 1e-6)
    if max(more, 1 / max(more, 1e-6)) > MORE_EDGES:
        return int(more > 1)
    light = [_is_light_mark(*pair, inside) for pair in ((second, first), (first, second))]
    return light.index(True) if sum(light) == 1 else None


def _is_light_mark(clean: np.ndarray, other: np.ndarray, inside: np.ndarray) -> bool:
    change = np.where(inside, other - _leveled(clean, other, inside), 0)
    return bool(np.mean(change[inside] > 2 * CHANGE) > BORNE[0]) and _is_mark(change, inside)


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
