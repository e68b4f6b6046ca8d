"""A network that enlarges pictures, before and after it is known how it is computed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from stages.common.cli import UserError
from stages.common.device import Kernel, Runtime
from stages.common.kernels import Probe, Work, fastest
from stages.common.section import RuntimeParams
from stages.common.tensors import finite

PROBED = 64  # pixels of the side of the picture that kernels are measured with

# [1, C, H, W] in [0, 1], float32 -> about the same range, [1, C', scale * H, scale * W] of any floating point
Enlarger = Callable[[Tensor], Tensor]


class Network(NamedTuple):
    """How many times larger `enlarge` makes a picture.

    [1, 3, H, W] in [-1, 1], sRGB -> float32 [1, 3, scale * H, scale * W] in [-1, 1].
    """

    scale: int
    enlarge: Callable[[Tensor], Tensor]


class Model(NamedTuple):
    """A network that can be computed in several ways; `channels` of 1, 3 or 4 are those that it takes."""

    scale: int
    channels: int
    kernels: Sequence[Kernel]
    build: Callable[[torch.device, Kernel], Enlarger]
    probed: Callable[[torch.device, Kernel], Enlarger]  # the same or a part of it, to measure kernels with
    about: str  # equal for models that take the same time

    def on(self, device: torch.device, kernel: Kernel) -> Network:
        """The network, computed so."""
        return Network(self.scale, partial(_enlarge, self.build(device, kernel), self.channels, device))

    def fastest(self, runtime: Runtime, chosen: RuntimeParams) -> Runtime:
        """The runtime with the kernel that is the fastest on this machine, and one of the model's on a GPU.

        Raises UserError where the model does not know the precision that is asked for.
        """
        runtime = fastest(runtime, chosen, Probe(self.about, self.kernels, self._work))
        if runtime.kernel in self.kernels:
            return runtime
        if chosen.precision == runtime.kernel.precision:
            raise UserError(
                f"runtime.precision is {chosen.precision!r}, but the network that enlarges ({self.about}) cannot be "
                "computed in it. Set runtime.precision to float32 or auto."
            )
        return replace(runtime, kernel=self.kernels[0])

    def _work(self, kernel: Kernel) -> Work:
        picture = torch.zeros(1, 3, PROBED, PROBED)
        cpu = torch.device("cpu")
        return partial(_enlarge, self.probed(cpu, kernel), self.channels, cpu, picture)


@torch.inference_mode()
def _enlarge(enlarger: Enlarger, channels: int, device: torch.device, picture: Tensor) -> Tensor:
    """A picture as `Network.enlarge` takes and gives it, through a network that knows [0, 1]. Raises NotFinite."""
    unit = (picture.to(device) + 1) / 2
    return (finite(_in_color(enlarger, channels, unit)).float() * 2 - 1).clamp(-1, 1)


def _in_color(enlarger: Enlarger, channels: int, unit: Tensor) -> Tensor:
    """[1, 3, H, W] in [0, 1] through a network of 3 channels, of 1 (each color by itself) or of 4 (opaque)."""
    if channels == 1:
        return torch.cat([enlarger(unit[:, channel : channel + 1])[:, :1] for channel in range(3)], 1)
    if channels == 4:
        unit = torch.cat((unit, torch.ones_like(unit[:, :1])), 1)
    return enlarger(unit)[:, :3]
