"""What hangs in the sky: the moon, and a corner that is torn open."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import CREAM
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, spline


def moon(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """A pale disc in the sky, full or crescent, with a halo."""
    tint = mix(p.light, p.sky[3], 0.25)
    halo = partial(Shape, mode="flat", glow=1.0, alpha=0.07, shadow=False, detail=0.0)
    halos = [halo(ellipse(f.x, f.y, k * f.size, k * f.size), tint) for k in (2.6, 2.2, 1.85, 1.55, 1.3)]
    disc = ellipse(f.x, f.y, f.size, f.size, n=48)
    if rng.uniform() < 0.5:
        a = np.linspace(-np.pi / 2, np.pi / 2, 20)
        outer = np.stack([np.cos(a), np.sin(a)], 1)
        inner = np.stack([0.45 * np.cos(a), np.sin(a)], 1)[::-1]
        disc = (np.concatenate([outer, inner]) * (f.sign, 1)) * f.size + (f.x, f.y)
    return [*halos, Shape(disc, tint, mode="flat", glow=0.85, bump=0.2, shadow=False, detail=0.7)]


def sky_tear(f: Frame, p: Palette, rng: Rng, other: Palette) -> list[Shape]:
    """A corner of the sky torn open: behind it is another sky, the flap curls down."""
    n = 19
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    r = 1 + 0.2 * np.sin(2 * a + rng.uniform(0, 6)) + rng.normal(0, 0.10, n)
    jag = np.stack([0.46 * r * np.cos(a), 0.05 + 0.24 * r * np.sin(a)], 1)
    stops = np.stack([other.sky[0] * 0.6, other.sky[0], other.sky[1], other.sky[2], other.sky[3]])
    rim = mix(p.light, p.sky[3], 0.5)
    shapes = [
        Shape(f(jag * 1.05), rim, mode="flat", shadow=False, drop=0.01 * f.size, detail=0.8),
        Shape(f(jag), stops, mode="window", shadow=False, detail=0.8),
    ]
    for _ in range(9 if float(other.sky[0].mean()) < 0.33 else 0):  # stars, if it is dark
        x, y = f.point(rng.uniform(-0.3, 0.3), rng.uniform(-0.08, 0.2))
        r = f.size * rng.uniform(0.004, 0.010)
        shapes.append(Shape(ellipse(x, y, r, r, n=8), CREAM, mode="flat", glow=0.9, shadow=False, detail=1.0))
    low = int(np.argmin(jag[:, 1]))  # the torn piece hangs from the lower edge
    left, right = jag[(low - 1) % n], jag[(low + 2) % n]
    middle = (left + right) / 2 + np.array((0, 0.02))
    right_side = right + np.array([(0, 0), (-0.02, -0.16), (0.06, -0.30), (-0.02, -0.40)])
    left_side = left + np.array([(0.06, -0.26), (0.03, -0.10)])
    flap = spline([left, middle, *right_side, *left_side], steps=4)
    tint, folds = mix(p.sky[1], p.sky[2], 0.5), (8.0, 0.7, *f([left, right])[:, 0])
    folded = partial(Shape, mode="folds", radius=0.05 * f.size, drop=0.02 * f.size, shadow=False, detail=0.7)
    return [*shapes, folded(f(flap), tint, folds=folds)]
