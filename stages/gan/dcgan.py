"""DCGAN (Radford, Metz, Chintala 2015, arXiv 1511.06434, figure 1), for 32 to 256 pixels.

At width 128 and 64 pixels the layers have the paper's shapes: 1024 x 4 x 4, 512 x 8 x 8, 256 x 16 x 16, 128 x 32 x 32,
3 x 64 x 64.
Two departures, each marked where it happens: a generator without checkerboard, a discriminator without batch norm.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import networks
from stages.gan.convolution import Conv2d
from stages.gan.resampling import BOX, Blur, convolve_with_blurred_kernel

SLOPE = 0.2  # of the discriminator's leaky ReLU (the paper, section 3)


def channels(width: int, resolution: int) -> list[int]:
    """Feature maps at 4, 8, ... resolution / 2 pixels: `width` next to the picture, doubled inwards up to 8 * width.

    Raises ValueError unless the resolution is a power of two from 8 on.
    """
    layers = int(math.log2(resolution)) - 2
    if layers < 1 or 4 * 2**layers != resolution:
        raise ValueError(f"the resolution is {resolution}, but must be a power of two from 8 on")
    return [width * min(2**k, 8) for k in reversed(range(layers))]


class Up(nn.Module):
    """A transposed convolution with kernel 4 and stride 2, whose kernel is a learned 3x3 blurred by a 2x2 box.

    Departure: the paper learns all 4x4 numbers. The four pixels that come of one then have kernels of different sums,
    and repeat as a checkerboard in flat areas: after some 7,000 pictures of 64 pixels, samples had six times the power
    of real pictures at the highest frequency, and with the box a third of it. Blurred, the layer equals "enlarge to
    nearest neighbors, then convolve 3x3" (Odena 2016, distill.pub/2016/deconv-checkerboard), with 9 products for four
    pixels (on a GPU 16) instead of 36.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs, 3, 3).normal_(std=0.02))  # the paper, section 4
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.blur = Blur(BOX, 3)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, 2H, 2W]."""
        if maps.is_cuda:
            return convolve_with_blurred_kernel(maps, self.weight.transpose(0, 1), 1, self.blur, self.bias)
        spread = F.conv_transpose2d(maps, self.weight, stride=2)  # [N, outputs, 2H + 1, 2W + 1]
        # Its own gradient is faster than that of `Blur.maps`, which can be differentiated twice.
        box = spread.new_ones(spread.shape[1], 1, 2, 2)
        return F.conv2d(spread, box, self.bias, groups=len(box))


class Generator(networks.Generator):
    """Project and reshape to 4x4, then double the side, halve the maps; batch norm, ReLU, tanh."""

    def __init__(self, latent: int, width: int, resolution: int):
        super().__init__(latent)
        sizes = channels(width, resolution)
        self.project = nn.Linear(latent, 16 * sizes[0], bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in sizes)
        self.ups = nn.ModuleList(Up(a, b, bias=b == 3) for a, b in zip(sizes, [*sizes[1:], 3], strict=True))
        nn.init.normal_(self.project.weight, std=0.02)

    def forward(self, z: Tensor, rng: torch.Generator | None = None, truncation: float = 1.0) -> Tensor:
        """z [N, latent], times `truncation`, to pictures [N, 3, R, R] in [-1, 1]; nothing else is random."""
        maps = self.project(truncation * z).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)  # [N, C, 4, 4], channels last
        for norm, up in zip(self.norms, self.ups, strict=True):
            maps = up(F.relu(norm(maps)))
        return torch.tanh(maps.float())  # [N, 3, R, R]


class Discriminator(networks.Discriminator):
    """Halve the side, double the maps, down to 4x4, then one linear unit; leaky ReLU throughout.

    Departure: no batch norm. It would let the pictures of a batch see each other, and then neither the penalty R1
    (the gradient at one picture) nor the relativistic pairing means what its formula says (Mescheder 2018 trains
    without, too). So the first weights are scaled to keep the variance (He 2015) instead of the paper's fixed 0.02.
    """

    def __init__(self, width: int, resolution: int):
        super().__init__()
        sizes = channels(width, resolution)[::-1]
        pairs = zip([3, *sizes[:-1]], sizes, strict=True)
        downs = [Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairs]
        self.downs = nn.ModuleList(downs)
        self.logit = nn.Linear(16 * sizes[-1], 1)
        for down in downs:
            assert down.bias is not None
            nn.init.kaiming_normal_(down.weight, a=SLOPE)
            nn.init.zeros_(down.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 3, R, R] in [-1, 1] to logits [N], float32."""
        maps = pictures.contiguous(memory_format=torch.channels_last)
        for down in self.downs:
            maps = F.leaky_relu(down(maps), SLOPE)
        return self.logit(maps.permute(0, 2, 3, 1).flatten(1)).squeeze(1).float()  # [N]
