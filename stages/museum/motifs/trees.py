"""Cypresses and bare trees."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.motifs.materials import WOOD, rgb
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, limb, spline


def cypress(f: Frame, p: Palette, rng: Rng, haze: float = 0.0) -> list[Shape]:
    """A dark flame of a tree, height 1."""
    wide = rng.uniform(0.10, 0.15)
    ys = np.linspace(0.05, 1, 9)
    half = wide * np.sin(np.pi * np.clip(ys, 0, 1) ** 0.62) ** 0.8
    left = np.stack([-half * (1 + rng.normal(0, 0.10, 9)), ys], 1)
    right = np.stack([half * (1 + rng.normal(0, 0.10, 9)), ys], 1)[::-1]
    green = mix(rgb("16301f"), p.ground[2], rng.uniform(0.05, 0.3)) * 0.85
    outline = spline(np.concatenate([left, right]), steps=4)
    return [
        Shape(f(limb([(0, 0), (0, 0.12)], [0.018])), WOOD * 0.7, haze=haze),
        Shape(f(outline), green, grain="bark", bump=0.5 + 2.0 * f.size, scale=0.35, haze=haze, detail=0.8),
    ]


def dead_tree(f: Frame, p: Palette, rng: Rng) -> tuple[list[Shape], list[tuple[float, float]]]:
    """A bare olive with one long arm; also returns points along the arm to hang things on."""
    bark = mix(WOOD, p.rock, rng.uniform(0.2, 0.7)) * 0.85
    arm_y = rng.uniform(0.62, 0.72)
    axis = [(0, 0), (0.03, 0.25), (-0.03, 0.48), (0.02, arm_y)]
    arm = [(0.0, arm_y - 0.06), (0.14, arm_y + 0.03), (0.34, arm_y + 0.0), (0.56, arm_y + 0.04)]
    shape = partial(Shape, grain="bark", bump=1.6, scale=0.5, detail=0.9)
    shapes = [
        shape(f(limb([(0.02, arm_y - 0.1), (-0.06, 0.8), (-0.02, 1.0)], [0.035, 0.022, 0.008])), bark),
        shape(f(limb([(-0.01, 0.55), (-0.16, 0.66), (-0.22, 0.84)], [0.025, 0.015, 0.006])), bark),
        shape(f(limb(arm, [0.04, 0.03, 0.025, 0.010])), bark),
        shape(f(limb([(0.36, arm_y), (0.44, arm_y + 0.1), (0.45, arm_y + 0.2)], [0.015, 0.009, 0.004])), bark),
        shape(f(limb(axis, [0.075, 0.045, 0.05, 0.035])), bark, drop=0.006),
    ]
    hooks = [f.point(x, arm_y + 0.02) for x in (0.18, 0.34, 0.48)]
    return shapes, hooks
