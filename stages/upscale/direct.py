"""A dense block's convolutions on a CPU, directly, without joining the block's features.

The features lie in one buffer [slices, H, W, 32], where the first of them are a piece of memory without gaps. A
convolution over slices of 32 channels each is the convolution in three dimensions that sees all slices at once:
torch.cat, a twentieth of the time, has nothing to do. The weights are laid out once as oneDNN reads them, and what
follows a convolution (the rectifier, the sum with the signal) is done where its result is made.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from stages.upscale.dense import GROWTH, SCALE, SLOPE, Convolution

# Of oneDNN's convolution over slices, in the order of its arguments: padding, stride, dilation, groups.
OVER_SLICES = (0, 1, 1), (1, 1, 1), (1, 1, 1), 1


class Direct:
    """As dense.Dense; `channels` is a multiple of GROWTH."""

    def __init__(self, channels: int, height: int, width: int, dtype: torch.dtype) -> None:
        self.own = channels // GROWTH  # slices of the signal itself
        self.features = torch.empty(self.own + 4, height, width, GROWTH, dtype=dtype)

    @staticmethod
    def prepared(block: Sequence[Convolution]) -> list[Convolution]:
        """The weights as [out, 32, in / 32, 3, 3] in oneDNN's own order; the last convolution scaled as its result."""
        *grown, last = block
        scaled = Convolution(last.weight * SCALE, last.bias * SCALE)
        return [Convolution(_laid_out(one.weight), one.bias) for one in [*grown, scaled]]

    def laid(self, signal: Tensor) -> Tensor:
        return signal.clone(memory_format=torch.channels_last)

    def signal(self, laid: Tensor) -> Tensor:
        return laid

    def add(self, laid: Tensor, convolutions: Sequence[Convolution]) -> None:
        sliced = laid[0].unflatten(0, (self.own, GROWTH)).permute(0, 2, 3, 1)  # [own, H, W, 32], a view
        self.features[: self.own] = sliced
        *grown, last = convolutions
        for count, convolution in enumerate(grown, self.own):
            made = torch.ops.mkldnn._convolution_pointwise(
                self._seen(count), *convolution, *OVER_SLICES, "leaky_relu", [SLOPE], ""
            )
            self.features[count] = made[0, :, 0].permute(1, 2, 0)  # [H, W, 32]
        torch.ops.mkldnn._convolution_pointwise_.binary(
            laid[:, :, None], self._seen(self.own + 4), *last, *OVER_SLICES, "add", 1.0, None, [], None
        )

    def _seen(self, count: int) -> Tensor:
        """The first slices as a convolution takes them, [1, 32, count, H, W]."""
        return self.features[:count].permute(3, 0, 1, 2)[None]


def _laid_out(weight: Tensor) -> Tensor:
    """[out, in, 3, 3] for a convolution over slices, in the order in which oneDNN reads it."""
    sliced = weight.unflatten(1, (-1, GROWTH)).transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)
    return torch.ops.aten.mkldnn_reorder_conv3d_weight(sliced.to_mkldnn(), *OVER_SLICES)
