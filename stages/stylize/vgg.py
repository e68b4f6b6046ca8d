"""VGG-19 as Gatys used it: Oxford's original weights or torchvision's, average pooling, convolutions after ReLU.

Simonyan and Zisserman 2014, arXiv 1409.1556, configuration E. The packaged file holds each kernel as 256 cluster
centers and one byte per weight: four times smaller than the original, and no visible difference in a stylized picture.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.common import state_dict
from stages.common import weights as packaged
from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel
from stages.common.kernels import Probe, Work
from stages.common.tensors import to_255
from stages.stylize import winograd

CONVOLUTIONS = (2, 2, 4, 4, 4)  # of each block; a block halves the picture's side of the one before
LAYERS = tuple(f"relu{block}_{number}" for block, count in enumerate(CONVOLUTIONS, 1) for number in range(1, count + 1))
# Of ImageNet, on the 0..255 scale; the original network was trained in Caffe, which reads BGR.
MEAN_BGR = (103.939, 116.779, 123.68)
# Of ImageNet, on the 0..1 scale, as torchvision's network was trained.
MEAN_RGB, DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# IMAGENET1K_V1; the name holds the first digits of its sha256.
TORCHVISION = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
LEAST_CHANNELS = 128  # channels from which Winograd's algorithm is faster (MEASURED.md)
PROBED_LAYER, PROBED = "relu5_1", (128, 192)  # to where, and pixels down and across of the canvas, kernels are measured
SMALLEST = 16  # pixels of a picture's shorter side below which block 5 has nothing left

Weights = Sequence[tuple[Tensor, Tensor]]  # of each layer, [out, in, 3, 3] and [out]


class VGG19:
    """The convolutional part of VGG-19, frozen: gradients flow to the picture only.

    `weights`: sixteen pairs of weight [out, in, 3, 3] and bias [out], in the order of LAYERS.
    Winograd's algorithm is there on CPUs, in float32.
    """

    def __init__(self, weights: Weights, device: torch.device, kernel: Kernel) -> None:
        self.device, self.kernel = device, kernel
        self.mean = torch.tensor(MEAN_BGR, device=device).view(1, 3, 1, 1)
        # channels_last: a quarter faster than NCHW on CPUs (measured), and what bfloat16 convolutions want.
        self.kernels = {
            layer: (weight.to(device, kernel.dtype, memory_format=torch.channels_last), bias.to(device, kernel.dtype))
            for layer, (weight, bias) in zip(LAYERS, weights, strict=True)
        }
        wide = [layer for layer, (weight, _) in self.kernels.items() if len(weight) >= LEAST_CHANNELS]
        by_winograd = wide if kernel.convolution == "winograd" else []
        self._transformed = {layer: winograd.transformed(self.kernels[layer][0]) for layer in by_winograd}

    def __call__(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """The named layers' features of a picture.

        `picture`: [1, 3, H, W] in [-1, 1], sRGB; H and W at least SMALLEST. `layers`: any of LAYERS.
        Returns float32 [1, C, H / 2^(block - 1), W / 2^(block - 1)] for each name; a KeyError names an unknown layer.
        """
        unknown = set(layers) - set(LAYERS)
        if unknown:
            raise KeyError(f"no layers {sorted(unknown)}; there are {', '.join(LAYERS)}")
        signal, found = self.normalized(picture), {}
        for layer in LAYERS[: max(map(LAYERS.index, layers)) + 1]:
            signal = self._layer(layer, signal)
            if layer in layers:
                found[layer] = signal.float()  # Gram matrices of bfloat16 would lose the last digits of the loss
        return found

    def normalized(self, picture: Tensor) -> Tensor:
        """[1, 3, H, W] RGB in [-1, 1] as Caffe's input: BGR, 0..255, minus the mean."""
        caffe = to_255(picture.flip(1)) - self.mean  # [1, 3, H, W]
        return caffe.to(self.kernel.dtype, memory_format=torch.channels_last)

    def _layer(self, layer: str, signal: Tensor) -> Tensor:
        weight, bias = self.kernels[layer]
        if layer == "relu1_1":
            # Departure from VGG (zeros): repeated edges. Zeros are a frame of mean color, and the canvas would get it.
            return F.conv2d(_repeat_edges(signal), weight, bias).relu_()
        if layer.endswith("_1"):
            # Gatys 2016, section 2: averages instead of maxima, "slightly more appealing".
            signal = F.avg_pool2d(signal, 2)
        if layer in self._transformed:
            return winograd.rectified(signal, self._transformed[layer], bias)
        return F.conv2d(signal, weight, bias, padding=1).relu_()


