"""Small standing figures."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import GOLD, INK
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, limb, spline


def walker(f: Frame, p: Palette, rng: Rng, kind: str = "", haze: float = 0.0) -> list[Shape]:
    """A standing figure of height 1, seen from afar."""
    kind = kind or str(rng.choice(["man", "woman", "woman", "child", "pointing"]))
    coat = mix(INK, p.accent, rng.uniform(0.15, 0.8))
    dress = mix(p.cloth, p.accent, rng.choice([0.0, 0.15, 0.9]))
    shape = partial(Shape, haze=haze, detail=1.0)
    if kind == "woman":
        left = [(-0.07, 0.78), (-0.11, 0.70), (-0.07, 0.55), (-0.15, 0.25), (-0.22, 0.0)]
        right = [(0.22, 0.0), (0.15, 0.28), (0.07, 0.55), (0.11, 0.70), (0.07, 0.78)]
        gown = spline([*left, (0.0, -0.01), *right])
        pins = f([(0.0, 0.8)])[:, 0]
        shapes = [
            shape(f(gown), dress, mode="folds", folds=(12.0, rng.uniform(0, 6), *pins), radius=0.07 * f.size),
            shape(f(limb([(0.09, 0.74), (0.17, 0.6), (0.12, 0.45)], [0.035, 0.028, 0.02])), p.flesh),
        ]
        hair = ellipse(*f.point(-0.01, 0.915), 0.068 * f.size, 0.075 * f.size)
    else:
        tall = 0.68 if kind == "child" else 1.0
        f = Frame(f.x, f.y, f.size * tall, f.sign < 0)
        step = rng.uniform(0.03, 0.11)
        legs = [
            limb([(side * 0.04, 0.46), (side * step, 0.22), (side * step * 1.3, 0.0)], [0.07, 0.05, 0.035])
            for side in (-1, 1)
        ]
        body = limb([(0.0, 0.42), (0.0, 0.62), (0.0, 0.78)], [0.10, 0.10, 0.09])
        hand = (0.38, 0.80) if kind == "pointing" else (0.17, 0.42)
        arm = limb([(0.06, 0.76), ((0.08 + hand[0]) / 2, 0.68), hand], [0.045, 0.035, 0.025])
        shapes = [*(shape(f(leg), coat * 0.8) for leg in legs), shape(f(body), coat), shape(f(arm), coat * 1.1)]
        if kind == "child":
            hoop = ellipse(*f.point(0.42, 0.28), 0.27 * f.size, 0.28 * f.size)
            shapes.append(shape(np.concatenate([hoop, hoop[:1]]), GOLD, mode="line", width=0.035 * f.size))
        hair = ellipse(*f.point(-0.01, 0.93), 0.066 * f.size, 0.06 * f.size)
    face = ellipse(*f.point(0.012, 0.885), 0.058 * f.size, 0.075 * f.size)
    return [*shapes, shape(face, p.flesh), shape(hair, coat * 0.7)]
