"""Two, four or eight times larger with a network that knows one factor: as many passes as it takes, made to fit."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
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


def enlarged(
    picture: Tensor, network: Network, factor: int, tile: int, overlap: int, on_tile: OnTile
) -> Iterator[Tensor]:
    """A picture [1, 3, H, W] in [-1, 1] `factor` times larger: its lines from top to bottom, [1, 3, lines, W'].

    float32 on the CPU. The last pass is never in memory as a whole, unless its result is to be made smaller.
    """
    *before, last = passes(picture.shape[2:], network.scale, factor)
    for step in before:
        bands = tiles.enlarge(picture, network.enlarge, network.scale, tile, overlap, on_tile)
        picture = resized(bands, network.scale * step.before[0], step.after)
    bands = tiles.enlarge(picture, network.enlarge, network.scale, tile, overlap, on_tile)
    lines, across = (network.scale * length for length in last.before)
    yield from bands if (lines, across) == last.after else [resized(bands, lines, last.after)]


def resized(bands: Iterable[Tensor], lines: int, size: tuple[int, int]) -> Tensor:
    """A picture of so many lines at another (height, width); across it is resized as it comes, to be smaller."""
    height, width = size
    whole = torch.empty(1, 3, lines, width)
    end = 0
    for band in bands:
        start, end = end, end + band.shape[2]
        whole[:, :, start:end] = band if band.shape[3] == width else _interpolated(band, (end - start, width))
    return (whole if lines == height else _interpolated(whole, size)).clamp_(-1, 1)


def _interpolated(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(picture, size, mode="bicubic", antialias=True)
