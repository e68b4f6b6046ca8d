"""FastGAN (Liu 2021, arXiv 2101.04775, figures 3 and 4), for 32 to 1024 pixels: for few pictures and little computing.

Width 8 at 1024 pixels, 16 at 512 and 32 at 256 are the paper's sizes (ngf = ndf = 64 in the official code).
Departure: no spectral norm. In the generator batch norm undoes any scale of the weights; in the discriminator its state
would move with every pass, also one over validation pictures, and R1 already bounds the gradient.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import networks
from stages.gan.convolution import Conv2d
from stages.gan.dcgan import SLOPE, Up
from stages.gan.style import Noise

# Feature maps at each side, in units of 64 (the official code).
MAPS = {4: 16.0, 8: 8.0, 16: 4.0, 32: 2.0, 64: 2.0, 128: 1.0, 256: 0.5, 512: 0.25, 1024: 0.125}
TWICE = (8, 32, 128, 512)  # sides at which a second convolution, and noise, follow the first (the official code)
SMALL = 128  # pixels at most of the small copy that the discriminator takes, too, and of what it reconstructs


def channels(width: int, resolution: int) -> dict[int, int]:
    """The generator's feature maps at each side from 4 on, in the paper's proportions, `width` at full resolution.

    Raises ValueError unless the resolution is a power of two from 32 to 1024.
    """
    if resolution < 32 or resolution not in MAPS:
        raise ValueError(f"the resolution is {resolution}, but must be a power of two from 32 to 1024")
    return {side: int(width * times / MAPS[resolution]) for side, times in MAPS.items() if side <= resolution}


class Gated(nn.Module):
    """A convolution to twice the maps, noise (where `side` is given), batch norm, and a gated linear unit."""

    def __init__(self, conv: nn.Module, outputs: int, side: int | None = None):
        super().__init__()
        self.conv, self.norm = conv, nn.BatchNorm2d(2 * outputs)
        self.noise = None if side is None else Noise(1, side)

    def forward(self, maps: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H or 2H, W or 2W]."""
        maps = self.conv(maps)
        if self.noise is not None:
            maps = self.noise(maps, rng)
        return glu(self.norm(maps))


def glu(maps: Tensor) -> Tensor:
    """Gated linear unit, [N, 2C, H, W] to [N, C, H, W].

    The gradient of F.glu is laid out channels first: batch norm then took 10 times as long. A sigmoid of half the maps
    where they lie, in runs of 32 numbers, takes 6 times as long in bfloat16 as that of a copy.
    """
    value, gate = maps.chunk(2, dim=1)
    return value * torch.sigmoid(gate.contiguous(memory_format=torch.channels_last))


