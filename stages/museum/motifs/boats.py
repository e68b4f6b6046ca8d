"""Boats with a slack sail."""

from __future__ import annotations

from functools import partial

from stages.museum.motifs.cloths import cloth
from stages.museum.motifs.materials import CREAM, INK, WOOD
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, limb, spline


def boat(f: Frame, p: Palette, rng: Rng, sail: bool = True, haze: float = 0.0) -> list[Shape]:
    """A beached boat of length 1, with a mast and a slack sail."""
    paint = mix(p.accent, WOOD, rng.uniform(0.1, 0.7))
    rim = [(-0.52, 0.26), (-0.30, 0.17), (0.0, 0.14), (0.30, 0.18), (0.54, 0.30)]
    hull = spline([*rim, (0.44, 0.10), (0.26, 0.0), (-0.24, 0.0), (-0.42, 0.09)], steps=5)
    far_rim = [(-0.50, 0.255), (-0.2, 0.235), (0.2, 0.245), (0.52, 0.295)]
    inside = spline([*far_rim, (0.28, 0.185), (0.0, 0.15), (-0.3, 0.18)], steps=5)
    edge = [(-0.5, 0.24), (-0.28, 0.155), (0.0, 0.125), (0.3, 0.165), (0.52, 0.28)]
    line = partial(Shape, mode="line", haze=haze, detail=1.0)
    shape = partial(Shape, haze=haze, detail=0.9, base=f.y)
    shapes: list[Shape] = []
    if sail:
        shapes.append(shape(f(limb([(0.02, 0.1), (0.03, 1.05)], [0.016, 0.009])), WOOD))
    shapes += [
        shape(f(hull), paint, bump=0.3, scale=0.5),
        shape(f(inside), mix(INK, paint, 0.35), mode="flat", shadow=False),
        line(f(edge), CREAM, width=0.014 * f.size),
    ]
    joint = [(-0.47, 0.22), (-0.28, 0.155), (0.0, 0.125), (0.3, 0.165), (0.49, 0.26)]
    for k in (0.32, 0.60):  # between the planks
        curve = spline([(x * (1 - 0.16 * k), y * (1 - k)) for x, y in joint], closed=False, steps=5)
        shapes.append(line(f(curve), paint * 0.55, alpha=0.7, width=0.008 * f.size))
    if sail:
        left, right = sorted((f.point(0.04, 1.0), f.point(0.40, 0.78)))
        shapes += cloth(left, right, f.y - 0.34 * f.size, p, rng, sag=0.10, base=f.y)
    return shapes
