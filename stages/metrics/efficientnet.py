"""EfficientNet-Lite0 (Tan and Le 2019, the "lite" version of 2020): the features of FLD, and beside Inception's of all.

The weights are TensorFlow's, so every convolution pads as TensorFlow does ("same": the odd pixel on the right and
below).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

from stages.common import state_dict
from stages.common.cli import UserError
from stages.common.weights import EFFICIENTNET

FEATURES = 1280
SIDE = 224  # pixels
EPSILON = 1e-3  # of the batch norms
STEM = 32  # channels
# Kernel, stride of the first, expansion, channels, repeats (Tan and Le 2019, table 1; lite0 has no squeeze-excitation).
BLOCKS = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]
MEAN, DEVIATION = 127.0, 128.0  # of the values 0..255 (the official lite code)


class Convolution(nn.Module):
    """Convolution, batch norm and, if asked, ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, active: bool = True
    ):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.kernel, self.stride, self.active = kernel, stride, active

    def forward(self, maps: Tensor) -> Tensor:
        """[N, I, H, W] to [N, O, H / stride, W / stride], rounded up."""
        high, wide = (
            max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side) for side in maps.shape[2:]
        )
        maps = self.norm(self.conv(pad(maps, (wide // 2, wide - wide // 2, high // 2, high - high // 2))))
        return maps.clamp(0, 6) if self.active else maps

    def fuse(self) -> None:
        """Fold the batch norm into the convolution."""
        assert isinstance(self.norm, nn.BatchNorm2d), "a convolution is fused once"
        self.conv, self.norm = fuse_conv_bn_eval(self.conv, self.norm), nn.Identity()


class Block(nn.Module):
    """An inverted bottleneck: expand, convolve channel by channel, project; plus its input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        middle = inputs * expansion
        expand = [Convolution(inputs, middle)] if expansion > 1 else []
        self.layers = nn.Sequential(
            *expand,
            Convolution(middle, middle, kernel, stride, groups=middle),
            Convolution(middle, outputs, active=False),
        )
        self.skip = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        """[N, I, H, W] to [N, O, H / stride, W / stride]."""
        return self.layers(maps) + maps if self.skip else self.layers(maps)


class EfficientNetLite0(nn.Module):
    """uint8 [N, 3, 224, 224] to the features before the classifier, float32 [N, 1280]."""

    side = SIDE

    def __init__(self):
        super().__init__()
        layers: list[nn.Module] = [Convolution(3, STEM, 3, 2)]
        inputs = STEM
        for kernel, stride, expansion, outputs, repeats in BLOCKS:
            for number in range(repeats):
                layers.append(Block(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
                inputs = outputs
        self.layers = nn.Sequential(*layers, Convolution(inputs, FEATURES))

    def forward(self, pictures: Tensor) -> Tensor:
        """Mean over the last maps."""
        return self.layers((pictures.float() - MEAN) / DEVIATION).mean((2, 3))


def load(device: torch.device) -> EfficientNetLite0:
    """The network with the packaged weights, each batch norm folded into its convolution.

    Raises UserError when the weights do not fit.
    """
    state = state_dict.packaged(EFFICIENTNET)
    network = EfficientNetLite0().eval()
    parts = [module for module in network.modules() if isinstance(module, Convolution)]
    # In the order of execution.
    packaged = [key for key in state if key.startswith("_") and key.endswith("weight") and state[key].ndim == 4]
    norms = [key.removesuffix("weight") for key in state if "_bn" in key and key.endswith(".weight")]
    if not len(parts) == len(packaged) == len(norms):
        raise UserError(
            f"the weights of {EFFICIENTNET.network} have {len(packaged)} convolutions, expected {len(parts)}: "
            f"reinstall {EFFICIENTNET.package}"
        )
    for part, convolution, norm in zip(parts, packaged, norms, strict=True):
        part.conv.load_state_dict({"weight": state[convolution]})
        part.norm.load_state_dict({name: state[norm + name] for name in part.norm.state_dict()})
        part.fuse()
    network.requires_grad_(False)
    # PyTorch documents memory_format, but declares no type for it.
    return network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
