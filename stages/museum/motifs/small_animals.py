"""Ants, birds and fish."""

from __future__ import annotations

import numpy as np

from stages.museum.motifs.materials import BONE, INK
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, limb, spline


def ant_swarm(f: Frame, p: Palette, rng: Rng, count: int = 14, size: float = 0.05) -> list[Shape]:
    """Ants: three beads and six legs each, drifting toward one point."""
    shapes: list[Shape] = []
    for _ in range(count):
        r, a = np.sqrt(rng.uniform(0, 1)) * 0.5, rng.uniform(0, 2 * np.pi)
        x, y = f.x + f.size * r * np.cos(a), f.y - f.size * r * np.sin(a) * 0.8
        turn = a + np.pi + rng.normal(0, 0.5)
        d = np.array([np.cos(turn), -np.sin(turn)])
        n = np.array([-d[1], d[0]])
        s = size * f.size
        for k in (-0.28, 0.02, 0.30):
            for side in (-1, 1):
                hip = np.array([x, y]) + d * k * 0.4 * s
                leg = np.stack([hip, hip + n * side * 0.42 * s + d * k * 0.9 * s])
                shapes.append(Shape(leg, INK, mode="line", width=0.075 * s, detail=1.0))
        for k, rx in ((-0.38, 0.26), (0.02, 0.14), (0.30, 0.17)):
            c = np.array([x, y]) + d * k * s
            bead = ellipse(c[0], c[1], rx * s, rx * 0.72 * s, -turn, n=12)
            shapes.append(Shape(bead, INK, gloss=0.25, shadow=False, detail=1.0))
    return shapes


def birds(f: Frame, p: Palette, rng: Rng, count: int = 6) -> list[Shape]:
    """Far birds: two wing strokes each."""
    shapes: list[Shape] = []
    for _ in range(count):
        x, y = f.x + f.size * rng.uniform(-1, 1), f.y + f.size * rng.uniform(-0.5, 0.5)
        s = f.size * rng.uniform(0.06, 0.14)
        lift = rng.uniform(0.1, 0.5)
        left = [(x - s, y - lift * s), (x - 0.4 * s, y - 0.5 * s)]
        right = [(x + 0.45 * s, y - 0.55 * s), (x + s, y - lift * s)]
        wings = spline([*left, (x, y), *right], closed=False, steps=4)
        shapes.append(Shape(wings, mix(INK, p.sky[0], 0.3), mode="line", width=0.16 * s, detail=1.0))
    return shapes


def fish(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """A fish of length 1 that swims through the air."""
    skin = mix(p.water, p.accent, rng.uniform(0.0, 0.8))
    top = [(0.5, 0.02), (0.36, 0.13), (0.1, 0.18), (-0.18, 0.12), (-0.36, 0.03)]
    belly = [(-0.36, -0.03), (-0.16, -0.10), (0.12, -0.14), (0.38, -0.09)]
    body = spline([*top, *belly])
    tail = spline([(-0.32, 0.0), (-0.48, 0.15), (-0.58, 0.16), (-0.50, 0.0), (-0.58, -0.15), (-0.48, -0.13)], steps=4)
    back = spline([(0.16, 0.15), (0.02, 0.29), (-0.16, 0.22), (-0.14, 0.11)], steps=4)
    shapes = [
        Shape(f(tail), skin * 0.8, grain="bark", bump=0.4, detail=0.9),
        Shape(f(back), skin * 0.75, grain="bark", bump=0.4, detail=0.9),
        Shape(f(body), skin, gloss=0.5, bump=0.3, scale=0.2, detail=0.9),
    ]
    for x in np.linspace(-0.2, 0.2, 5):
        gill = spline([(x, 0.09), (x + 0.03, 0.02), (x, -0.07)], False, 4)
        shapes.append(Shape(f(gill), skin * 0.55, mode="line", width=0.008 * f.size, alpha=0.6, detail=1.0))
    eye = f([(0.36, 0.04)])[0]
    axis = [eye, eye + np.array((0.001, 0.0))]
    return [
        *shapes,
        Shape(limb(axis, [0.032 * f.size]), BONE, gloss=0.4, shadow=False, detail=1.0),
        Shape(limb(axis, [0.016 * f.size]), INK, shadow=False, detail=1.0),
    ]
