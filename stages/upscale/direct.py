"""A dense block's convolutions on a CPU, directly, without joining the block's features.

The features lie in one buffer [slices, H, W, 32], where the first of them are a piece of memory without gaps. A
convolution over slices of 32 channels each is the convolution in three dimensions that sees all slices at once:
torch.cat, a twentieth of the time, has nothing to do.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from stages.upscale.dense import GROWTH, SCALE, SLOPE, Convolution


class Direct:
    """As dense.Dense; `channels` is a multiple of GROWTH."""

    def __init__(self, channels: int, height: int, width: int, dtype: torch.dtype) -> None:
        self.own = channels // GROWTH  # slices of the signal itself
        self.features = torch.empty(self.own + 4, height, width, GROWTH, dtype=dtype)

    @staticmethod
    def prepared(convolution: Convolution) -> Convolution:
        """The weight as [out, 32, in / 32, 3, 3]."""
        weight = convolution.weight.unflatten(1, (-1, GROWTH)).transpose(1, 2)
        return Convolution(weight.contiguous(memory_format=torch.channels_last_3d), convolution.bias)

    def laid(self, signal: Tensor) -> Tensor:
        return signal.clone(memory_format=torch.channels_last)

    def signal(self, laid: Tensor) -> Tensor:
        return laid

    def add(self, laid: Tensor, convolutions: Sequence[Convolution]) -> None:
        sliced = laid[0].unflatten(0, (self.own, GROWTH)).permute(0, 2, 3, 1)  # [own, H, W, 32], a view
        self.features[: self.own] = sliced
        *grown, last = convolutions
        for count, convolution in enumerate(grown, self.own):
            made = self._convolved(count, convolution)[0, :, 0].permute(1, 2, 0)  # [H, W, 32]
            torch.ops.aten.leaky_relu.out(made, SLOPE, out=self.features[count])
        laid.add_(self._convolved(self.own + 4, last)[:, :, 0], alpha=SCALE)

    def _convolved(self, count: int, convolution: Convolution) -> Tensor:
        """The first `count` slices through a convolution, [1, out, 1, H, W]."""
        seen = self.features[:count].permute(3, 0, 1, 2)[None]
        # By its name, since F.conv3d takes a slow way in float32.
        return torch.mkldnn_convolution(
            seen, convolution.weight, convolution.bias, (0, 1, 1), stride=(1, 1, 1), dilation=(1, 1, 1), groups=1
        )
