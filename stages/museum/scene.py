"""A scene: what stands where, under which light; and how a look-alike differs from it.

Coordinates are scene units: the square root of the picture's area is 1, so sizes mean the same in every format and at
every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stages.museum import palettes
from stages.museum.canvas import Light
from stages.museum.compositions import arrange
from stages.museum.layout import Layout
from stages.museum.palettes import Palette
from stages.museum.shapes import Rng
from stages.museum.works import Work, pick

_SKIES = (("clear", 0.16), ("veil", 0.26), ("cumulus", 0.28), ("bands", 0.22), ("storm", 0.08))
_GROUNDS = (("sand", 0.27), ("cracked", 0.21), ("pebbles", 0.22), ("dunes", 0.20), ("paved", 0.10))


@dataclass
class Scene:
    """Everything the painter has to know."""

    width: float
    height: float
    palette: Palette
    other: Palette  # of what is seen through doors and cracks
    light: Light
    sky: str
    ground: str
    layout: Layout = field(repr=False)

    @property
    def horizon(self) -> float:
        """The y of the horizon."""
        return self.layout.horizon


def _light(rng: Rng) -> Light:
    side = float(rng.choice([-1.0, 1.0]))
    low = rng.uniform(0, 1)  # 1: the light nearly touches the plain
    return Light(
        x=side * (0.75 + 0.2 * low),
        y=-(0.70 - 0.35 * low),
        z=rng.uniform(0.32, 0.6),
        reach=0.8 + 1.3 * low,
        slant=rng.uniform(0.16, 0.5),
    )


def compose(work: Work) -> Scene:
    """The scene of a work; look-alikes start from the same scene and then change it."""
    rng = np.random.default_rng([*work.key, 2])
    ratio = work.format[0] / work.format[1]
    palette = palettes.choose(work.palette, rng)
    names = [name for name in palettes.NAMES if name != work.palette]
    other = palettes.choose(str(rng.choice(names)), rng)
    light = _light(rng)
    sky = "storm" if work.palette == "green storm" else pick(_SKIES, rng)
    ground = pick(_GROUNDS, rng)
    layout = Layout(width=float(np.sqrt(ratio)), height=float(1 / np.sqrt(ratio)), horizon=0.0, light=light)
    arrange(work.composition, layout, rng)
    if work.variation_of is not None:
        _vary(layout, np.random.default_rng(work.brush_key))
    return Scene(layout.width, layout.height, palette, other, light, sky, ground, layout)


def _vary(layout: Layout, rng: Rng) -> None:
    """Change the lesser motifs of a look-alike, so that one sees another work in spite of the likeness.

    The main motif, the sky and the ground stay; a third of the lesser motifs leave, the rest move; two large new
    ones arrive where there is room.
    """
    main = [item for item in layout.items if item.role == "main"]
    lesser = [item for item in layout.items if item.role == "lesser"]
    for i, item in enumerate(lesser):
        if i % 3 == 0:
            layout.items.remove(item)
        item.x += rng.uniform(-0.2, 0.2) * layout.width
        item.flip ^= rng.uniform() < 0.4
        item.seed += 1000
    places = sorted(
        (0.10, 0.26, 0.42, 0.58, 0.74, 0.90),
        reverse=True,
        key=lambda x: min([abs(x * layout.width - item.x) for item in main] or [x]),
    )
    additions = rng.permutation(
        ["egg", "sphere", "boulder", "cypress", "doorway", "watch_block", "tower", "ladder", "horse", "torso"]
    )[:2]
    for kind, x in zip(additions, places, strict=False):
        depth = rng.uniform(0.30, 0.70)
        tall = 1.8 if kind in ("cypress", "doorway", "tower", "ladder", "horse", "torso") else 1.0
        layout.add(rng, str(kind), x, depth, (0.08 + 0.17 * depth) * tall)
