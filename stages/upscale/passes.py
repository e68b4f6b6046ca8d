"""Two, four or eight times larger with a network that knows one factor: as many passes as it takes, made to fit."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from stages.upscale import tiles
from stages.upscale.network import Network
from stages.upscale.tiles import OnTile


class Pass(NamedTuple):
    """The (height, width) that goes into the network, and the size that its result is brought to."""

    before: tuple[int, int]
    after: tuple[int, int]


def passes(size: Sequence[int], scale: int, factor: int) -> list[Pass]:
    """The passes for a picture of (height, width).

    What the passes make too much is taken away before the last one, not after it: a picture made smaller is clean, and
    the last pass, which takes the most time, has less to do.
    """
    count = 1
    while scale**count < factor:
        count += 1
    height, width = size
    # How many times larger than at first the picture is after each pass.
    growth = [*(scale**number for number in range(1, count - 1)), factor / scale, factor][-count:]
    sizes = [(height, width), *((round(height * times), round(width * times)) for times in growth)]
    return [Pass(before, after) for before, after in itertools.pairwise(sizes)]


def count(size: Sequence[int], scale: int, factor: int, tile: int, overlap: int) -> int:
    """How many tiles all passes take."""
    return sum(
        len(down.starts) * len(across.starts)
        for down, across in (tiles.grid(step.before, tile, overlap) for step in passes(size, scale, factor))
    )


def enlarged(picture: Tensor, network: Network, factor: int, tile: int, overlap: int, on_tile: OnTile) -> Tensor:
    """A picture [1, 3, H, W] in [-1, 1] `factor` times larger, float32 on the CPU."""
    for step in passes(picture.shape[2:], network.scale, factor):
        picture = tiles.enlarge(picture, network.enlarge, network.scale, tile, overlap, on_tile)
        if picture.shape[2:] != step.after:
            picture = F.interpolate(picture, step.after, mode="bicubic", antialias=True).clamp(-1, 1)
    return picture
