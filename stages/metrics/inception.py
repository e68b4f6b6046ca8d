"""The FID Inception-v3 (Szegedy 2015, arXiv 1512.00567, as in the TensorFlow graph of 2015-12-05), in float32.

Written out here with the real weights: torch-fidelity's, which tests compare it with, takes seconds to import.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from stages.common import state_dict
from stages.common.cli import UserError
from stages.common.weights import INCEPTION

SIDE = 299  # pixels
EPSILON = 1e-3  # of the batch norms


class Convolution(nn.Conv2d):
    """Convolution with its batch norm folded in, and ReLU. A kernel of odd sides keeps the size, unless `valid`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int | tuple[int, int] = 1, stride: int = 1, valid: bool = False
    ):
        high, wide = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        super().__init__(inputs, outputs, (high, wide), stride, (0, 0) if valid else (high // 2, wide // 2))

    def forward(self, maps: Tensor) -> Tensor:
        """[N, I, H, W] to [N, O, H', W']."""
        return super().forward(maps).relu_()


class Branches(nn.ModuleList):
    """Several ways through a block, side by side."""

    def forward(self, maps: Tensor) -> Tensor:
        """[N, I, H, W] to [N, sum of O, H', W']."""
        return torch.cat([branch(maps) for branch in self], 1)


class Inception(nn.Module):
    """uint8 [N, 3, H, W] to float32 [N, 2048]; what is not of `side` pixels is resized as the graph of 2015 did."""

    side = SIDE

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            Convolution(3, 32, 3, 2, valid=True),
            Convolution(32, 32, 3, valid=True),
            Convolution(32, 64, 3),
            nn.MaxPool2d(3, 2),
            Convolution(64, 80),
            Convolution(80, 192, 3, valid=True),
            nn.MaxPool2d(3, 2),
            *(_with_5x5(inputs, pooled) for inputs, pooled in ((192, 32), (256, 64), (288, 64))),  # 35 x 35
            _to_17(288),
            *(_with_7x7(768, middle) for middle in (128, 160, 160, 192)),
            _to_8(768),
            _with_split(1280, _mean_pool()),
            _with_split(2048, nn.MaxPool2d(3, 1, 1)),  # the graph's own: the paper takes means here too
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """The features before the classifier."""
        return self.layers((resize(pictures.float(), self.side) - 128) / 128)


def _mean_pool() -> nn.Module:
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)  # TensorFlow's means leave the border out


def _with_5x5(inputs: int, pooled: int) -> Branches:
    """The paper's figure 5, with a 5 x 5 kernel where it has two of 3 x 3; 224 + `pooled` maps."""
    return Branches(
        [
            Convolution(inputs, 64),
            nn.Sequential(Convolution(inputs, 48), Convolution(48, 64, 5)),
            nn.Sequential(Convolution(inputs, 64), Convolution(64, 96, 3), Convolution(96, 96, 3)),
            nn.Sequential(_mean_pool(), Convolution(inputs, pooled)),
        ]
    )


def _to_17(inputs: int) -> Branches:
    """From 35 x 35 to 17 x 17 (figure 10); 480 maps and the input's."""
    three = (Convolution(inputs, 64), Convolution(64, 96, 3), Convolution(96, 96, 3, 2, valid=True))
    return Branches([Convolution(inputs, 384, 3, 2, valid=True), nn.Sequential(*three), nn.MaxPool2d(3, 2)])


def _with_7x7(inputs: int, middle: int) -> Branches:
    """Figure 6: kernels of 7 x 7 in two parts; 768 maps."""
    across, down = (1, 7), (7, 1)
    once = [Convolution(inputs, middle), Convolution(middle, middle, across), Convolution(middle, 192, down)]
    twice = [
        Convolution(inputs, middle),
        *(Convolution(middle, middle, kernel) for kernel in (down, across, down)),
        Convolution(middle, 192, across),
    ]
    pooled = [_mean_pool(), Convolution(inputs, 192)]
    return Branches([Convolution(inputs, 192), *(nn.Sequential(*way) for way in (once, twice, pooled))])


def _to_8(inputs: int) -> Branches:
    """From 17 x 17 to 8 x 8; 512 maps and the input's."""
    three = [Convolution(inputs, 192), Convolution(192, 320, 3, 2, valid=True)]
    seven = [Convolution(192, 192, (1, 7)), Convolution(192, 192, (7, 1)), Convolution(192, 192, 3, 2, valid=True)]
    return Branches([nn.Sequential(*three), nn.Sequential(Convolution(inputs, 192), *seven), nn.MaxPool2d(3, 2)])


def _with_split(inputs: int, pool: nn.Module) -> Branches:
    """Figure 7: kernels of 3 x 3 whose two parts stand side by side; 2048 maps."""

    def split() -> Branches:
        return Branches([Convolution(384, 384, (1, 3)), Convolution(384, 384, (3, 1))])

    return Branches(
        [
            Convolution(inputs, 320),
            nn.Sequential(Convolution(inputs, 384), split()),
            nn.Sequential(Convolution(inputs, 448), Convolution(448, 384, 3), split()),
            nn.Sequential(pool, Convolution(inputs, 192)),
        ]
    )


def resize(pictures: Tensor, side: int) -> Tensor:
    """[N, C, H, W] to [N, C, side, side], bilinear as TensorFlow 1 did it.

    Pixel i of the result lies at i / scale, so that the picture moves by up to half a pixel; nothing is averaged.
    """
    for dim in (3, 2):
        size = pictures.shape[dim]
        if size == side:
            continue
        places = torch.arange(side, dtype=torch.float32, device=pictures.device) * (size / side)
        low = places.long()
        share = (places - low).view(-1, *[1] * (3 - dim))
        first, second = (pictures.index_select(dim, at) for at in (low, (low + 1).clamp_max(size - 1)))
        pictures = first + (second - first) * share
    return pictures


class Published(NamedTuple):
    """A convolution of the graph: its kernel [O, I, H, W], and its batch norm's shift, mean and variance, each [O]."""

    kernel: Tensor
    shift: Tensor
    mean: Tensor
    variance: Tensor


def published() -> list[Published]:
    """The 94 convolutions in the order of `Inception`, as the package has them."""
    state = state_dict.packaged_graph(INCEPTION)
    names = dict.fromkeys(key.rpartition(".")[0] for key in state if key.endswith(".beta"))
    return [Published(*(state[f"{name}.{part}"] for part in ("weight", "beta", "mean", "var"))) for name in names]


def load(device: torch.device) -> Inception:
    """The network, each batch norm folded into its convolution, channels last (both only for speed).

    Raises UserError when the weights do not fit.
    """
    with torch.device("meta"):  # the weights come from the package: none are drawn
        network = Inception().eval()
    parts = [module for module in network.modules() if isinstance(module, Convolution)]
    found = published()
    if [part.weight.shape for part in parts] != [item.kernel.shape for item in found]:
        raise UserError(
            f"the weights of {INCEPTION.network} have {len(found)} convolutions that do not fit the {len(parts)} of "
            f"the network: reinstall {INCEPTION.package}"
        )
    for part, (kernel, shift, mean, variance) in zip(parts, found, strict=True):
        part.weight, part.bias = fuse_conv_bn_weights(kernel, None, mean, variance, EPSILON, None, shift)
    network.requires_grad_(False)
    # PyTorch documents memory_format, but declares no type for it.
    return network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
