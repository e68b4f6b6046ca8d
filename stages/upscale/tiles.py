"""Enlarge a picture in overlapping tiles that blend without a seam: one row of tiles is in memory, not the picture."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

OnTile = Callable[[], object]  # called after each tile


class Cut(NamedTuple):
    """How one axis is cut: all tiles are `length` pixels long and begin at `starts`."""

    length: int
    starts: list[int]

    def shared(self, number: int) -> int:
        """Pixels that a tile shares with the one before it."""
        return self.starts[number - 1] + self.length - self.starts[number] if number else 0


def cut(length: int, tile: int, overlap: int) -> Cut:
    """The fewest tiles of at most `tile` pixels that cover `length` and share at least `overlap`, as short as possible.

    All have one length (a network then plans its memory once) and are spread evenly. Needs 0 <= 2 * overlap < tile.
    """
    count = max(1, -(-(length - overlap) // (tile - overlap)))
    shortest = -(-(length + (count - 1) * overlap) // count)
    return Cut(shortest, [number * (length - shortest) // max(1, count - 1) for number in range(count)])


def grid(size: Sequence[int], tile: int, overlap: int) -> tuple[Cut, Cut]:
    """The cuts of a picture of (height, width) pixels, down and across."""
    height, width = size
    return cut(height, tile, overlap), cut(width, tile, overlap)


def enlarge(
    picture: Tensor, enlarger: Callable[[Tensor], Tensor], scale: int, tile: int, overlap: int, on_tile: OnTile
) -> Iterator[Tensor]:
    """Apply an enlarger to each tile, blend the results, and yield the lines that are complete, from top to bottom.

    `picture` [1, 3, H, W] in [-1, 1]; `enlarger` maps [1, 3, h, w] to [1, 3, scale * h, scale * w], on any device.
    Yields float32 [1, 3, lines, scale * W] on the CPU, scale * H lines in all; a row of tiles is in memory, not more.
    An enlarger that treats each pixel alone (nearest neighbor) gives the same bits with any tiles.
    Departure from Real-ESRGAN's own program: no mirrored border around the picture. With one, the outermost pixels
    differ more, not less, from what real surroundings give (4.8 instead of 3.8 of 255 levels, measured on a stylized
    picture).
    """
    down, across = grid(picture.shape[2:], tile, overlap)
    above = picture.new_zeros(1, 3, 0, scale * picture.shape[3])  # lines that the next row of tiles still changes
    for row, top in enumerate(down.starts):
        band = picture.new_zeros(1, 3, scale * down.length, scale * picture.shape[3])
        for column, left in enumerate(across.starts):
            part = picture[:, :, top : top + down.length, left : left + across.length]
            piece = enlarger(part).cpu()
            start, shared = scale * left, scale * across.shared(column)
            under = band[:, :, :, start : start + piece.shape[3]]
            blend(under[..., :shared], piece[..., :shared], ramp(shared))
            under[..., shared:] = piece[..., shared:]
            on_tile()
        shared = scale * down.shared(row)
        blend(above, band[:, :, :shared], ramp(shared)[:, None])
        band[:, :, :shared] = above
        following = down.starts[row + 1] if row + 1 < len(down.starts) else picture.shape[2]
        complete = scale * (following - top)
        above = band[:, :, complete:].clone()
        yield band[:, :, :complete]


def ramp(shared: int) -> Tensor:
    """The weight of the new tile across `shared` pixels: 0 in the first quarter, then rising, 1 in the last quarter.

    The old tile has one minus it. A tile's outermost pixels saw the least of their surroundings and count for nothing.
    """
    places = (torch.arange(shared, dtype=torch.float32) + 0.5) / max(shared, 1)  # [shared], 0..1
    return (2 * places - 0.5).clamp(0, 1)


def blend(old: Tensor, new: Tensor, weight: Tensor) -> None:
    """Lay the new over the old, in place: old + weight * (new - old) keeps equal pixels equal."""
    old.copy_(torch.lerp(old, new, weight))
