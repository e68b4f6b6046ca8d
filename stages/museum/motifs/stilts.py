"""The endless thin legs of elephants and horses."""

from __future__ import annotations

import numpy as np

from stages.museum.shapes import Frame, Rng, Shape, limb


def stilt(
    f: Frame,
    hip: tuple[float, float],
    foot: float,
    legs: float,
    thick: float,
    color: np.ndarray,
    rng: Rng,
    shift: float,
    haze: float,
) -> Shape:
    """One leg: a thigh that dwindles to a stick with knots for joints; `shift` puts its foot higher, hence farther."""
    x, y = hip
    bow = rng.uniform(-0.05, 0.05)
    drop = np.array([0, 0.10, 0.24, 0.42, 0.60, 0.80, 0.97, 1.0])
    xs = x + (foot - x) * drop + bow * np.sin(np.pi * drop) * np.array([0, 1, 0.2, 1.4, -0.8, 0.8, 0, 0])
    ys = y - (y + legs - shift) * drop
    radii = np.array([1.0, 0.74, 0.34, 0.30, 0.17, 0.20, 0.11, 0.11, 0.13, 0.085, 0.08, 0.075, 0.16, 0.19]) * thick
    outline = f(limb(np.stack([xs, ys], 1), radii, steps=6))
    base = f.y - shift * f.size
    return Shape(outline, color, bulge=1.1, base=base, detail=0.95, haze=haze, radius=thick * f.size)
