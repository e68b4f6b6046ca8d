"""What StyleGAN and StyleGAN2 share: equalized layers, mapping network, noise, discriminator."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import networks
from stages.gan.resampling import BINOMIAL, Blur, convolve

SLOPE = 0.2  # of every leaky ReLU
# Of the weights in front of a leaky ReLU (He 2015); right there, because leaky_relu(a x) = a leaky_relu(x).
GAIN = math.sqrt(2)
WIDEST = 512  # feature maps at most
GROUP = 4  # pictures that the minibatch standard deviation compares: `group_size` of the rows in architectures.py
MIXING = 0.9  # the share of pictures made of two styles (Karras 2018, section 3.1)
MEMORY = 0.995  # of the mean of w, each step (the official code of Karras 2018, 2019 and 2020: w_avg_beta)
RATE = 0.01  # learning rate of the mapping network, relative (Karras 2018, appendix C)


def channels(width: int, resolution: int) -> list[int]:
    """Feature maps at 4, 8, ... resolution pixels: `width` at full resolution, doubled inwards up to 512.

    Width 16 at 1024 pixels is StyleGAN, width 32 StyleGAN2's configuration F.
    Raises ValueError unless the resolution is a power of two from 8 on.
    """
    doublings = int(math.log2(resolution)) - 2
    if doublings < 1 or 4 * 2**doublings != resolution:
        raise ValueError(f"the resolution is {resolution}, but must be a power of two from 8 on")
    return [min(width * 2**k, WIDEST) for k in reversed(range(doublings + 1))]


class EqualLinear(nn.Module):
    """A linear layer with an equalized learning rate (Karras 2017, arXiv 1710.10196, section 4.1).

    The stored weights are standard normal (divided by `rate`) and scaled at run time. So Adam, whose steps know no
    scale, moves every layer at the same relative speed, and this one at `rate` of it.
    """

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0, rate: float = 1.0, bias: float = 0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = gain * rate / math.sqrt(inputs), rate

    def forward(self, vectors: Tensor) -> Tensor:
        """[N, inputs] to [N, outputs]."""
        # Without a scaled copy of the weights.
        return torch.addmm(self.bias, vectors, self.weight.mT, beta=self.rate, alpha=self.scale)


class EqualConv(nn.Module):
    """A convolution with an equalized learning rate, at the same size (`step` 0), twice (1) or half of it (-1)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = GAIN, step: int = 0, bias: bool = True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.step = gain / math.sqrt(inputs * kernel**2), step
        self.blur = Blur(BINOMIAL, kernel)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H * 2**step, W * 2**step]."""
        return convolve(maps, self.weight * self.scale, self.step, self.blur, self.bias)


class Noise(nn.Module):
    """Adds noise, one number per pixel, with a learned strength: one for each map, or one for all (`strengths` 1)."""

    constant: Tensor  # [side, side]

    def __init__(self, strengths: int, side: int):
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(strengths, 1, 1))
        self.register_buffer("constant", torch.randn(side, side))

    def forward(self, maps: Tensor, rng: torch.Generator | None) -> Tensor:
        """[N, C, H, W] to the same shape.

        Without `rng` the noise is always the same (noise_mode "const" of StyleGAN2's official code).
        """
        noise = self.constant
        if rng is not None:
            noise = torch.randn(len(maps), 1, *self.constant.shape, generator=rng, device=maps.device)
        return maps + (self.strength * noise).to(maps.dtype)


class Mapping(nn.Module):
    """z to w: eight layers (Karras 2018, figure 1b), as wide as the latent; 512 in the papers.

    `w_mean` follows the mean of w while training; truncation draws w toward it (Karras 2018, appendix B).
    """

    w_mean: Tensor  # [latent]

    def __init__(self, latent: int, styles: int):
        super().__init__()
        self.styles = styles
        self.layers = nn.ModuleList(EqualLinear(latent, latent, GAIN, RATE) for _ in range(8))
        self.register_buffer("w_mean", torch.zeros(latent))

    def forward(self, z: Tensor, rng: torch.Generator | None, truncation: float) -> Tensor:
        """z [N, latent] to a w for each styled layer, [N, styles, latent], float32; with `rng` the styles are mixed."""
        with torch.autocast(z.device.type, enabled=False):
            if rng is None:
                w = self.embed(z.float())
                return torch.lerp(self.w_mean, w, truncation)[:, None].expand(-1, self.styles, -1)
            other = torch.randn(z.shape, generator=rng, device=z.device)
            w, other = self.embed(torch.cat([z.float(), other])).chunk(2)
            self.w_mean.lerp_(w.detach().mean(0), 1 - MEMORY)
            return mix(torch.lerp(self.w_mean.clone(), w, truncation), other, self.styles, rng)

    def embed(self, z: Tensor) -> Tensor:
        """[N, latent] to [N, latent]; z is first brought to length sqrt(latent)."""
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = F.leaky_relu(layer(w), SLOPE)
        return w


def mix(w: Tensor, other: Tensor, styles: int, rng: torch.Generator) -> Tensor:
    """Style mixing (Karras 2018, section 3.1): `w` [N, latent] up to a random layer, `other` from there on.

    The result is [N, styles, latent]. Each picture has its own layer, between 1 and styles - 1, or with probability 0.1
    none.
    """
    place, whether = torch.rand(2, len(w), 1, generator=rng, device=w.device)  # [N, 1] each
    cut = torch.where(whether < MIXING, 1 + (place * (styles - 1)).floor(), styles)
    first = torch.arange(styles, device=w.device) < cut  # [N, styles]
    return torch.where(first[..., None], w[:, None], other[:, None])


def minibatch_std(maps: Tensor) -> Tensor:
    """One more map that says how much 4 pictures differ (Karras 2017, section 3): [N, C, H, W] to [N, C + 1, H, W].

    The groups are consecutive pictures (the official code takes every N/4-th), so that real and generated ones can
    share a batch without meeting in a group. Differentiable twice. Raises ValueError unless 4 divides N.
    """
    if len(maps) % GROUP:
        raise ValueError(
            f"the discriminator compares groups of {GROUP} pictures, so it cannot take {len(maps)}: "
            f"give it a multiple of {GROUP}"
        )
    groups = maps.float().unflatten(0, (-1, GROUP))  # [N / 4, 4, C, H, W]
    deviation = (groups.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))  # [N / 4]
    plane = deviation[:, None].expand(-1, GROUP).reshape(-1, 1, 1, 1).expand(-1, 1, *maps.shape[2:])  # [N, 1, H, W]
    return torch.cat([maps, plane.to(maps.dtype)], 1)


class Down(nn.Module):
    """Two convolutions, the second to half the side; `residual` adds the input beside them (Karras 2019, figure 7c)."""

    def __init__(self, inputs: int, outputs: int, residual: bool):
        super().__init__()
        half = math.sqrt(0.5) if residual else 1.0  # of the variance for each summand
        self.same = EqualConv(inputs, inputs, 3)
        self.down = EqualConv(inputs, outputs, 3, GAIN * half, step=-1)
        self.skip = EqualConv(inputs, outputs, 1, half, step=-1, bias=False) if residual else None

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H/2, W/2]."""
        main = F.leaky_relu(self.down(F.leaky_relu(self.same(maps), SLOPE)), SLOPE)
        return main if self.skip is None else main + self.skip(maps)


class Discriminator(networks.Discriminator):
    """Down to 4x4: ProGAN's (Karras 2017, table 2), which StyleGAN kept, or StyleGAN2's with `residual`.

    Because of the minibatch standard deviation a logit depends on its group of 4 pictures; the penalty R1 is taken all
    the same, as in the papers.
    """

    def __init__(self, width: int, resolution: int, residual: bool):
        super().__init__()
        sizes = channels(width, resolution)[::-1]
        deep = sizes[-1]
        self.from_rgb = EqualConv(3, sizes[0], 1)
        self.downs = nn.ModuleList(Down(a, b, residual) for a, b in pairwise(sizes))
        self.last = EqualConv(deep + 1, deep, 3)
        self.dense = EqualLinear(16 * deep, deep, GAIN)
        self.logit = EqualLinear(deep, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 3, R, R] in [-1, 1] to logits [N], float32; raises ValueError unless 4 divides N."""
        maps = F.leaky_relu(self.from_rgb(pictures.contiguous(memory_format=torch.channels_last)), SLOPE)
        for down in self.downs:
            maps = down(maps)
        maps = F.leaky_relu(self.last(minibatch_std(maps)), SLOPE)  # [N, C, 4, 4]
        vectors = F.leaky_relu(self.dense(maps.flatten(1)), SLOPE)  # [N, C]
        return self.logit(vectors).squeeze(1).float()  # [N]