class Excitation(nn.Module):
    """Skip-layer channel-wise excitation (the paper, equation 1): small maps decide the factor of each large one."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.squeeze = Conv2d(inputs, outputs, 4, bias=False)
        self.excite = Conv2d(outputs, outputs, 1, bias=False)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        """Small [N, inputs, S, S], S a multiple of 4, and large [N, outputs, H, W] to the shape of the large ones."""
        pooled = F.avg_pool2d(small, small.shape[-1] // 4)  # [N, inputs, 4, 4]
        return large * torch.sigmoid(self.excite(F.silu(self.squeeze(pooled))))


class Generator(networks.Generator):
    """From 4x4 up; the maps of 4 to 32 pixels excite those sixteen times as large."""

    def __init__(self, latent: int, width: int, resolution: int):
        super().__init__(latent)
        sizes = channels(width, resolution)
        # The same as the official transposed convolution of 1x1, but cheaper.
        self.project = nn.Linear(latent, 16 * 2 * sizes[4], bias=False)
        self.norm = nn.BatchNorm2d(2 * sizes[4])
        self.ups, self.convs, self.skips = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()  # by side
        for side in list(sizes)[1:]:
            before, size, noisy = sizes[side // 2], sizes[side], side if side in TWICE else None
            self.ups[str(side)] = Gated(Up(before, 2 * size, bias=False), size, noisy)
            if noisy:
                self.convs[str(side)] = Gated(Conv2d(size, 2 * size, 3, padding=1, bias=False), size, noisy)
            if 64 <= side <= 512:
                self.skips[str(side)] = Excitation(sizes[side // 16], size)
        self.to_rgb = Conv2d(width, 3, 3, padding=1, bias=False)
        self.apply(small_weights)

    def forward(self, z: Tensor, rng: torch.Generator | None = None, truncation: float = 1.0) -> Tensor:
        """z [N, latent], standard normal, times `truncation`, to pictures [N, 3, R, R] in [-1, 1]."""
        maps = self.project(truncation * z).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)  # [N, 2C, 4, 4], channels last
        maps = glu(self.norm(maps))
        seen = {4: maps}
        for name, up in self.ups.items():
            side = int(name)
            maps = up(maps, rng)
            if name in self.convs:
                maps = self.convs[name](maps, rng)
            if name in self.skips:
                maps = self.skips[name](seen[side // 16], maps)
            seen[side] = maps  # [N, C, side, side]
        return torch.tanh(self.to_rgb(maps).float())  # [N, 3, R, R]


class Down(nn.Module):
    """Half the side by two ways at once: two convolutions, the first strided, and a pooled shortcut (figure 4)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.strided = Conv2d(inputs, outputs, 4, stride=2, padding=1)
        self.conv = Conv2d(outputs, outputs, 3, padding=1)
        self.direct = Conv2d(inputs, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H/2, W/2]."""
        main = F.leaky_relu(self.conv(F.leaky_relu(self.strided(maps), SLOPE)), SLOPE)
        direct = F.leaky_relu(self.direct(F.avg_pool2d(maps, 2)), SLOPE)
        # Departure: the paper halves the sum, but without batch norm that would fade.
        return (main + direct) * math.sqrt(0.5)


class Decoder(nn.Module):
    """Feature maps of 8x8 to a picture: as small as tells what the discriminator has seen (the paper, section 3.2)."""

    def __init__(self, inputs: int, width: int, resolution: int, side: int):
        super().__init__()
        steps = [inputs]
        steps += [max(1, size // 2) for at, size in channels(width, resolution).items() if 8 < at <= side]
        self.ups = nn.ModuleList(Gated(Up(a, 2 * b, bias=False), b) for a, b in pairwise(steps))
        self.to_rgb = Conv2d(steps[-1], 3, 3, padding=1, bias=False)
        self.apply(small_weights)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, 8, 8] to [N, 3, side, side] in [-1, 1], float32."""
        maps = maps.contiguous(memory_format=torch.channels_last)  # what `crop` gives is not
        for up in self.ups:
            maps = up(maps)
        return torch.tanh(self.to_rgb(maps).float())


