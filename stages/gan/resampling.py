"""Convolutions that double or halve the side of their maps, and blur them against aliasing.

On a CPU, where products are what costs, the maps are blurred by themselves. On a GPU, where memory is what costs, the
kernel is blurred instead: one convolution with a larger kernel, the `fused_scale` of Karras 2017's official code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan.convolution import conv2d

# The low-pass filters by rows, each with the sum 1: of StyleGAN and StyleGAN2, and DCGAN's.
BINOMIAL, BOX = (0.125, 0.375, 0.375, 0.125), (0.5, 0.5)


class Blur(nn.Module):
    """A low-pass filter in two dimensions, for maps or for kernels [K, K]."""

    fir: Tensor  # [F, F]
    spread: Tensor  # [K K, (K + F - 1)^2]

    def __init__(self, row: tuple[float, ...], kernel: int):
        super().__init__()
        fir = torch.tensor(row)[:, None] * torch.tensor(row)
        single = torch.eye(kernel**2).view(-1, 1, kernel, kernel)  # kernels with a 1 and zeros
        spread = F.conv2d(single, fir[None, None], padding=len(row) - 1).flatten(1)
        self.register_buffer("fir", fir, persistent=False)
        self.register_buffer("spread", spread, persistent=False)

    def maps(self, maps: Tensor, gain: float, padding: int, stride: int = 1, bias: Tensor | None = None) -> Tensor:
        """Each map [H, W] filtered by itself and multiplied by `gain`, differentiable any number of times.

        As a depthwise convolution: on a CPU with channels last, the fastest of six ways tried.
        """
        kernel = (gain * self.fir).to(maps.dtype).expand(maps.shape[1], 1, *self.fir.shape)
        return _Depthwise.apply(maps, kernel, bias, padding, stride, False)

    def kernels(self, weight: Tensor) -> Tensor:
        """Kernels [A, B, K, K] to [A, B, K + F - 1, K + F - 1], float32."""
        with torch.autocast(weight.device.type, enabled=False):
            side = weight.shape[-1] + len(self.fir) - 1
            return (weight.flatten(2) @ self.spread).unflatten(2, (side, side))


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution with a constant kernel, or `transposed`: either one is the other's gradient.

    PyTorch's own second derivative would work out the kernel's gradient as well, one map at a time.
    """

    @staticmethod
    def forward(
        context, maps: Tensor, kernel: Tensor, bias: Tensor | None, padding: int, stride: int, transposed: bool
    ) -> Tensor:
        context.kernel, context.padding, context.stride, context.transposed = kernel, padding, stride, transposed
        if not transposed:
            return F.conv2d(maps, kernel, bias, stride, padding, groups=len(kernel))
        # With a stride, oneDNN takes 4 to 25 times as long in bfloat16.
        dtype = maps.dtype if stride == 1 else torch.promote_types(maps.dtype, torch.float32)
        spread = F.conv_transpose2d(maps.to(dtype), kernel.to(dtype), None, stride, padding, groups=len(kernel))
        return spread.to(maps.dtype)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, Tensor | None, None, None, None]:
        back = _Depthwise.apply(gradient, context.kernel, None, context.padding, context.stride, not context.transposed)
        of_bias = gradient.sum((0, 2, 3)) if context.needs_input_grad[2] else None
        return back, None, of_bias, None, None, None


def convolve(maps: Tensor, weight: Tensor, step: int, blur: Blur, bias: Tensor | None = None) -> Tensor:
    """[N, I, H, W] by weight [O, I, K, K] to [N, O, H * 2**step, W * 2**step], filtered where the size changes.

    The order is StyleGAN2's: zeros between the pixels, convolution, filter; filter, convolution, every second pixel. It
    equals StyleGAN's "repeat each pixel, convolution, filter [1, 2, 1]", since [1, 1] * [1, 2, 1] = [1, 3, 3, 1].
    """
    if step == 0:
        return conv2d(maps, weight, bias, padding=weight.shape[-1] // 2)
    ways = convolve_with_blurred_kernel if maps.is_cuda else convolve_and_blur
    return ways(maps, weight, step, blur, bias)


def convolve_and_blur(maps: Tensor, weight: Tensor, step: int, blur: Blur, bias: Tensor | None) -> Tensor:
    """The fewest products, for a filter of 4x4."""
    if step > 0:
        spread = F.conv_transpose2d(maps, weight.transpose(0, 1), stride=2)  # [N, O, 2H + 1, 2W + 1]
        return blur.maps(spread, 4.0, padding=1, bias=bias)  # 4: of four pixels three were 0
    if weight.shape[-1] == 1:
        return F.conv2d(blur.maps(maps, 1.0, padding=1, stride=2), weight, bias)
    return F.conv2d(blur.maps(maps, 1.0, padding=2), weight, bias, stride=2)


def convolve_with_blurred_kernel(maps: Tensor, weight: Tensor, step: int, blur: Blur, bias: Tensor | None) -> Tensor:
    """The same, for any filter, with the fewest passes through memory.

    The blurred kernel of up to 6x6 is one of 3x3 for each of the four places that a pixel has in a square of 2x2: GPUs
    have no fast kernels of other sizes.
    """
    kernel = blur.kernels(weight)
    border = (6 - kernel.shape[-1]) // 2
    phases = F.pad(kernel, (border,) * 4).unflatten(3, (3, 2)).unflatten(2, (3, 2))  # [O, I, 3, 2, 3, 2]
    if step > 0:
        phases = phases.flip(2, 4).permute(3, 5, 0, 1, 2, 4).flatten(0, 2)  # [4 O, I, 3, 3]
        bias = None if bias is None else bias.repeat(4)
        return join(conv2d(maps, 4 * phases, bias, padding=1))
    return conv2d(divide(maps), phases.permute(0, 3, 5, 1, 2, 4).flatten(1, 3), bias, padding=1)


def divide(maps: Tensor) -> Tensor:
    """[N, C, 2H, 2W] to [N, 4 C, H, W], channels last: the pixels of each square of 2x2 one after the other."""
    count, channels, height, width = maps.shape
    squares = maps.permute(0, 2, 3, 1).reshape(count, height // 2, 2, width // 2, 2, channels)
    return squares.transpose(2, 3).reshape(count, height // 2, width // 2, 4 * channels).permute(0, 3, 1, 2)


def join(maps: Tensor) -> Tensor:
    """The reverse of `divide`."""
    count, channels, height, width = maps.shape
    squares = maps.permute(0, 2, 3, 1).reshape(count, height, width, 2, 2, channels // 4)
    return squares.transpose(2, 3).reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)
