"""Things that lie and stand about: crutches, blocks, spheres, bread, ladders."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import BREAD, CREAM, INK, WOOD
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, limb, spline


def crutch(
    foot: tuple[float, float], head: tuple[float, float], p: Palette, rng: Rng, thick: float = 0.011
) -> list[Shape]:
    """A forked crutch between a point on the ground and the weight it carries."""
    a, b = np.asarray(foot, float), np.asarray(head, float)
    axis = b - a
    length = float(np.linalg.norm(axis)) + 1e-6
    axis /= length
    across = np.array([-axis[1], axis[0]])
    thick = min(thick, 0.06 * length)
    fork = min(0.20 * length, 9 * thick)
    neck = b - axis * fork
    wood = mix(WOOD, p.rock, rng.uniform(0.0, 0.35)) * rng.uniform(0.9, 1.1)
    wobble = across * length * rng.uniform(-0.012, 0.012)
    shape = partial(Shape, base=foot[1], detail=0.95)
    shaft = limb([a, (a + neck) / 2 + wobble, neck], [thick * 0.62, thick, thick * 0.95])
    shapes = [shape(shaft, wood, gloss=0.12, drop=thick * 0.9)]
    for side in (-1, 1):
        tip = b + across * side * fork * 0.36
        mid = neck + axis * fork * 0.45 + across * side * fork * 0.30
        prong = limb([neck - axis * fork * 0.15, mid, tip], [thick * 0.9, thick * 0.72, thick * 0.66])
        shapes.append(shape(prong, wood, gloss=0.1))
    pad = limb(
        [b - across * fork * 0.52, b - axis * thick * 0.7, b + across * fork * 0.52],
        [thick * 0.9, thick * 1.05, thick * 0.9],
    )
    at = neck - axis * fork * 0.10
    ring = limb([at - across * thick * 0.9, at + across * thick * 0.9], [thick * 0.6, thick * 0.6])
    return [
        *shapes,
        shape(pad, mix(wood, CREAM, 0.35), gloss=0.1),
        Shape(ring, INK * 1.4, shadow=False, detail=0.9),
    ]


def block(
    f: Frame, p: Palette, rng: Rng, w: float = 1.0, h: float = 0.5, depth: float = 0.5, color: np.ndarray | None = None
) -> list[Shape]:
    """A box standing on the plain: front, side and top in oblique view."""
    tint = color if color is not None else mix(p.rock, WOOD, 0.5)
    ox, oy = 0.42 * depth, 0.26 * depth
    front = f([(0, 0), (w, 0), (w, h), (0, h)])
    side = f([(w, 0), (w + ox, oy), (w + ox, h + oy), (w, h)])
    top = f([(0, h), (w, h), (w + ox, h + oy), (ox, h + oy)])
    turn = 0.9 * f.sign
    flat = partial(Shape, mode="flat", bump=0.22, grain="bark", scale=0.8, detail=0.6)
    return [
        flat(side, tint, normal=(turn, 0.05, 0.35)),
        flat(front, tint, normal=(-0.12 * f.sign, 0.1, 0.8)),
        flat(top, tint * 1.05, normal=(0.0, -1.0, 0.35)),
    ]


def sphere(f: Frame, p: Palette, rng: Rng, color: np.ndarray | None = None) -> list[Shape]:
    """A ball of diameter 1 resting on the origin."""
    tint = color if color is not None else mix(p.cloth, p.accent, rng.choice([0.0, 0.3, 0.8]))
    body = ellipse(f.x, f.y - 0.5 * f.size, 0.5 * f.size, 0.5 * f.size, n=56)
    return [Shape(body, tint, gloss=0.45, bulge=1.2, detail=0.7)]


def bread(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """A loaf lying on the ground, length 1, cut open at one end."""
    s = f.size
    crust = [
        (-0.5, 0.06),
        (-0.46, 0.24),
        (-0.2, 0.33),
        (0.2, 0.33),
        (0.46, 0.26),
        (0.52, 0.12),
        (0.4, 0.01),
        (-0.3, 0.0),
    ]
    shapes = [Shape(f(spline(crust)), BREAD, bump=1.2, scale=0.5, gloss=0.08, detail=0.85)]
    for x in (-0.22, -0.02, 0.18):
        cut = f(spline([(x - 0.07, 0.27), (x, 0.31), (x + 0.10, 0.16), (x + 0.05, 0.13)]))
        shapes.append(Shape(cut, mix(BREAD, CREAM, 0.6), radius=0.02 * s, bulge=0.6, shadow=False, detail=0.9))
    face = ellipse(f.x + f.sign * 0.46 * s, f.y - 0.145 * s, 0.065 * s, 0.125 * s, 0.08)
    shapes.append(Shape(face, CREAM, radius=0.02 * s, bump=0.6, scale=0.2, shadow=False, detail=0.9))
    return shapes


def ladder(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """A ladder that leans on nothing, height 1."""
    wood = mix(WOOD, p.cloth, rng.uniform(0.0, 0.4))
    lean = rng.uniform(0.10, 0.30)
    shapes = [Shape(f(limb([(x, 0), (x * 0.8 + lean, 1.0)], [0.013, 0.009])), wood, detail=0.95) for x in (-0.08, 0.08)]
    for y in np.linspace(0.07, 0.95, 12):
        x, half = lean * y, 0.08 * (1 - 0.2 * y)
        rung = limb([(x - half, y), (x + half, y + 0.004)], [0.008])
        shapes.append(Shape(f(rung), wood * 0.9, drop=0.004, detail=0.95))
    return shapes
