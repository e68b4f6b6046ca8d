"""Two, four or eight times larger with a network that knows one factor: as many passes as it takes, then made smaller to fit."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from stages.upscale import tiles
from stages.upscale.models import Network


class Pass(NamedTuple):
    """The (height, width) that goes into the network, and the size that its result is brought to."""

    before: tuple[int, int]
    after: tuple[int, int]


def passes(size: tuple[int, int], scale: int, factor: int) -> list[Pass]:
    """The passes for a picture of (height, width).

    What the passes make too much is taken away before the last one, not after it: a picture made smaller is clean, and the last
    pass, which takes the most time, has less to do.
    """
    count = 1
    while scale**count < factor:
        count += 1
    found, now = [], size
    for number in range(1, count + 1):
        share = factor if number == count else factor / scale if number == count - 1 else scale**number
        after = tuple(round(side * share) for side in size)
        found.append(Pass(now, after))
        now = after
    return found


def count(size: tuple[int, int], scale: int, factor: int, tile: int, overlap: int) -> int:
    """How many tiles all passes take."""
    return sum(
        len(down.starts) * len(across.starts)
        for down, across in (tiles.grid(step.before, tile, overlap) for step in passes(size, scale, factor))
    )


def enlarged(
    picture: Tensor, network: Network, factor: int, tile: int, overlap: int, on_tile: Callable[[], None]
) -> Tensor:
    """A picture [1, 3, H, W] in [-1, 1] `factor` times larger, float32 on the CPU."""
    for step in passes(picture.shape[2:], network.scale, factor):
        picture = tiles.enlarge(picture, network.enlarge, network.scale, tile, overlap, on_tile)
        if picture.shape[2:] != step.after:
            picture = F.interpolate(picture, step.after, mode="bicubic", antialias=True).clamp(-1, 1)
    return picture
