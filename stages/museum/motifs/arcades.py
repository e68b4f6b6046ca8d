"""A wall of arches in perspective."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from stages.museum.motifs.materials import INK
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Rng, Shape


@dataclass(frozen=True)
class _Wall:
    """The plane of a wall from x0 (near) to x1 (far), with perspective about the horizon."""

    x0: float
    x1: float
    horizon: float

    def at(self, t: float, y: float) -> tuple[float, float]:
        """The point at `t` along the wall (0 near, 1 far) that would be at the height `y` if it were near."""
        k = 1 / (1 + 3.2 * t)
        x = self.x1 + (self.x0 - self.x1) * (k - 1 / 4.2) / (1 - 1 / 4.2)
        return x, self.horizon + (y - self.horizon) * k


def arcade(
    x0: float, x1: float, top: float, foot: float, horizon: float, p: Palette, rng: Rng, light: float, reach: float
) -> list[Shape]:
    """A wall of arches that runs from the picture's edge (x0) toward its vanishing point."""
    count = int(rng.integers(4, 7))
    stone = mix(p.cloth, p.rock, rng.uniform(0.25, 0.6))
    wall = _Wall(x0, x1, horizon)
    ts = np.linspace(0, 1, 12)
    ground = [wall.at(t, foot) for t in ts]
    roof = [wall.at(t, top) for t in ts]
    side = 1.0 if x0 < x1 else -1.0
    flat = partial(Shape, mode="flat", shadow=False)
    face = np.array(ground + roof[::-1])
    shapes = [flat(face, stone, normal=(0.75 * side, 0, 0.55), bump=0.7, scale=0.8, detail=0.6)]
    if light * side < 0:  # the light comes from behind the wall: it throws a shadow
        pairs = zip(roof, ground, strict=True)
        cast = [(x + side * reach * (g - y) * 0.55, g + 0.10 * (g - y)) for (x, y), (_, g) in pairs]
        shapes.insert(0, Shape(np.array(ground + cast[::-1]), stone, mode="shade"))
    cornice = np.array([wall.at(t, top - 0.012) for t in ts] + [wall.at(t, top + 0.03) for t in ts[::-1]])
    shapes.append(flat(cornice, stone * 1.1, normal=(0.4 * side, -0.6, 0.6), drop=0.008, detail=0.7))
    spring = top + 0.42 * (foot - top)
    for i in range(count):
        a, b = (i + 0.2) / count, (i + 0.82) / count
        arc = [
            ((a + b) / 2 - (b - a) / 2 * np.cos(t), spring - 0.20 * (foot - top) * np.sin(t))
            for t in np.linspace(0, np.pi, 14)
        ]
        hole = [wall.at(a, foot), *(wall.at(t, y) for t, y in arc), wall.at(b, foot)]
        deep = mix(INK, mix(p.shade, p.sky[0], 0.5), 0.55)
        shapes.append(flat(np.array(hole), stone * 0.8, normal=(-0.5 * side, 0, 0.6), detail=0.7))
        shift = (b - a) * 0.16
        curve = [wall.at(min(t + shift, b), y + 0.01) for t, y in arc]
        inner = [wall.at(a + shift, foot - 0.006), *curve, wall.at(b, foot)]
        shapes.append(flat(np.array(inner), deep, normal=(-0.6 * side, 0.2, 0.5), detail=0.7))
    return shapes
