"""How different two pictures look: shift-tolerant LPIPS (Ghildyal and Liu 2022, AlexNet) as a distance of vectors.

LPIPS (Zhang 2018, equation 1) sums, over five layers, weighted squared differences of maps whose vectors have unit
length, and takes the mean over all places. So it is the squared distance of the maps themselves, each times the root of
its weight: every picture passes the network once, and all pairs are one matrix product.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, normalize, pad, relu

from stages.common import state_dict
from stages.common.tensors import from_bytes
from stages.common.weights import PERCEPTUAL

SIDE = 64  # pixels: enough for a composition, and the vectors stay small
BLUR = torch.tensor([1.0, 2.0, 1.0])  # before every halving (Zhang 2019), which makes the network tolerant of shifts
PADDING = (2, 2, 1, 1, 1)  # of the five convolutions


class Perceptual(nn.Module):
    """uint8 [N, 3, 64, 64] to float32 [N, D]; the squared distance of two rows is the pictures' LPIPS, about 0..1."""

    side = SIDE
    scaling_layer_shift: Tensor
    scaling_layer_scale: Tensor

    def __init__(self, state: dict[str, Tensor]):
        super().__init__()
        own = {key.replace(".", "_"): value for key, value in state.items()}
        for name, value in own.items():
            self.register_buffer(name, value)
        kernels = [
            key for key in own if key.endswith("_weight") and key.startswith("net_")
        ]  # in the order of execution
        self.convolutions = [(key, key.replace("_weight", "_bias")) for key in kernels]
        self.heads = [f"lin{number}_model_1_weight" for number in range(len(kernels))]

    def forward(self, pictures: Tensor) -> Tensor:
        """The five layers' maps, weighted, one after the other."""
        maps, parts = (from_bytes(pictures) - self.scaling_layer_shift) / self.scaling_layer_scale, []
        for number, ((weight, bias), head) in enumerate(zip(self.convolutions, self.heads, strict=True)):
            if number in (1, 2):
                maps = halve(max_pool2d(maps, 3, 1))
            maps = conv2d(maps, self.get_buffer(weight), self.get_buffer(bias), padding=PADDING[number])
            maps = relu(halve(maps) if number == 0 else maps)  # [N, C, H, W]
            weights = self.get_buffer(head).clamp(min=0) / maps[0, 0].numel()
            parts.append((normalize(maps, dim=1) * weights.sqrt()).flatten(1))
        return torch.cat(parts, dim=1)


def halve(maps: Tensor) -> Tensor:
    """[N, C, H, W] blurred and halved; the border is its own mirror image, two pixels wide."""
    kernel = (BLUR[:, None] * BLUR / BLUR.sum() ** 2).to(maps)
    return conv2d(
        pad(maps, (2, 2, 2, 2), "reflect"), kernel.expand(maps.shape[1], 1, 3, 3), stride=2, groups=maps.shape[1]
    )


def load(device: torch.device) -> Perceptual:
    """The network with the packaged weights."""
    return Perceptual(state_dict.packaged(PERCEPTUAL)).requires_grad_(False).to(device)


def squares(vectors: Tensor) -> Tensor:
    """Of each row of [N, D] its product with itself, [N]."""
    return vectors.square().sum(1)


def distances(first: Tensor, second: Tensor, squares_second: Tensor) -> Tensor:
    """LPIPS of all pairs of [N, D] and [M, D], [N, M]; `squares_second` are the second ones' `squares`."""
    return (squares(first)[:, None] + squares_second - 2 * first @ second.T).clamp(min=0)
