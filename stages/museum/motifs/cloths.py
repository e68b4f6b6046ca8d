"""Hanging cloth."""

from __future__ import annotations

import numpy as np

from stages.museum.palettes import Palette
from stages.museum.shapes import Rng, Shape, spline


def cloth(
    left: tuple[float, float],
    right: tuple[float, float],
    hem: float,
    p: Palette,
    rng: Rng,
    color: np.ndarray | None = None,
    sag: float = 0.25,
    base: float | None = None,
) -> list[Shape]:
    """A cloth hung from two points: a sagging upper edge, folds, a wavy hem."""
    (x0, y0), (x1, y1) = left, right
    span = x1 - x0
    t = np.linspace(0, 1, 14)
    top = np.stack([x0 + span * t, y0 + (y1 - y0) * t + sag * abs(span) * 4 * t * (1 - t)], 1)
    t = np.linspace(0, 1, 16)
    wave = 0.05 * np.sin(t * rng.uniform(9, 14) + rng.uniform(0, 6)) + rng.normal(0, 0.02, 16)
    flare = 0.10 * span
    lift = 0.10 * np.sin(np.pi * t) * rng.uniform(-1, 1) + wave
    bottom = np.stack([x0 - flare + (span + 2 * flare) * t, hem - abs(span) * lift], 1)
    pts = np.concatenate([spline(top, False, 4), spline(bottom[::-1], False, 4)])
    tint = color if color is not None else p.cloth
    folds = (rng.uniform(8, 13), rng.uniform(0, 6.28), x0, x1)
    return [Shape(pts, tint, mode="folds", folds=folds, radius=0.03, bulge=0.7, drop=0.012, base=base, detail=0.75)]
