"""Doorways, towers, stairs, parapets."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import GOLD, INK, WOOD, planed, rgb
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, ellipse, quad, spline


def doorway(f: Frame, p: Palette, rng: Rng, other: Palette, wide: float = 0.48, leaf: bool = True) -> list[Shape]:
    """A frame of height 1 standing alone; through it one sees another sky and ground."""
    w, t = wide / 2, 0.055
    wood = mix(WOOD, p.rock, rng.uniform(0, 0.6)) * rng.uniform(0.85, 1.15)
    depth = 0.05
    opening = [(-w, 0), (w, 0), (w, 1 - t), (-w, 1 - t)]
    shapes = [Shape(f(opening), other.view, mode="window", shadow=False, detail=0.85)]
    xs = np.linspace(-w, w, 12)
    tops = 0.335 + 0.06 * np.abs(np.convolve(rng.normal(0, 1, 14), [0.3, 0.5, 0.3], "valid"))
    hills = np.concatenate([np.stack([xs, tops], 1), [(w, 0.325), (-w, 0.325)]])
    shapes.append(Shape(f(hills), mix(other.rock, other.haze, 0.5), mode="flat", bump=0.3, shadow=False, detail=0.8))
    sun = ellipse(*f.point(rng.uniform(-0.6, 0.6) * w, rng.uniform(0.5, 0.8)), 0.035 * f.size, 0.035 * f.size)
    shapes.append(Shape(sun, other.light, mode="flat", glow=0.8, shadow=False, detail=0.8))
    reveal = [(w - depth * 0.2, 0.0), (w - depth * 0.2, 1 - t), (w - depth, 1 - t - 0.02), (w - depth, 0.03)]
    shapes.append(planed(f(reveal), wood * 0.6, normal=(-0.8 * f.sign, 0, 0.4)))
    for x0, x1 in ((-w - t, -w), (w, w + t)):
        shapes.append(planed(f([(x0, 0), (x1, 0), (x1, 1), (x0, 1)]), wood, normal=(0, 0, 1), drop=0.012 * f.size))
    side = [(w + t, 0), (w + t + depth, 0.03), (w + t + depth, 1.02), (w + t, 1)]
    lintel = [(-w - 1.5 * t, 1 - t), (w + 1.5 * t, 1 - t), (w + 1.5 * t, 1.01), (-w - 1.5 * t, 1.01)]
    shapes += [
        planed(f(side), wood, normal=(0.9 * f.sign, 0, 0.4)),
        planed(f(lintel), wood * 1.08, normal=(0, -0.1, 1), drop=0.015 * f.size),
    ]
    if leaf:
        shapes += _leaf(f, p, rng, w, 1 - t, wood)
    return shapes


def _leaf(f: Frame, p: Palette, rng: Rng, w: float, top: float, wood: np.ndarray) -> list[Shape]:
    """The leaf of a door of half-width `w` that stands ajar to one side, with two panels and a knob."""
    swing = rng.uniform(0.16, 0.32)
    paint = mix(wood, p.accent, 0.45)
    door = [(-w, 0), (-w - swing, -0.10), (-w - swing, 0.93 + 0.08), (-w, top)]
    shapes = [planed(f(door), paint, normal=(-0.7 * f.sign, 0, 0.6))]
    for y0, y1 in ((0.08, 0.42), (0.52, 0.88)):
        a, b = -w - 0.18 * swing, -w - 0.82 * swing
        panel = [(a, y0 - 0.01), (b, y0 - 0.06), (b, y1 + 0.03), (a, y1)]
        shapes.append(planed(f(panel), paint * 0.7, normal=(-0.5 * f.sign, 0.2, 0.6), shadow=False))
    knob = ellipse(*f.point(-w - 0.85 * swing, 0.44), 0.018 * f.size, 0.018 * f.size)
    return [*shapes, Shape(knob, GOLD, gloss=0.6, shadow=False, detail=1.0)]


def tower(f: Frame, p: Palette, rng: Rng, haze: float = 0.0) -> list[Shape]:
    """A round tower of height 1 with a gallery and pennant."""
    stone = mix(p.cloth, p.rock, rng.uniform(0.2, 0.7))
    shape = partial(Shape, haze=haze, detail=0.8)
    shapes: list[Shape] = []
    level, wide = 0.0, 0.17
    for _ in range(int(rng.integers(2, 4))):
        high = rng.uniform(0.26, 0.36)
        top, rim = level + high, wide * 1.12
        wall = [(-wide, level), (wide, level), (wide * 0.96, top), (-wide * 0.96, top)]
        gallery = [(-rim, top - 0.03), (rim, top - 0.03), (rim, top), (-rim, top)]
        shapes += [
            shape(f(wall), stone, radius=wide * f.size, bump=0.4),
            shape(f(gallery), stone * 1.1, radius=wide * f.size, drop=0.02 * f.size),
        ]
        for x in (-0.5, 0.0, 0.5):
            arch = [
                (x * wide - 0.025, level + 0.05),
                (x * wide + 0.025, level + 0.05),
                (x * wide + 0.025, level + high * 0.55),
                (x * wide, level + high * 0.68),
                (x * wide - 0.025, level + high * 0.55),
            ]
            shapes.append(shape(f(arch), mix(INK, p.shade, 0.4), mode="flat", shadow=False))
        level, wide = top, wide * 0.68
    roof = [(-wide * 1.2, level), (wide * 1.2, level), (0, level + 0.16)]
    shapes.append(shape(f(roof), rgb("8d4030"), radius=wide * f.size))
    pole = [(0, level + 0.14), (0, level + 0.31)]
    flag = [(0, level + 0.30), (0.10, level + 0.29), (0.2, level + 0.25), (0.1, level + 0.23), (0, level + 0.22)]
    return [
        *shapes,
        Shape(f(pole), INK, mode="line", width=0.008 * f.size, haze=haze, detail=1.0),
        shape(f(spline(flag, steps=4)), p.accent, radius=0.02),
    ]


def stair(f: Frame, p: Palette, rng: Rng, steps: int = 9) -> list[Shape]:
    """A flight of steps that leads to nothing; height 1."""
    stone = mix(p.cloth, p.rock, rng.uniform(0.5, 0.85))
    shapes: list[Shape] = []
    rise, run, ox, oy = 1.0 / steps, 0.75 / steps, -0.22, 0.07
    flat = partial(Shape, mode="flat", detail=0.7, bump=0.3)
    for i in range(steps - 1, -1, -1):
        x, y = i * run, (i + 1) * rise
        tread = [(x, y), (x + ox, y + oy), (x + run + ox, y + oy), (x + run, y)]
        riser = [(x, y - rise), (x + ox, y - rise + oy), (x + ox, y + oy), (x, y)]
        shapes += [
            flat(f(tread), stone * 1.1, normal=(0, -1, 0.5)),
            flat(f(riser), stone, normal=(-0.8 * f.sign, 0, 0.5)),
        ]
    outline = [(0.0, 0.0)]
    for i in range(steps):
        outline += [(i * run, (i + 1) * rise), ((i + 1) * run, (i + 1) * rise)]
    outline.append((steps * run, 0.0))
    rough = partial(Shape, mode="flat", bump=0.4, grain="rock", scale=0.7, detail=0.6)
    shapes.append(rough(f(outline), stone * 0.92, normal=(0.3, 0.25, 0.75)))
    for i in range(1, steps):  # courses of stone
        joint = [(i * run + 0.01, i * rise), (steps * run, i * rise)]
        shapes.append(Shape(f(joint), stone * 0.6, mode="line", width=0.005, alpha=0.6, detail=0.8))
    a = np.linspace(0, np.pi, 14)
    arc = zip(0.535 + 0.065 * np.cos(a), 0.20 + 0.10 * np.sin(a), strict=True)
    arch = [(0.60, 0.0), *arc, (0.47, 0.0)]
    return [*shapes, Shape(f(arch), mix(INK, p.shade, 0.4), mode="flat", shadow=False, detail=0.9)]


def ledge(top: float, edge: float, width: float, height: float, p: Palette) -> list[Shape]:
    """A parapet along the lower edge of a picture: its top between two ground lines, its front below."""
    stone = 0.55 * p.rock + 0.45 * p.cloth
    flat = partial(Shape, mode="flat", bump=0.9, grain="rock", scale=0.9, detail=0.55, shadow=False)
    return [
        flat(quad(-0.1, top, width + 0.1, edge), stone, normal=(0, -0.9, 0.5), drop=0.02),
        flat(quad(-0.1, edge, width + 0.1, height + 0.1), stone * 0.85, normal=(-0.1, 0.25, 0.8)),
    ]