def load_oxford() -> Weights:
    """Oxford's weights, which Gatys used, from the packaged file; raises UserError where it is missing.

    It holds for each convolution codes uint8 [out, in, 3, 3], a table [256] and a bias [out].
    """
    packed = state_dict.packaged(packaged.VGG19)
    names = [f"block{layer[4]}_conv{layer[6]}" for layer in LAYERS]
    return [(unpacked(packed, name), packed[f"{name}_b"]) for name in names]


def load_torchvision() -> Weights:
    """Torchvision's weights IMAGENET1K_V1, downloaded once into torch's own cache.

    Raises UserError where that fails, and where the file there is another.
    """
    there = Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION.rpartition("/")[2]
    try:
        if there.exists():  # torch checks what it downloads, and nothing later
            _check(there)
        state = torch.hub.load_state_dict_from_url(TORCHVISION, map_location="cpu", check_hash=True, weights_only=True)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"stylize.network is torchvision, but its weights could not be had ({error}): set stylize.network to "
            f"oxford, whose weights are installed, or put {TORCHVISION} at {there}"
        ) from error
    numbers = sorted({int(key.split(".")[1]) for key in state if key.startswith("features.")})
    (first, bias), *others = [
        (state[f"features.{number}.weight"], state[f"features.{number}.bias"]) for number in numbers
    ]
    return [caffe_input(first, bias), *others]


def _check(path: Path) -> None:
    """Raise UserError for a file whose sha256 does not begin with the digits at the end of its name."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    expected = path.stem.rpartition("-")[2]
    if not found.startswith(expected):
        raise UserError(
            f"stylize.network is torchvision, but {path} is damaged or another file (its sha256 is {found}, which must "
            f"begin with {expected}): delete it, and it is downloaded again, or put {TORCHVISION} there"
        )


NETWORKS: dict[str, Callable[[], Weights]] = {  # stylize.network
    "oxford": load_oxford,
    "torchvision": load_torchvision,
}


def probe(weights: Weights) -> Probe:
    """Features and gradient of a small canvas: what a step of the style transfer consists of."""

    def work(kernel: Kernel) -> Work:
        network = VGG19(weights, torch.device("cpu"), kernel)
        canvas = torch.zeros(1, 3, *PROBED, requires_grad=True)
        return lambda: torch.autograd.grad(network(canvas, [PROBED_LAYER])[PROBED_LAYER].sum(), canvas)

    return Probe("VGG-19", (FLOAT32, WINOGRAD, BFLOAT16), work)


def caffe_input(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The first convolution of a network that reads RGB, normalized as torchvision does, for Caffe's input.

    One linear map for another: weight [out, 3, 3, 3] and bias [out].
    """
    mean, deviation = torch.tensor(MEAN_RGB), torch.tensor(DEVIATION_RGB)
    shift = (torch.tensor(MEAN_BGR).flip(0) / 255 - mean) / deviation  # of red, green and blue where Caffe's input is 0
    return (weight / (255 * deviation).view(1, 3, 1, 1)).flip(1), bias + (weight.sum((2, 3)) * shift).sum(1)


def stride(layer: str) -> int:
    """How many pixels of the picture one place of the layer stands for, down and across."""
    return 2 ** (int(layer[4]) - 1)


def unpacked(packed: dict[str, Tensor], name: str) -> Tensor:
    """The kernel [out, in, 3, 3] of a convolution: each code is an index into the table of cluster centers."""
    return packed[f"{name}_W_table"][packed[f"{name}_W_q"].long()]


def _repeat_edges(signal: Tensor) -> Tensor:
    """[1, C, H, W] as [1, C, H + 2, W + 2].

    Written out, as the backward pass of replication padding is not deterministic on GPUs.
    """
    signal = torch.cat((signal[:, :, :1], signal, signal[:, :, -1:]), 2)
    return torch.cat((signal[..., :1], signal, signal[..., -1:]), 3).contiguous(memory_format=torch.channels_last)