class Discriminator(networks.SelfSupervisedDiscriminator):
    """25 logits for overlapping patches of the picture and 25 for those of a small copy of it.

    Departures: no batch norm (see dcgan.Discriminator), biases and He's first weights instead; every resolution begins
    with a strided convolution, as the paper's 512 and 1024 do, since one at full resolution would cost more than all
    others at 64 pixels; the small copy is the mean of blocks, where the official generator makes a small picture of its
    own.
    """

    def __init__(self, width: int, resolution: int):
        super().__init__()
        self.side = min(SMALL, resolution // 2)  # of the small copy, and of what is reconstructed
        sides = [side for side in reversed(channels(width, resolution)) if 8 <= side < resolution]
        # `width` after the first layer, twice as many each time.
        sizes = {side: width * resolution // (2 * side) for side in sides}
        self.first = Conv2d(3, width, 4, stride=2, padding=1)
        self.downs = nn.ModuleDict({str(side): Down(sizes[2 * side], sizes[side]) for side in sides[1:]})
        skips = [side for side in (8, 16, 32) if 8 * side in sizes]  # the official code
        self.skips = nn.ModuleDict({str(side): Excitation(sizes[8 * side], sizes[side]) for side in skips})
        self.judge = nn.Sequential(Conv2d(sizes[8], sizes[8], 1), nn.LeakyReLU(SLOPE), Conv2d(sizes[8], 1, 4))
        small = [sizes[side] // 2 for side in sides if side < self.side]
        self.small = nn.Sequential(Conv2d(3, small[0], 4, stride=2, padding=1), nn.LeakyReLU(SLOPE))
        self.small.extend(Down(a, b) for a, b in pairwise(small))
        self.judge_small = Conv2d(small[-1], 1, 4)
        self.apply(he_weights)
        self.whole = Decoder(sizes[8], width, resolution, self.side)
        self.part = Decoder(sizes[16], width, resolution, self.side)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 3, R, R] in [-1, 1] to logits [N, 50], float32."""
        return self.logits_and_maps(pictures)[0]

    def self_supervised(self, pictures: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Logits [N, 50] of real pictures, and how badly they are reconstructed, a scalar (the paper, equation 2).

        From the maps of 8x8 the whole picture, small, and from a quarter of those of 16x16 that quarter of the picture,
        drawn for each picture (the official code: for each batch). Departure: the distance is the mean absolute
        difference (L1); the official code compares deep features (LPIPS), which would need another pretrained network.
        """
        logits, at_16, at_8 = self.logits_and_maps(pictures)
        quarter = (4 * torch.rand(len(pictures), generator=rng, device=pictures.device)).floor()  # [N], 0..3
        whole = F.l1_loss(self.whole(at_8), shrink(pictures, self.side))
        part = F.l1_loss(self.part(crop(at_16, quarter)), shrink(crop(pictures, quarter), self.side))
        return logits, whole + part

    def logits_and_maps(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits [N, 50] and the feature maps of 16 x 16 and 8 x 8 pixels."""
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        maps = F.leaky_relu(self.first(pictures), SLOPE)
        seen = {maps.shape[-1]: maps}
        for name, down in self.downs.items():
            side, maps = int(name), down(maps)
            if name in self.skips:
                maps = self.skips[name](seen[8 * side], maps)
            seen[side] = maps  # [N, C, side, side]
        small = self.judge_small(self.small(shrink(pictures, self.side)))  # [N, 1, 5, 5]
        return torch.cat([self.judge(maps).flatten(1), small.flatten(1)], 1).float(), seen[16], maps


def shrink(pictures: Tensor, side: int) -> Tensor:
    """[N, 3, R, R] to [N, 3, side, side]: means of blocks."""
    return F.avg_pool2d(pictures, pictures.shape[-1] // side)


def crop(maps: Tensor, quarter: Tensor) -> Tensor:
    """[N, C, S, S] to the quarter [N] (0..3, row by row) of each, [N, C, S/2, S/2].

    As a sum, since an index would wait for the device.
    """
    quarters = maps.unflatten(3, (2, -1)).unflatten(2, (2, -1))  # [N, C, 2, S/2, 2, S/2]
    chosen = quarter[:, None] == torch.arange(4, device=maps.device)  # [N, 4]
    return (quarters * chosen.view(-1, 1, 2, 1, 2, 1).to(maps.dtype)).sum((2, 4))


def small_weights(layer: nn.Module) -> None:
    """The official first weights, std 0.02; what follows is normalized (`Up` draws its own, the same)."""
    if isinstance(layer, Conv2d | nn.Linear):
        nn.init.normal_(layer.weight, std=0.02)


def he_weights(layer: nn.Module) -> None:
    """First weights that keep the variance through leaky ReLUs (He 2015)."""
    if isinstance(layer, Conv2d):
        nn.init.kaiming_normal_(layer.weight, a=SLOPE)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
