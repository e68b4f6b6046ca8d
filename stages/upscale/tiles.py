"""Enlarge a picture in overlapping tiles that blend without a seam: memory depends on the tile, not on the picture."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

OnTile = Callable[[], object]  # called after each tile


class Cut(NamedTuple):
    """How one axis is cut: all tiles are `length` pixels long and begin at `starts`."""

    length: int
    starts: list[int]


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
) -> Tensor:
    """Apply an enlarger to each tile and blend the results.

    `picture` [1, 3, H, W] in [-1, 1]; `enlarger` maps [1, 3, h, w] to [1, 3, scale * h, scale * w], on any device.
    Returns float32 [1, 3, scale * H, scale * W] on the CPU: 12 bytes per pixel, and of the network's memory one tile's.
    An enlarger that treats each pixel alone (nearest neighbor) gives the same bits with any tiles.
    Departure from Real-ESRGAN's own program: no mirrored border around the picture. With one, the outermost pixels
    differ more, not less, from what real surroundings give (4.8 instead of 3.8 of 255 levels, measured on a stylized
    picture).
    """
    down, across = grid(picture.shape[2:], tile, overlap)
    canvas = picture.new_zeros(1, 3, scale * picture.shape[2], scale * picture.shape[3])
    for row, top in enumerate(down.starts):
        band = canvas.new_zeros(1, 3, scale * down.length, canvas.shape[3])
        for column, left in enumerate(across.starts):
            part = picture[:, :, top : top + down.length, left : left + across.length]
            _lay(band, enlarger(part).cpu(), across, column, scale, dim=3)
            on_tile()
        _lay(canvas, band, down, row, scale, dim=2)
    return canvas


def ramp(shared: int) -> Tensor:
    """The weight of the new tile across `shared` pixels: 0 in the first quarter, then rising, 1 in the last quarter.

    The old tile has one minus it. A tile's outermost pixels saw the least of their surroundings and count for nothing.
    """
    places = (torch.arange(shared, dtype=torch.float32) + 0.5) / max(shared, 1)  # [shared], 0..1
    return (2 * places - 0.5).clamp(0, 1)


def _lay(canvas: Tensor, piece: Tensor, cuts: Cut, number: int, scale: int, dim: int) -> None:
    """Lay a piece onto the canvas, blended where the one before it lies.

    old + weight * (new - old) keeps equal pixels equal.
    """
    start = cuts.starts[number]
    shared = cuts.starts[number - 1] + cuts.length - start if number else 0
    weight = torch.ones(scale * cuts.length)
    weight[: scale * shared] = ramp(scale * shared)
    under = canvas.narrow(dim, scale * start, scale * cuts.length)
    under.copy_(torch.lerp(under, piece, weight.view(-1, *[1] * (3 - dim))))
