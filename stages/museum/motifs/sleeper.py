"""The sleeper: a large soft head on crutches."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from stages.museum.motifs.cloths import cloth
from stages.museum.motifs.heads import PROFILE
from stages.museum.motifs.materials import INK
from stages.museum.motifs.props import crutch
from stages.museum.motifs.small_animals import ant_swarm
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Points, Rng, Shape, limb, spline


def sleeper_outline(rng: Rng) -> tuple[Points, list[tuple[float, float]]]:
    """The sleeper's outline, a face upwards and a body that trails away; and where crutches carry it."""
    trail = [
        *[(0.93, 0.53), (1.03, 0.47), (1.20, 0.53), (1.40, 0.55), (1.62, 0.44), (1.85, 0.40), (2.08, 0.26)],
        *[(2.32, 0.16), (2.50, -0.10), (2.60, -0.42), (2.72, -0.56)],  # the tip
        *[(2.62, -0.60), (2.48, -0.46), (2.38, -0.18), (2.24, 0.02), (2.05, 0.10)],
    ]
    under = [
        *[(1.86, 0.22), (1.66, 0.20), (1.46, 0.33), (1.26, 0.25), (1.08, 0.24), (0.94, 0.33)],
        *[(0.82, 0.20), (0.66, 0.02), (0.50, -0.06), (0.36, 0.00), (0.20, -0.04), (0.08, 0.08), (0.0, 0.22)],
    ]
    supports = [(0.36, 0.0), (0.66, 0.02), (0.94, 0.34), (1.46, 0.34), (1.86, 0.22), (2.24, 0.02)]
    jitter = [(x + rng.normal(0, 0.008), y + rng.normal(0, 0.012)) for x, y in trail + under]
    return spline(np.array(PROFILE + jitter), steps=6), supports


def sleeper(f: Frame, p: Palette, rng: Rng, lift: float = 0.62) -> list[Shape]:
    """A large soft head, asleep, held above the plain by many crutches."""
    s = f.size
    outline, supports = sleeper_outline(rng)
    g = Frame(f.x, f.y - lift * s, s, f.sign < 0)
    flesh = mix(p.flesh, p.light, 0.15)
    dents = [
        g.dent(0.46, 0.70, 0.06, 0.09, -0.05),
        g.dent(0.475, 0.665, 0.045, 0.05, 0.055),
        g.dent(0.62, 0.52, 0.14, 0.13, 0.05),
        g.dent(0.72, 0.70, 0.03, 0.10, 0.015),
        g.dent(0.30, 0.50, 0.12, 0.14, 0.03),
        g.dent(0.93, 0.46, 0.06, 0.2, -0.07),
        g.dent(0.82, 0.62, 0.08, 0.09, 0.03),
        g.dent(0.60, 0.80, 0.03, 0.05, 0.02),
        g.dent(1.26, 0.42, 0.05, 0.18, -0.03),
        g.dent(1.66, 0.34, 0.05, 0.14, -0.03),
        g.dent(0.24, 0.1, 0.05, 0.2, -0.03),
        g.dent(0.80, 0.33, 0.06, 0.16, -0.03),
    ]
    front: list[Shape] = []
    for x, y in supports:
        top = g.point(x, y - 0.01)
        foot = (top[0] + rng.uniform(-0.10, 0.10) * s, f.y + rng.uniform(-0.1, 0.1) * s)
        front += crutch(foot, top, p, rng, 0.020 * s)
    top = g.point(1.2, 0.35)  # the seventh stands behind
    far = crutch((top[0] + 0.06 * s, f.y - 0.13 * s), top, p, rng, 0.014 * s)
    skin = partial(Shape, radius=0.30 * s, gloss=0.10, bump=0.12, scale=0.6, drop=0.0, detail=0.85)
    left, right = (1.22, 1.80) if f.sign > 0 else (1.80, 1.22)
    tint = mix(p.cloth, p.accent, float(rng.choice([0.0, 0.7])))
    hem = f.y - 0.25 * s
    sheet = cloth(g.point(left, 0.50), g.point(right, 0.42), hem, p, rng, color=tint, sag=-0.04, base=f.y)
    return [*far, skin(g(outline), flesh, dents=dents), *_features(g, p, flesh, rng), *sheet, *front]


def _features(g: Frame, p: Palette, flesh: np.ndarray, rng: Rng) -> list[Shape]:
    """Closed eye with lashes, nostril, lips, brow, ear."""
    s = g.size
    dark = mix(INK, flesh, 0.22)
    lid = spline([(0.425, 0.585), (0.462, 0.600), (0.487, 0.645), (0.492, 0.695), (0.478, 0.74)], False, 6)
    shapes = [Shape(g(lid), dark, mode="line", width=0.010 * s, detail=1.0)]
    for k in (7, 11, 15, 19, 22):
        x, y = lid[min(k, len(lid) - 1)]
        shapes.append(_line(g, [(x, y), (x + 0.022, y - 0.004), (x + 0.04, y + 0.010)], 0.005, dark))
    crease = [(0.43, 0.61), (0.448, 0.66), (0.455, 0.705), (0.45, 0.74)]
    shapes.append(_line(g, crease, 0.006, mix(dark, flesh, 0.55)))
    brow = limb([(0.352, 0.60), (0.372, 0.66), (0.376, 0.72), (0.370, 0.755)], [0.005, 0.013, 0.012, 0.006])
    shapes.append(Shape(g(brow), mix(dark, flesh, 0.42), shadow=False, detail=1.0))
    nostril = spline([(0.622, 0.855), (0.61, 0.885), (0.598, 0.86), (0.612, 0.83)])
    upper_lip = spline([(0.668, 0.835), (0.70, 0.825), (0.71, 0.78), (0.712, 0.71), (0.695, 0.75)])
    lower_lip = spline([(0.735, 0.815), (0.765, 0.80), (0.752, 0.74), (0.72, 0.69), (0.716, 0.77)])
    red = np.array([0.72, 0.25, 0.22])
    lip = partial(Shape, radius=0.02 * s, shadow=False, detail=0.95)
    shapes += [
        Shape(g(nostril), mix(dark, p.accent, 0.2), radius=0.01 * s, bulge=-0.5, shadow=False, detail=1.0),
        _line(g, [(0.712, 0.79), (0.712, 0.73), (0.722, 0.665)], 0.012, dark),
        lip(g(upper_lip), mix(flesh, red, 0.5), gloss=0.15),
        lip(g(lower_lip), mix(flesh, red, 0.45), gloss=0.2),
    ]
    ear = spline([(0.50, 0.36), (0.42, 0.40), (0.38, 0.33), (0.44, 0.25), (0.54, 0.23), (0.60, 0.28), (0.56, 0.33)])
    blush = mix(flesh, np.array([0.75, 0.35, 0.3]), 0.18)
    shapes += [
        Shape(g(ear), blush, radius=0.035 * s, drop=0.02 * s, shadow=False, detail=0.95),
        _line(g, [(0.45, 0.35), (0.43, 0.31), (0.49, 0.27), (0.55, 0.285)], 0.012, mix(dark, flesh, 0.4)),
    ]
    return shapes + ant_swarm(Frame(*g.point(0.3, 0.42), 0.22 * s), p, rng, 7, 0.13)


def _line(g: Frame, points: ArrayLike, width: float, color: np.ndarray) -> Shape:
    """A fine curve through points of the sleeper."""
    return Shape(g(spline(points, False, 5)), color, mode="line", width=width * g.size, detail=1.0)
