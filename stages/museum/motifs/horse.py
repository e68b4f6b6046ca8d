"""Horses on stilts, and their riders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stages.museum.motifs.materials import INK, rgb
from stages.museum.motifs.stilts import stilt
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, limb, spline


def horse(f: Frame, p: Palette, rng: Rng, legs: float = 2.6, rider: bool = False, haze: float = 0.0) -> list[Shape]:
    """A stilted horse of height 1 (without rider), turned to the right."""
    g = Frame(f.x, f.y - f.size * legs / (legs + 1.35), f.size / (legs + 1.35), f.sign < 0)
    coat = mix(rgb(str(rng.choice(["e9e0cf", "8a5a3a", "4b3d3a", "c9a06a"]))), p.rock, 0.2)
    far = coat * 0.62
    s = rng.uniform(0.15, 0.45)
    shapes = [
        stilt(g, (-0.46, 0.3), -0.55 - s, legs, 0.15, far, rng, 0.14, haze + 0.08),
        stilt(g, (0.48, 0.25), 0.62 + s, legs, 0.13, far, rng, 0.14, haze + 0.08),
    ]
    shape = partial(Shape, haze=haze, detail=0.92, base=f.y)
    hair = coat * 0.45
    tail = limb([(-0.66, 0.5), (-0.9, 0.45), (-1.0, 0.1), (-0.95, -0.4), (-1.1, -0.7)], [0.06, 0.12, 0.13, 0.08, 0.01])
    back = [(-0.74, 0.32), (-0.70, 0.54), (-0.46, 0.66), (-0.1, 0.57), (0.2, 0.60), (0.46, 0.70), (0.66, 0.56)]
    belly = [(0.66, 0.26), (0.48, 0.08), (0.1, 0.02), (-0.25, 0.08), (-0.52, 0.10)]
    body = spline([*back, *belly])
    neck = limb([(0.42, 0.40), (0.64, 0.70), (0.80, 1.02), (0.94, 1.2)], [0.28, 0.18, 0.14, 0.12])
    brow = [(0.84, 1.22), (0.98, 1.34), (1.10, 1.24), (1.28, 1.0), (1.38, 0.86)]
    jaw = [(1.33, 0.76), (1.22, 0.79), (1.06, 0.96), (0.92, 1.04)]
    head = spline([*brow, *jaw])
    mane = limb([(0.90, 1.34), (0.72, 1.16), (0.56, 0.92), (0.40, 0.72), (0.3, 0.62)], [0.04, 0.11, 0.12, 0.09, 0.02])
    shapes += [
        shape(g(tail), hair, grain="bark", bump=2.0),
        shape(g(body), coat, gloss=0.12, bump=0.3),
        stilt(g, (-0.56, 0.28), -0.36 + s * 0.6, legs, 0.19, coat, rng, 0.0, haze),
        stilt(g, (0.46, 0.22), 0.30 - s * 0.3, legs, 0.16, coat, rng, 0.0, haze),
        shape(g(neck), coat, gloss=0.12),
        shape(g(mane), hair),
        shape(g(head), coat * 1.03, gloss=0.12),
        shape(g([(0.90, 1.28), (0.91, 1.44), (0.98, 1.32)]), coat * 0.9),
        Shape(g(limb([(1.05, 1.14), (1.08, 1.12)], [0.022])), INK, shadow=False, detail=1.0),
        Shape(g(limb([(1.30, 0.86), (1.32, 0.84)], [0.018])), INK, shadow=False, detail=1.0),
    ]
    if rider:
        shapes += _rider(g, p, rng, shape)
    return shapes


def _rider(g: Frame, p: Palette, rng: Rng, shape: Callable[..., Shape]) -> list[Shape]:
    """A thin rider larger than life: boot, coat, a cloak in the wind, a hat and a lance."""
    upper = [(0.02, 1.52), (-0.16, 1.40), (-0.42, 1.12), (-0.86, 0.98), (-1.02, 0.72)]
    cloak = spline([*upper, (-0.72, 0.70), (-0.46, 0.50), (-0.20, 0.48), (0.02, 0.72)])
    behind = [(-0.02, 1.56), (-0.14, 1.40), (-0.13, 1.0), (-0.20, 0.62), (0.02, 0.50)]
    coat = spline([*behind, (0.24, 0.60), (0.18, 1.0), (0.20, 1.40), (0.10, 1.56)])
    leg = limb(
        [(0.06, 0.62), (0.26, 0.42), (0.20, 0.10), (0.22, -0.16), (0.34, -0.20)], [0.10, 0.085, 0.06, 0.05, 0.035]
    )
    arm = limb([(0.10, 1.42), (0.26, 1.20), (0.42, 1.16)], [0.07, 0.055, 0.04])
    dark = mix(INK, p.accent, 0.35)
    brim = [(-0.16, 1.86), (0.04, 1.83), (0.26, 1.84), (0.17, 1.90)]
    hat = spline([*brim, (0.13, 2.04), (0.04, 2.07), (-0.04, 2.03), (-0.07, 1.91)])
    pins = g([(0.0, 1.5)])[:, 0]
    return [
        shape(g(cloak), p.accent, mode="folds", folds=(9.0, rng.uniform(0, 6), *pins), radius=0.06 * g.size),
        shape(g(coat), mix(p.accent, dark, 0.6), radius=0.14 * g.size, drop=0.01),
        shape(g(leg), dark, drop=0.01),
        shape(g(limb([(0.52, -0.1), (0.42, 1.16), (0.30, 2.3)], [0.016, 0.02, 0.010])), INK * 1.6),
        shape(g(arm), mix(p.accent, dark, 0.45), drop=0.01),
        shape(g(limb([(0.05, 1.66), (0.07, 1.74)], [0.09, 0.10])), p.flesh),
        shape(g(hat), dark, drop=0.008),
    ]
