"""Soft watches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from stages.museum.motifs.materials import CREAM, GOLD, INK
from stages.museum.motifs.small_animals import ant_swarm
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Points, Rng, Shape


@dataclass(frozen=True)
class SoftDisc:
    """The bent plane of a soft watch: from its flat disc of radius 1 to the scene."""

    f: Frame
    bend: float
    top: float
    stretch: float
    sway: float
    phase: float
    skew: float
    spin: float  # the angle of its twelve

    def bent(self, u: ArrayLike, v: ArrayLike) -> Points:
        """Points of the flat disc where they hang; v upwards."""
        u, v = np.asarray(u, float), np.asarray(v, float)
        over = np.clip(v - self.bend, 0, None)
        down = np.clip(self.bend - v, 0, None)
        drop = down * self.stretch * (1 + 0.22 * down)
        x = u * (1 - 0.10 * down) + self.skew * over + self.sway * drop**2 * 0.35
        y = over * self.top - drop + 0.10 * np.sin(2.6 * u + self.phase) * np.clip(down, 0, 1)
        return self.f(np.stack([x, y], -1).reshape(-1, 2))

    def ring(self, r: float) -> Points:
        """A circle about the center."""
        a = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        return self.bent(r * np.cos(a), r * np.sin(a))

    def radial(self, angle: float, r0: float, r1: float, n: int = 5) -> Points:
        """A line of `n` points from one radius to another."""
        r = np.linspace(r0, r1, n)
        return self.bent(r * np.sin(angle + self.spin), r * np.cos(angle + self.spin))


def soft_watch(
    f: Frame, p: Palette, rng: Rng, bend: float = 0.25, top: float = 0.34, stretch: float = 1.45, ants: bool = False
) -> list[Shape]:
    """A watch that lies on an edge and hangs over it; origin at the edge, radius 1.

    Above `bend` the disc lies back (foreshortened by `top`); below, it hangs down, longer and longer, and sways a
    little, as a heavy cloth would.
    """
    sway, phase, skew = rng.uniform(-0.25, 0.25), rng.uniform(0, 6.28), rng.uniform(-0.35, 0.35)
    disc = SoftDisc(f, bend, top, stretch, sway, phase, skew, spin=rng.uniform(0, 2 * np.pi))
    s = f.size
    edge = [(f.x, f.y - 0.02 * s, 1.1 * s, 0.16 * s, 0.10 * s)]
    dial = mix(CREAM, mix(p.sky[1], p.sky[2], 0.5), float(rng.choice([0.0, 0.15, 0.55])))
    crown = disc.bent([-0.09, 0.09, 0.13, -0.13], [1.0, 1.0, 1.26, 1.26])
    shapes = [
        Shape(crown, GOLD * 0.9, radius=0.06 * s, gloss=0.4, drop=0.05 * s, detail=0.9),
        Shape(disc.ring(1.0), GOLD, radius=0.13 * s, gloss=0.55, dents=edge, drop=0.12 * s, detail=0.95),
        Shape(disc.ring(0.855), mix(GOLD, INK, 0.55), radius=0.05 * s, shadow=False, detail=1.0),
        Shape(disc.ring(0.82), dial, radius=0.5 * s, bulge=0.22, dents=edge, gloss=0.10, shadow=False, detail=1.0),
    ]
    line = partial(Shape, mode="line", detail=1.0)
    for hour in range(12):
        a = hour * np.pi / 6
        heavy = hour % 3 == 0
        start, width = (0.60, 0.075) if heavy else (0.66, 0.045)
        shapes.append(line(disc.radial(a, start, 0.75), INK, width=width * s))
        if heavy:
            serifs = (disc.radial(a + side, 0.60, 0.75) for side in (-0.085, 0.085))
            shapes += [line(serif, INK, width=0.026 * s) for serif in serifs]
    hour_angle = rng.uniform(0, 2 * np.pi)
    for length, width, a in ((0.42, 0.085, hour_angle), (0.66, 0.05, rng.uniform(0, 2 * np.pi))):
        shapes.append(line(disc.radial(a, -0.12, length, 9), mix(INK, p.accent, 0.25), width=width * s))
    t = np.linspace(0, 6.28, 14)
    hub = disc.bent(0.07 * np.cos(t), 0.07 * np.sin(t))
    shapes.append(Shape(hub, GOLD, radius=0.04 * s, gloss=0.5, shadow=False, detail=1.0))
    if ants:
        shapes += ant_swarm(Frame(f.x, f.y + 0.5 * s, 0.55 * s), p, rng, 9, 0.16)
    return shapes
