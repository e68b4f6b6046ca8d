"""StyleGAN2 (Karras 2019, arXiv 1912.04958, figures 2 and 7), for 32 to 1024 pixels.

Width 32 and latent 512 at 1024 pixels are the paper's configuration F. It draws noise and styles from `rng` in training
only.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import networks, style
from stages.gan.resampling import BINOMIAL, Blur, convolve
from stages.gan.style import GAIN, SLOPE, EqualLinear, Mapping, Noise, channels

PATH_MEMORY = 0.99  # of the mean path length, each time (the paper, appendix B)


def modulated(maps: Tensor, weight: Tensor, scales: Tensor, step: int, blur: Blur, gain: float = 1.0) -> Tensor:
    """Convolve each picture with its own weights: scaled by input map, then to unit norm by output map (eq. 1 and 3).

    Maps [N, I, H, W], weight [O, I, 3, 3] and scales [N, I] give [N, O, H * 2**step, W * 2**step]. Scaling the maps
    before and after one common convolution is the same sum as N convolutions with weights of their own, which are slow
    on a CPU.
    """
    norms = (scales.square() @ weight.square().sum((2, 3)).mT + 1e-8).rsqrt()  # [N, O], the paper's demodulation
    maps = convolve(maps * scales[..., None, None].to(maps.dtype), weight, step, blur)
    return maps * (gain * norms)[..., None, None].to(maps.dtype)


class StyledConv(nn.Module):
    """A convolution whose weights a style modulates, noise, leaky ReLU. `step` 1 doubles the side first."""

    def __init__(self, latent: int, inputs: int, outputs: int, side: int, step: int):
        super().__init__()
        self.affine = EqualLinear(latent, inputs, bias=1.0)
        # Demodulated, so its scale at run time does not matter.
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.noise = Noise(1, side)
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.step = step
        self.blur = Blur(BINOMIAL, 3)

    def forward(self, maps: Tensor, w: Tensor, rng: torch.Generator | None) -> Tensor:
        """Maps [N, inputs, H, W] and w [N, latent] to [N, outputs, side, side]."""
        maps = modulated(maps, self.weight, self.affine(w), self.step, self.blur, GAIN)
        return F.leaky_relu(self.noise(maps, rng) + self.bias.to(maps.dtype), SLOPE)


class ToRGB(nn.Module):
    """What one resolution adds to the picture: a modulated 1x1 convolution without demodulation (figure 7)."""

    def __init__(self, latent: int, inputs: int):
        super().__init__()
        self.affine = EqualLinear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3, 1, 1))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, maps: Tensor, w: Tensor) -> Tensor:
        """Maps [N, inputs, H, W] and w [N, latent] to [N, 3, H, W], float32."""
        scales = (self.affine(w) * self.scale)[..., None, None].to(maps.dtype)
        return F.conv2d(maps * scales, self.weight).float() + self.bias


class Generator(networks.PathLengthGenerator):
    """A learned constant, styled from 4x4 up; each resolution adds its part of the picture."""

    enlarge: Tensor  # [3, 1, 4, 4]
    path_mean: Tensor  # a scalar

    def __init__(self, latent: int, width: int, resolution: int):
        super().__init__(latent)
        sizes = channels(width, resolution)
        self.mapping = Mapping(latent, styles=2 * len(sizes))
        self.constant = nn.Parameter(torch.randn(sizes[0], 4, 4))
        self.first = StyledConv(latent, sizes[0], sizes[0], 4, step=0)
        pairs = list(pairwise(sizes))
        self.ups = nn.ModuleList(StyledConv(latent, a, b, 8 * 2**k, step=1) for k, (a, b) in enumerate(pairs))
        self.convs = nn.ModuleList(StyledConv(latent, b, b, 8 * 2**k, step=0) for k, (_, b) in enumerate(pairs))
        self.to_rgb = nn.ModuleList(ToRGB(latent, size) for size in sizes)
        self.register_buffer("enlarge", 4 * Blur(BINOMIAL, 3).fir.expand(3, 1, 4, 4), persistent=False)
        self.register_buffer("path_mean", torch.zeros(()))

    def forward(self, z: Tensor, rng: torch.Generator | None = None, truncation: float = 1.0) -> Tensor:
        """z [N, latent], standard normal, to pictures [N, 3, R, R], about in [-1, 1], float32."""
        return self.synthesize(self.mapping(z, rng, truncation), rng)

    def synthesize(self, w: Tensor, rng: torch.Generator | None) -> Tensor:
        """One w for each layer, [N, 2 log2(R) - 2, latent], to pictures.

        A resolution's last w serves its colors and the next layer.
        """
        styles = w.unbind(1)
        maps = self.constant.expand(len(styles[0]), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        maps = self.first(maps, styles[0], rng)
        pictures = self.to_rgb[0](maps, styles[1])
        for k, (up, conv, to_rgb) in enumerate(zip(self.ups, self.convs, self.to_rgb[1:], strict=True)):
            maps = conv(up(maps, styles[2 * k + 1], rng), styles[2 * k + 2], rng)
            with torch.autocast(maps.device.type, enabled=False):  # the sum of the parts stays float32
                pictures = F.conv_transpose2d(pictures, self.enlarge, stride=2, padding=1, groups=3)
            pictures = pictures + to_rgb(maps, styles[2 * k + 3])
        return pictures  # [N, 3, R, R]

    def path_penalty(self, z: Tensor, rng: torch.Generator) -> Tensor:
        """The path length regularizer, a scalar, before its weight: E (|J_w^T y| - a)^2 (the paper, equation 4).

        y is standard normal, and a is the running mean of the lengths, `path_mean`, which this call moves on. As in the
        official code the length is the root mean square over the layers' own w, and y is divided by R.
        """
        w = self.mapping(z, rng, truncation=1.0)
        pictures = self.synthesize(w, rng)
        lengths = path_lengths(pictures, w, torch.randn(pictures.shape, generator=rng, device=pictures.device))
        self.path_mean.lerp_(lengths.detach().mean(), 1 - PATH_MEMORY)
        return (lengths - self.path_mean.clone()).square().mean()


def path_lengths(pictures: Tensor, w: Tensor, y: Tensor) -> Tensor:
    """|J_w^T y| for each picture, [N], differentiable.

    How far `pictures` [N, 3, R, R], moved along y / R, want to move w [N, L, latent].
    """
    (pull,) = torch.autograd.grad((pictures * y).sum() / pictures.shape[-1], w, create_graph=True)
    return pull.float().square().sum(2).mean(1).sqrt()


class Discriminator(style.Discriminator):
    """The residual discriminator (the paper, figure 7c)."""

    def __init__(self, width: int, resolution: int):
        super().__init__(width, resolution, residual=True)
