"""Local colors that no palette changes, and surfaces that several motifs have."""

from __future__ import annotations

from functools import partial

import numpy as np

from stages.museum.shapes import Shape


def rgb(code: str) -> np.ndarray:
    """A hexadecimal color such as "c79a3e" as float RGB in 0..1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


GOLD, CREAM, INK = rgb("c79a3e"), rgb("f4ead0"), rgb("2a211c")
WOOD, BONE, BREAD = rgb("8a5f38"), rgb("eee3cc"), rgb("c98d4a")
planed = partial(Shape, mode="flat", bump=0.18, grain="bark", scale=0.6, detail=0.9)  # a face of planed wood
