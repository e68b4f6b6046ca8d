"""StyleGAN (Karras 2018, arXiv 1812.04948, figure 1b), for 32 to 1024 pixels.

Width 16 and latent 512 at 1024 pixels are the paper's. It draws noise and styles from `rng` in training only.
Departures: no progressive growing (all layers train from the start, which needs no schedule; StyleGAN2 dropped it,
too); the constant begins random like StyleGAN2's, not as ones, whose deviation is 0 when the first style divides by it.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import networks, style
from stages.gan.style import SLOPE, EqualConv, EqualLinear, Mapping, Noise, channels


def adain(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Give each map [N, C, H, W] the mean `shift` and standard deviation `scale`, [N, C] each (equation 1)."""
    variance, mean = torch.var_mean(maps, (2, 3), correction=0)  # [N, C] each
    factor = scale * (variance + 1e-8).rsqrt()
    offset = shift - mean * factor
    return torch.addcmul(offset[..., None, None].to(maps.dtype), maps, factor[..., None, None].to(maps.dtype))


class Styled(nn.Module):
    """What follows each convolution: noise, leaky ReLU, then the style as mean and deviation of each map."""

    def __init__(self, latent: int, maps: int, side: int):
        super().__init__()
        self.noise = Noise(maps, side)
        self.affine = EqualLinear(latent, 2 * maps)

    def forward(self, maps: Tensor, w: Tensor, rng: torch.Generator | None) -> Tensor:
        """Maps [N, C, side, side] and w [N, latent] to the shape of the maps."""
        scale, shift = self.affine(w).chunk(2, dim=1)  # [N, C] each
        return adain(F.leaky_relu(self.noise(maps, rng), SLOPE), 1 + scale, shift)


class Generator(networks.Generator):
    """A learned constant, two styled layers for each resolution, from 4x4 up."""

    def __init__(self, latent: int, width: int, resolution: int):
        super().__init__(latent)
        sizes = channels(width, resolution)
        self.mapping = Mapping(latent, styles=2 * len(sizes))
        self.constant = nn.Parameter(torch.randn(sizes[0], 4, 4))
        self.bias = nn.Parameter(torch.zeros(sizes[0], 1, 1))  # of the constant; the convolutions have their own
        self.ups = nn.ModuleList(EqualConv(a, b, 3, step=1) for a, b in pairwise(sizes))
        self.convs = nn.ModuleList(EqualConv(size, size, 3) for size in sizes)
        self.styles = nn.ModuleList(Styled(latent, size, 4 * 2**k) for k, size in enumerate(sizes) for _ in range(2))
        self.to_rgb = EqualConv(sizes[-1], 3, 1, gain=1.0)

    def forward(self, z: Tensor, rng: torch.Generator | None = None, truncation: float = 1.0) -> Tensor:
        """z [N, latent], standard normal, to pictures [N, 3, R, R], about in [-1, 1], float32."""
        w = self.mapping(z, rng, truncation).unbind(1)  # [N, latent] for each styled layer
        maps = (self.constant + self.bias).expand(len(z), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        for k, conv in enumerate(self.convs):
            if k > 0:
                maps = self.ups[k - 1](maps)
            maps = self.styles[2 * k](maps, w[2 * k], rng)
            maps = self.styles[2 * k + 1](conv(maps), w[2 * k + 1], rng)
        return self.to_rgb(maps).float()  # [N, 3, R, R]


class Discriminator(style.Discriminator):
    """ProGAN's discriminator, with the filters of StyleGAN."""

    def __init__(self, width: int, resolution: int):
        super().__init__(width, resolution, residual=False)
