"""RRDBNet, the network of ESRGAN and Real-ESRGAN (Wang 2018, arXiv 1809.00219, figure 4), to enlarge with on a CPU.

It computes what spandrel's computes, in less time and memory: the dense blocks in one of two ways (WAYS), and what
comes after them, at the enlarged size, in bands.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel
from stages.upscale.dense import DENSE, EACH, SCALE, SLOPE, Convolution, Dense
from stages.upscale.direct import Direct
from stages.upscale.network import Enlarger, Model
from stages.upscale.winograd import Winograd

WAYS: Mapping[str, type[Dense]] = {"direct": Direct, "winograd": Winograd}  # by `Kernel.convolution`
PROBED_BLOCKS = 2  # residual blocks with which kernels are measured
BAND, FRAME = 80, 2  # lines of a band before it is enlarged, and those around it that its result depends on


def available(device: torch.device) -> bool:
    """Whether it can be computed there: on CPUs with PyTorch's oneDNN."""
    return device.type == "cpu" and torch.backends.mkldnn.is_available()


def model(scale: int, convolutions: Sequence[Convolution]) -> Model:
    """`convolutions` as RRDBNet takes them."""
    after = _after_the_trunk(scale)
    blocks = convolutions[1:-after][: PROBED_BLOCKS * DENSE * EACH]

    def build(_device: torch.device, kernel: Kernel) -> Enlarger:
        return RRDBNet(scale, convolutions, kernel)

    def probed(_device: torch.device, kernel: Kernel) -> Enlarger:
        return RRDBNet(scale, [convolutions[0], *blocks, *convolutions[-after:]], kernel)

    features, channels = convolutions[0].weight.shape[:2]
    about = f"RRDBNet of {features} features, {scale} times larger"
    return Model(scale, channels, (FLOAT32, WINOGRAD, BFLOAT16), build, probed, about)


class RRDBNet:
    """[1, C, H, W] in [0, 1], float32 -> float32 [1, C', scale * H, scale * W]; C and C' are the weights' channels."""

    def __init__(self, scale: int, convolutions: Sequence[Convolution], kernel: Kernel) -> None:
        """`convolutions` of float32 in the order in which they run; their features are a multiple of GROWTH.

        `scale` is a power of 2; the kernel "winograd" is there in float32.
        """
        self.scale, self.dtype, self.way = scale, kernel.dtype, WAYS[kernel.convolution]
        self.first, *others = [
            Convolution(
                one.weight.to(kernel.dtype, memory_format=torch.channels_last), one.bias.to(kernel.dtype, copy=True)
            )
            for one in convolutions
        ]
        after = _after_the_trunk(scale)
        trunk = others[:-after]
        self.dense = [self.way.prepared(trunk[start : start + EACH]) for start in range(0, len(trunk), EACH)]
        self.body, *self.doublings, self.large, _ = others[-after:]
        # In float32: rounded to bfloat16 the picture would lose as much as by all else.
        self.last = Convolution(convolutions[-1].weight, convolutions[-1].bias)

    def __call__(self, picture: Tensor) -> Tensor:
        unit = picture.to(self.dtype, memory_format=torch.channels_last)
        first = _convolved(unit, self.first)
        signal = _convolved(self._trunk(first), self.body).add_(first)
        return self._enlarged(signal)

    def _trunk(self, signal: Tensor) -> Tensor:
        """The residual blocks of dense blocks, [1, features, H, W] to the same."""
        _, channels, height, width = signal.shape
        way = self.way(channels, height, width, self.dtype)
        whole = way.laid(signal)
        for start in range(0, len(self.dense), DENSE):
            inner = whole.clone()
            for convolutions in self.dense[start : start + DENSE]:
                way.add(inner, convolutions)
            whole.add_(inner, alpha=SCALE)
        return way.signal(whole)

    def _enlarged(self, signal: Tensor) -> Tensor:
        """What is left after the trunk, band by band, each with a frame, since the features are many times larger."""
        height = signal.shape[2]
        bands = []
        for top in range(0, height, BAND):
            start, end = max(0, top - FRAME), min(height, top + BAND)
            part = self._large(signal[:, :, start : end + FRAME])
            bands.append(part[:, :, self.scale * (top - start) : self.scale * (end - start)])
        return torch.cat(bands, 2)

    def _large(self, signal: Tensor) -> Tensor:
        for convolution in self.doublings:
            signal = _rectified(F.interpolate(signal, scale_factor=2), convolution)
        return _convolved(_rectified(signal, self.large).float(), self.last)


def _after_the_trunk(scale: int) -> int:
    """How many convolutions follow the dense blocks."""
    return scale.bit_length() + 2


def _convolved(signal: Tensor, convolution: Convolution) -> Tensor:
    return F.conv2d(signal, convolution.weight, convolution.bias, padding=1)


def _rectified(signal: Tensor, convolution: Convolution) -> Tensor:
    """Convolved and rectified in one pass."""
    options = (1, 1), (1, 1), (1, 1), 1  # padding, stride, dilation, groups
    return torch.ops.mkldnn._convolution_pointwise(signal, *convolution, *options, "leaky_relu", [SLOPE], "")
