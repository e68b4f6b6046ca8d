"""A table on very long legs."""

from __future__ import annotations

from stages.museum.motifs.materials import WOOD, planed
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Rng, Shape, limb


def tall_table(f: Frame, p: Palette, rng: Rng, wide: float = 0.6, back: bool = False) -> list[Shape]:
    """A table (or, with a back, a chair) on very long legs; its top is at height 1."""
    wood = mix(WOOD, p.rock, rng.uniform(0, 0.5))
    w = wide / 2
    lift = 0.07  # the far legs stand higher
    shapes: list[Shape] = []
    for x in (-w * 0.62, w * 1.02):
        leg = limb([(x, 0.97), (x * 1.05, 0.5), (x * 1.12, lift)], [0.022, 0.016, 0.014])
        shapes.append(Shape(f(leg), wood * 0.75, base=f.y - lift * f.size, detail=0.95))
    shapes += [
        planed(f([(-w, 0.97), (-w + 0.16, 1.06), (w + 0.16, 1.06), (w, 0.97)]), wood * 1.1, normal=(0, -1, 0.4)),
        planed(f([(-w, 0.93), (w, 0.93), (w, 0.97), (-w, 0.97)]), wood, normal=(0, 0, 1)),
        planed(f([(w, 0.93), (w + 0.16, 1.02), (w + 0.16, 1.06), (w, 0.97)]), wood, normal=(0.9 * f.sign, 0, 0.4)),
    ]
    for x in (-w, w):
        leg = limb([(x * 0.9, 0.94), (x * 0.98, 0.5), (x * 1.06, 0.0)], [0.028, 0.018, 0.015])
        shapes.append(Shape(f(leg), wood, gloss=0.1, detail=0.95))
    if back:
        for x in (-w + 0.16, w + 0.14):
            shapes.append(Shape(f(limb([(x, 1.05), (x + 0.03, 1.6)], [0.022, 0.018])), wood, detail=0.95))
        for y in (1.2, 1.36, 1.54):
            slat = [(-w + 0.16, y), (w + 0.16, y), (w + 0.17, y + 0.06), (-w + 0.17, y + 0.06)]
            shapes.append(planed(f(slat), wood, normal=(0, 0, 1)))
    return shapes
