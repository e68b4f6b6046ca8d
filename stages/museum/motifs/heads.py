"""Heads of stone: a mountain that is a face, and a colossus."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import INK
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, spline

# A face in profile that looks upwards: x runs from the crown to the chin. The sleeper has it, too.
PROFILE = [
    *[(0.02, 0.36), (0.05, 0.55), (0.16, 0.71), (0.30, 0.785), (0.40, 0.80)],  # forehead
    *[
        (0.445, 0.765),
        (0.49, 0.80),
        (0.545, 0.885),
        (0.59, 0.945),
        (0.625, 0.94),
        (0.642, 0.875),
        (0.648, 0.815),
    ],  # nose
    *[(0.675, 0.835), (0.70, 0.825), (0.712, 0.785), (0.735, 0.815), (0.765, 0.80)],  # lips
    *[(0.785, 0.755), (0.825, 0.785), (0.87, 0.765), (0.895, 0.69), (0.905, 0.60)],  # chin
]


def face_ridge(f: Frame, p: Palette, rng: Rng, haze: float = 0.3) -> list[Shape]:
    """A mountain that is also a face looking upwards; height about 1."""
    top = np.array(PROFILE) * (2.4, 1.06) - (1.1, 0.0)
    top[:, 1] += rng.normal(0, 0.005, len(top))
    foot = [(1.35, 0.34), (1.75, 0.20), (2.3, 0.0), (-2.0, 0.0), (-1.6, 0.14), (-1.2, 0.22)]
    pts = f(spline(np.concatenate([top, foot]), steps=4))
    pts[:, 1] = np.minimum(pts[:, 1], f.y + 0.003)
    x, y = f.point(-0.05, 0.66)
    s = f.size
    dents = [(x, y, 0.12 * s, 0.08 * s, -0.05 * s), (x + f.sign * 0.5 * s, y, 0.2 * s, 0.2 * s, 0.04 * s)]
    rock = partial(Shape, radius=0.55 * s, bulge=0.7, grain="rock", bump=0.4 + 1.1 * s, scale=0.3 + 0.9 * s)
    return [rock(pts, p.rock, dents=dents, haze=haze, detail=0.75)]


def stone_head(f: Frame, p: Palette, rng: Rng, hollow: bool = True) -> list[Shape]:
    """A colossal head of stone in profile, standing in the plain, broken open behind."""
    s = f.size
    face = np.array([(y - 0.45, 1.04 - x) for x, y in PROFILE])
    neck = [(0.07, 0.06), (0.12, -0.02), (-0.22, -0.02), (-0.26, 0.2)]
    back = [*neck, (-0.36, 0.40), (-0.44, 0.62), (-0.38, 0.86), (-0.22, 0.99)]
    outline = f(spline(np.concatenate([face, back]), steps=5))
    stone = mix(p.rock, p.cloth, rng.uniform(0.35, 0.8))
    dents = [
        f.dent(0.23, 0.60, 0.08, 0.055, -0.035),
        f.dent(0.22, 0.585, 0.045, 0.028, 0.045),
        f.dent(0.16, 0.44, 0.10, 0.08, 0.03),
        f.dent(0.0, 0.28, 0.25, 0.05, -0.03),
        f.dent(0.25, 0.30, 0.05, 0.012, -0.018),
    ]
    shapes = [
        Shape(outline, stone, radius=0.30 * s, dents=dents, bump=0.5 + 0.9 * s, grain="rock", scale=0.7, detail=0.85)
    ]
    lid = spline([(0.155, 0.595), (0.20, 0.572), (0.26, 0.575), (0.285, 0.59)], False, 5)
    mouth = spline([(0.335, 0.328), (0.27, 0.318), (0.22, 0.305)], False, 5)
    for curve, width in ((lid, 0.010), (mouth, 0.009)):
        shapes.append(Shape(f(curve), mix(INK, stone, 0.25), mode="line", width=width * s, detail=1.0))
    ear = [(-0.06, 0.60), (-0.10, 0.68), (-0.03, 0.72), (0.02, 0.64), (-0.01, 0.55), (-0.05, 0.50), (-0.06, 0.55)]
    shapes.append(Shape(f(spline(ear)), stone, drop=0.02 * s, radius=0.03 * s, shadow=False, detail=0.9))
    if hollow:
        upper = [(-0.30, 0.86), (-0.12, 0.92), (0.02, 0.86), (-0.02, 0.76)]
        hole = spline([*upper, (-0.14, 0.70), (-0.16, 0.60), (-0.30, 0.58), (-0.34, 0.72)], steps=2)
        stops = np.stack([p.sky[0], p.sky[1], p.sky[2], p.ground[1], p.ground[2]])
        shapes.append(Shape(f(hole), stops, mode="window", shadow=False, detail=0.9))
        rim = np.concatenate([hole, hole[:1]])
        shapes.append(Shape(f(rim), stone * 0.45, mode="line", width=0.016 * s, detail=0.9))
    n = 9
    crack = np.stack([-0.05 + np.cumsum(rng.normal(0.012, 0.02, n)), np.linspace(0.9, 0.62, n)], 1)
    shapes.append(Shape(f(crack), INK, mode="line", width=0.006 * s, alpha=0.8, detail=1.0))
    return shapes
