"""A torso with drawers."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from stages.museum.motifs.cloths import cloth
from stages.museum.motifs.eggs import egg
from stages.museum.motifs.materials import CREAM, GOLD, INK
from stages.museum.motifs.props import sphere
from stages.museum.motifs.trees import cypress
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, spline

# The right half of the outline, from the neck down.
_RIGHT = [
    *[(0.055, 1.0), (0.06, 0.94), (0.15, 0.90), (0.225, 0.85), (0.235, 0.76), (0.19, 0.66)],
    *[(0.145, 0.54), (0.155, 0.46), (0.21, 0.36), (0.225, 0.25), (0.20, 0.12)],
]
_DENTS = [  # center x and y, radius along x and y, depth (see Shape.dents)
    (-0.10, 0.74, 0.075, 0.075, 0.055),
    (0.10, 0.74, 0.075, 0.075, 0.055),
    (0.0, 0.62, 0.03, 0.16, -0.025),
    (0.0, 0.42, 0.09, 0.09, 0.03),
    (0.0, 0.455, 0.014, 0.018, -0.02),
    (0.0, 0.90, 0.05, 0.03, -0.02),
]


def torso(f: Frame, p: Palette, rng: Rng, drawers: int = 4) -> list[Shape]:
    """A torso without head or arms on a draped plinth, with open drawers in it."""
    s = f.size
    sway = rng.uniform(-0.05, 0.05)
    outline = _swayed([*_RIGHT, *((-x, y) for x, y in _RIGHT[::-1])], sway)
    flesh = mix(p.flesh, p.cloth, rng.uniform(0.0, 0.6))
    dents = [f.dent(*_swayed([(x, y)], sway)[0], *rest) for x, y, *rest in _DENTS]
    top = f.point(*_swayed([(0.0, 1.0)], sway)[0])
    body = Shape(f(spline(outline)), flesh, dents=dents, radius=0.17 * s, bulge=0.9, gloss=0.1, bump=0.15, detail=0.85)
    neck = ellipse(*top, 0.055 * s, 0.018 * s)
    tint = mix(p.cloth, p.accent, float(rng.choice([0.1, 0.8])))
    drape = cloth(f.point(-0.22 * f.sign, 0.24), f.point(0.22 * f.sign, 0.24), f.y, p, rng, color=tint, sag=-0.05)
    shapes = [body, Shape(neck, flesh * 0.55, radius=0.01, shadow=False, detail=0.9), *drape]
    rows = [0.80, 0.69, 0.52, 0.36][:drawers] if drawers < 5 else [0.82, 0.73, 0.6, 0.48, 0.34]
    for i, y in enumerate(rows):
        width = (0.16, 0.15, 0.13, 0.19, 0.2)[i] * rng.uniform(0.9, 1.1)
        at = _swayed([(rng.uniform(-0.03, 0.03), y)], sway)[0]
        shapes += _drawer(f, at, width, flesh, rng.uniform(0.03, 0.13), p)
    return shapes + _instead_of_a_head(Frame(*top, s), p, rng)


def _swayed(points: ArrayLike, sway: float) -> np.ndarray:
    """Points of the upright torso as they are when it sways to one side."""
    swayed = np.array(points)
    swayed[:, 0] += sway * np.sin((swayed[:, 1] - 0.2) * 3.2)
    return swayed


def _instead_of_a_head(f: Frame, p: Palette, rng: Rng) -> list[Shape]:
    """What hovers over the neck: an egg, a sphere, a small cypress, or nothing."""
    kind = str(rng.choice(["egg", "sphere", "cypress", "nothing"]))
    at = Frame(f.x, f.y - 0.035 * f.size, 0.17 * f.size)
    if kind == "egg":
        return egg(at, p, rng)
    if kind == "sphere":
        return sphere(at, p, rng)
    if kind == "cypress":
        return cypress(Frame(f.x, f.y + 0.02 * f.size, 0.24 * f.size), p, rng)
    return []


def _drawer(f: Frame, at: np.ndarray, width: float, color: np.ndarray, out: float, p: Palette) -> list[Shape]:
    """A drawer pulled out by `out` toward the viewer, to the lower side."""
    x, y = at
    w, h = width / 2, 0.034
    dx, dy = 0.55 * out, -0.42 * out
    back = [(x - w, y + h), (x + w, y + h), (x + w, y - h), (x - w, y - h)]
    front = [(a + dx, b + dy) for a, b in back]
    top = [back[0], back[1], front[1], front[0]]
    side = [back[0], front[0], front[3], back[3]]
    knob = ellipse(*f.point(x + dx, y + dy), 0.014 * f.size, 0.014 * f.size)
    wood = mix(color, mix(p.rock, CREAM, 0.3), 0.35)
    flat = partial(Shape, mode="flat", detail=0.95, shadow=False)
    return [
        flat(f(back), INK, drop=0.02 * f.size),
        flat(f(top), mix(INK, wood, 0.28), normal=(0, -0.2, 1)),
        flat(f(side), wood, normal=(-0.8 * f.sign, 0, 0.4)),
        flat(f(front), wood, normal=(0.1, 0.0, 1.0), bump=0.2, drop=0.025 * f.size),
        Shape(knob, GOLD, gloss=0.5, drop=0.008 * f.size, shadow=False, detail=1.0),
    ]
