"""Eggs, whole and broken open."""

from __future__ import annotations

import numpy as np

from stages.museum.motifs.materials import BONE, INK
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse


def egg(f: Frame, p: Palette, rng: Rng, inside: Palette | None = None, tilt: float = 0.0) -> list[Shape]:
    """An egg of height 1 on the ground; broken open, it shows another sky and ground, those of `inside`."""
    s = f.size
    body = ellipse(f.x, f.y - 0.49 * s, 0.37 * s, 0.5 * s, tilt, 0.13, 56)
    shapes = [Shape(body, mix(BONE, p.light, 0.3), gloss=0.16, bulge=1.15, bump=0.12 * s, scale=0.5, detail=0.75)]
    if inside is None:
        return shapes
    n = 21
    a = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform(-0.1, 0.1, n)
    r = 0.165 * (1 + 0.12 * np.sin(2 * a + rng.uniform(0, 6)) + rng.normal(0, 0.085, n))
    x0, y0 = rng.uniform(-0.07, 0.07), 0.58
    rim = np.stack([x0 + 1.15 * r * np.cos(a), y0 + r * np.sin(a)], 1)
    hole = (rim - (x0, y0)) * 0.90 + (x0 - 0.012 * f.sign, y0 - 0.008)
    for k in rng.permutation(n)[:5]:  # cracks run on from the corners
        reach = np.linspace(1.0, rng.uniform(1.3, 1.9), 5)[:, None]
        crack = (x0, y0) + (rim[k] - (x0, y0)) * reach + rng.normal(0, 0.010, (5, 2))
        shapes.append(Shape(f(crack), mix(INK, BONE, 0.15), mode="line", width=0.005 * s, detail=0.95))
    hills = np.array([(-0.9, 0), (-0.5, 0.10), (-0.2, 0.03), (0.2, 0.16), (0.5, 0.02), (0.9, 0)])
    hills = hills * (0.12, 0.35) + (x0, y0 - 0.035)
    return [
        *shapes,
        Shape(f(rim), mix(BONE, p.light, 0.5), radius=0.02 * s, shadow=False, drop=0.006 * s, detail=0.95),
        Shape(f(hole), inside.view, mode="window", shadow=False, detail=0.95),
        Shape(f(hills), mix(inside.rock, inside.haze, 0.4), mode="flat", shadow=False, detail=0.95),
    ]
