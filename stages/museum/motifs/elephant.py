"""Elephants on stilts, and what they carry."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import BONE, INK, rgb
from stages.museum.motifs.stilts import stilt
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, limb, spline

_HIDE = rgb("8d847c")


def elephant(f: Frame, p: Palette, rng: Rng, legs: float = 3.4, burden: str = "", haze: float = 0.0) -> list[Shape]:
    """A stilted elephant of height 1 walking to the right (local body unit: shoulder 0.8)."""
    g = Frame(f.x, f.y - f.size * legs / (legs + 1.0), f.size / (legs + 1.0), f.sign < 0)
    hide = mix(_HIDE, p.rock, rng.uniform(0.2, 0.6)) * rng.uniform(0.95, 1.2)
    far = hide * 0.66
    stride = rng.uniform(0.08, 0.32)
    shapes = [
        stilt(g, (-0.42, 0.2), -0.42 - stride, legs, 0.17, far, rng, 0.16, haze + 0.08),
        stilt(g, (0.50, 0.2), 0.55 + stride, legs, 0.17, far, rng, 0.16, haze + 0.08),
    ]
    tail = limb([(-0.74, 0.42), (-0.86, 0.2), (-0.84, -0.15), (-0.9, -0.3)], [0.05, 0.025, 0.03])
    back = [(-0.76, 0.05), (-0.83, 0.32), (-0.68, 0.62), (-0.32, 0.76), (0.05, 0.72), (0.38, 0.74), (0.58, 0.55)]
    belly = [(0.62, 0.2), (0.5, -0.04), (0.15, -0.16), (-0.25, -0.18), (-0.55, -0.1)]
    body = spline([*back, *belly])
    skin = partial(Shape, bump=0.25 + 0.6 * f.size, scale=0.4, haze=haze, detail=0.9, base=f.y)
    shapes += [Shape(g(tail), hide, haze=haze, detail=0.9, base=f.y), skin(g(body), hide)]
    shapes += [
        stilt(g, (-0.56, 0.16), -0.52 + stride, legs, 0.20, hide, rng, 0.0, haze),
        stilt(g, (0.36, 0.16), 0.30 - stride * 0.4, legs, 0.20, hide, rng, 0.0, haze),
    ]
    skull = [(0.44, 0.50), (0.52, 0.80), (0.74, 0.92), (0.96, 0.82), (1.06, 0.58)]
    jaw = [(1.02, 0.34), (0.86, 0.2), (0.62, 0.2), (0.46, 0.32)]
    head = spline([*skull, *jaw])
    if rng.uniform() < 0.5:
        trunk = [(0.94, 0.5), (1.12, 0.3), (1.16, -0.1), (1.10, -0.5), (1.16, -0.85), (1.3, -0.95)]
    else:
        trunk = [(0.94, 0.46), (1.16, 0.48), (1.38, 0.72), (1.46, 1.06), (1.40, 1.34), (1.26, 1.42)]
    far_tusk = limb([(0.9, 0.36), (1.05, 0.14), (1.3, 0.12)], [0.05, 0.035, 0.01])
    tusk = limb([(0.86, 0.34), (1.02, 0.1), (1.24, 0.02)], [0.055, 0.04, 0.01])
    shapes += [
        Shape(g(far_tusk), BONE * 0.85, haze=haze, detail=0.95, base=f.y),
        skin(g(head), hide * 1.04),
        skin(g(limb(trunk, [0.2, 0.15, 0.11, 0.085, 0.06, 0.045])), hide * 1.04),
        Shape(g(tusk), BONE, haze=haze, gloss=0.2, detail=0.95, base=f.y),
    ]
    ear = spline(
        [(0.64, 0.74), (0.50, 0.84), (0.30, 0.74), (0.20, 0.46), (0.28, 0.16), (0.44, 0.04), (0.54, 0.22), (0.60, 0.48)]
    )
    shapes += [
        Shape(
            g(ear),
            hide * 0.93,
            drop=0.05 * g.size,
            radius=0.12 * g.size,
            bulge=0.7,
            dents=[g.dent(0.42, 0.45, 0.1, 0.22, -0.05)],
            haze=haze,
            detail=0.9,
            base=f.y,
        ),
        Shape(g(limb([(0.80, 0.62), (0.84, 0.62)], [0.03])), INK, haze=haze, detail=1.0, shadow=False),
    ]
    return shapes + _burden(g, p, rng, burden, haze, f.y)


def _burden(g: Frame, p: Palette, rng: Rng, kind: str, haze: float, base: float) -> list[Shape]:
    """What the animal carries: a cloth and, on it, an obelisk, a house or a sphere."""
    if not kind:
        return []
    tint = mix(p.accent, p.cloth, rng.uniform(0.0, 0.4))
    saddle = spline(
        [(-0.42, 0.72), (-0.05, 0.80), (0.30, 0.76), (0.36, 0.5), (0.34, 0.2), (0.0, 0.12), (-0.36, 0.2), (-0.46, 0.5)]
    )
    pins = g([(-0.3, 0.8), (0.2, 0.8)])[:, 0]
    shapes = [
        Shape(
            g(saddle),
            tint,
            mode="folds",
            folds=(9.0, 1.0, *pins),
            radius=0.05 * g.size,
            drop=0.03 * g.size,
            haze=haze,
            detail=0.9,
            base=base,
        )
    ]
    stone = mix(p.cloth, p.rock, 0.35)
    flat = partial(Shape, mode="flat", haze=haze, detail=0.9, base=base)
    if kind == "obelisk":
        lit = [(-0.22, 0.78), (0.02, 0.76), (0.0, 2.0), (-0.14, 2.02)]
        dim = [(0.02, 0.76), (0.18, 0.8), (0.06, 2.02), (0.0, 2.0)]
        cap = [(-0.14, 2.02), (0.0, 2.0), (0.06, 2.02), (-0.03, 2.25)]
        shapes += [
            flat(g(lit), stone, normal=(-0.5 * g.sign, 0, 0.6), bump=0.5),
            flat(g(dim), stone, normal=(0.8 * g.sign, 0, 0.4), bump=0.5),
            flat(g(cap), p.accent, normal=(0.1, -0.6, 0.6)),
        ]
    elif kind == "house":
        front = [(-0.3, 0.76), (0.15, 0.76), (0.15, 1.25), (-0.3, 1.25)]
        side = [(0.15, 0.76), (0.3, 0.8), (0.3, 1.28), (0.15, 1.25)]
        roof = [(-0.36, 1.23), (0.15, 1.25), (0.34, 1.28), (0.22, 1.5), (-0.26, 1.5)]
        door = [(-0.12, 0.76), (0.0, 0.76), (0.0, 1.02), (-0.12, 1.02)]
        shapes += [
            flat(g(front), stone, normal=(-0.4 * g.sign, 0, 0.7), bump=0.4),
            flat(g(side), stone, normal=(0.8 * g.sign, 0, 0.4)),
            flat(g(roof), rgb("9a4a32"), normal=(0, -0.8, 0.6), bump=0.6),
            flat(g(door), INK),
        ]
    else:
        a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ball = np.stack([-0.05 + 0.36 * np.cos(a), 1.12 + 0.36 * np.sin(a)], 1)
        shapes.append(Shape(g(ball), mix(p.cloth, p.accent, 0.25), gloss=0.35, haze=haze, detail=0.9, base=base))
    return shapes
