"""The second look at the colors of two files that agree in structure: scans of one work, or colorways?

Scans differ by a cast (each channel weaker or stronger, and darker or lighter), fade, lose all color or are toned like
old prints. A series in other colors, as Albers and Warhol painted them, differs in ways that no light makes.
"""

import numpy as np

GRAY = 6.0  # mean difference of a pixel's channels below which a picture has no color
TONED = 7.0  # levels by which the channels may miss a line over the brightness in a picture of one tone
PAPER = (4.0, 70.0)  # red against blue of toned prints, levels
CAST = (
    1.1  # of the logarithms of what a light does to the channels: how differently, and how dark it leaves the lightest
)
BLACK = {True: 55.0, False: 75.0}  # levels by which black's channels may differ then, where both have one tone or not
REST = 0.35  # share of the colors that a cast may leave unexplained
FLAT = 4.0  # levels of deviation below which a channel tells no factor


def one_work(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the colors float [P, 3] at the same P places of two pictures can be those of one work."""
    if min(np.ptp(colors, axis=1).mean() for colors in (first, second)) < GRAY:
        return True
    toned = [_is_toned(colors) for colors in (first, second)]
    if toned[0] != toned[1]:
        print_ = (first, second)[toned.index(True)]
        warmth = float((print_[:, 0] - print_[:, 2]).mean())
        if PAPER[0] <= warmth <= PAPER[1]:
            return True
    lighter, darker = sorted((first, second), key=lambda colors: -float(colors.mean()))
    cast, black, rest = measure(lighter, darker)
    return cast <= CAST and black <= BLACK[all(toned)] and rest <= REST


def measure(lighter: np.ndarray, darker: np.ndarray) -> tuple[float, float, float]:
    """The cast that makes one of the other, the difference of its blacks, and the share that it does not explain."""
    spread = np.stack([lighter.std(0), darker.std(0)])
    known = spread.min(0) >= FLAT
    factors = np.log(spread[1] / np.maximum(spread[0], 1e-3) + 1e-6)
    factors = np.where(known, factors, np.median(factors[known]) if known.any() else 0.0)
    black = darker.mean(0) - np.exp(factors) * lighter.mean(0)
    left = [_rest(lighter, darker), _rest(darker, lighter)]
    return float(np.ptp(factors) + abs(factors.max())), float(np.ptp(black)), min(left)


def _rest(one: np.ndarray, other: np.ndarray) -> float:
    """The share of the other picture's colors that the one, channel by channel with the brightness, leaves over."""
    brightness = one.mean(1)
    color = other - other.mean(1, keepdims=True)
    missed = np.empty_like(color)
    for channel in range(3):
        basis = np.stack([one[:, channel], brightness, np.ones(len(one))], 1)
        weights, *_ = np.linalg.lstsq(basis, color[:, channel], rcond=None)
        missed[:, channel] = color[:, channel] - basis @ weights
    return float((missed.std() + 1e-6) / (color.std() + FLAT))


def _is_toned(colors: np.ndarray) -> bool:
    """Whether a picture has one tone: each channel is a line over the brightness."""
    brightness = colors.mean(1)
    basis = np.stack([brightness, np.ones(len(colors))], 1)
    weights, *_ = np.linalg.lstsq(basis, colors, rcond=None)
    return float(np.abs(colors - basis @ weights).mean()) < TONED
