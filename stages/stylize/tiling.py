"""How a canvas that is too large for VGG at once is cut: cores that cover it exactly, each seen with its surroundings.

Cuts lie on a grid on which the features of all blocks begin anew, so a tile's features are those of the whole picture
but for what lies beyond its halo.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

HALO = 64  # pixels around a core: with it the gradient in tiles is that of the whole to 0.14 % (MEASURED.md)
GRID = 64  # pixels: a multiple of what one place of block 5 stands for, also of a canvas four times smaller
SMALL = 512  # pixels: tiles are not halved below it, since the halo would cost more than the cores


class Span(NamedTuple):
    """A stretch of one axis: the pixels seen, and the core in them; `last` says that the axis ends there."""

    start: int
    stop: int
    core_start: int
    core_stop: int
    last: bool

    def core(self, stride: int) -> slice:
        """The core's places among the features of the seen stretch, where one place stands for `stride` pixels."""
        stop = None if self.last else (self.core_stop - self.start) // stride
        return slice((self.core_start - self.start) // stride, stop)

    def whole(self, stride: int) -> slice:
        """The core's places among the features of the whole axis."""
        return slice(self.core_start // stride, None if self.last else self.core_stop // stride)


class Tile(NamedTuple):
    """A span of each axis."""

    down: Span
    across: Span

    def seen(self, picture: Tensor) -> Tensor:
        """Of a picture [..., H, W] what VGG sees."""
        return picture[..., self.down.start : self.down.stop, self.across.start : self.across.stop]

    def core(self, features: Tensor, stride: int) -> Tensor:
        """Of the tile's features [..., h, w] those of the core."""
        return features[..., self.down.core(stride), self.across.core(stride)]

    def whole(self, features: Tensor, stride: int) -> Tensor:
        """Of the whole picture's features [..., h, w] those of the core."""
        return features[..., self.down.whole(stride), self.across.whole(stride)]


def spans(length: int, tile: int, offset: int) -> list[Span]:
    """An axis of `length` pixels in spans that show at most `tile` each; one span where the axis is not longer.

    `offset` (0 or more) moves the cuts; it counts in units of GRID, and wraps around.
    """
    if length <= tile:
        return [Span(0, length, 0, length, True)]
    step = max(GRID, (tile - 2 * HALO) // GRID * GRID)
    first = step - offset * GRID % step
    cuts = [0, *range(first, length - GRID, step), length]
    return [
        Span(max(0, start - HALO), min(length, stop + HALO), start, stop, stop == length)
        for start, stop in itertools.pairwise(cuts)
    ]


def tiles(size: Sequence[int], tile: int, seed: int | None = None) -> Iterator[Tile]:
    """The tiles of a picture of (height, width) pixels.

    One where it is no larger than `tile`, else tiles of half that, SMALL or more, since all of a large canvas is in
    memory beside a tile. A seed moves the cuts, so that no seam is ever at the same place twice.
    """
    offsets, side = [0, 0], tile if max(size) <= tile else max(tile // 2, min(tile, SMALL))
    if seed is not None:
        offsets = torch.randint(0, 2**16, (2,), generator=torch.Generator().manual_seed(seed)).tolist()
    down, across = (spans(length, side, offset) for length, offset in zip(size, offsets, strict=True))
    return (Tile(row, column) for row in down for column in across)
