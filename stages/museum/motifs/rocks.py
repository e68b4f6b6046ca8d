"""Stones, boulders, mountains."""

from __future__ import annotations

import numpy as np

from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, blob, spline


def stones(f: Frame, p: Palette, rng: Rng, count: int = 5) -> list[Shape]:
    """A scatter of stones, the far ones first."""
    shapes: list[Shape] = []
    for depth in sorted(rng.uniform(-0.22, 0.22, count)):
        size = f.size * rng.uniform(0.06, 0.24) * (1 + depth)
        x, y = f.x + f.size * rng.uniform(-0.8, 0.8), f.y + depth * f.size * 0.6
        tint = mix(p.rock, p.ground[1], rng.uniform(0, 0.6)) * rng.uniform(0.9, 1.2)
        pts = blob(x, y - size * 0.30, size * 0.55, size * 0.36, rng)
        bump = 2.2 * size / 0.1
        shapes.append(Shape(pts, tint, bump=bump, grain="rock", scale=0.4, drop=0.03 * size, base=y, detail=0.7))
    return shapes


def boulder(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """One large weathered rock of height 1."""
    pts = blob(f.x, f.y - 0.47 * f.size, 0.58 * f.size, 0.5 * f.size, rng, 0.13, 9)
    s = f.size
    return [Shape(pts, p.rock, grain="rock", bump=0.4 + 4.5 * s, scale=1.3 * s, detail=0.65, radius=0.35 * s)]


def ridge(f: Frame, p: Palette, rng: Rng, wide: float, haze: float, steep: float = 0.5) -> list[Shape]:
    """A far mountain or a near cliff of height 1 and `wide` scene units: a broken outline with a faceted face."""
    x0, x1, base, height = f.x, f.x + wide, f.y, f.size
    n = 26
    t = np.linspace(0, 1, n)
    outline = np.sin(np.pi * np.clip(t, 0, 1)) ** steep
    noise = rng.normal(0, 1, n)
    noise = np.convolve(noise, [0.25, 0.5, 0.25], "same")
    tops = height * np.clip(outline * (0.85 + 0.28 * noise), 0.0, None)
    tops[[0, -1]] = 0
    xs = x0 + (x1 - x0) * (t + rng.normal(0, 0.006, n))
    upper = np.stack([xs, base - tops], 1)
    jag = spline(upper, closed=False, steps=3)
    pts = np.concatenate([jag, [[x1, base + 0.004], [x0, base + 0.004]]])
    mountain = Shape(
        pts,
        p.rock,
        radius=height * 0.5,
        bulge=0.6,
        grain="rock",
        bump=1.5 * height / 0.3 * (1 - 0.55 * haze) + 0.25,
        scale=0.35 + height * 1.6,
        detail=0.5 * (1 - haze) + 0.1,
        haze=haze,
        shadow=height > 0.12,
    )
    return [mountain]
