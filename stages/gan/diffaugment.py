"""DiffAugment (Zhao 2020, arXiv 2006.10738): the same random changes for real and generated pictures, with gradients.

Written with products, comparisons and copies of rows instead of look-ups of pixels, whose gradients are slow or not
deterministic on some devices.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

DRAWS = 7  # random numbers for each picture: brightness, saturation, contrast, shift (y, x), hole (y, x)


def diffaugment(pictures: Tensor, uniform: Tensor, policy: Sequence[str]) -> Tensor:
    """Pictures [N, 3, H, W] changed by each kind in `policy` (color, translation, cutout), in that order.

    `uniform` [N, 7 or more] in [0, 1) decides every change: the same numbers give the same result. The values may leave
    [-1, 1]; outside of the picture and in the hole they are 0 (gray), as in the paper's code.
    """
    for kind in KINDS:
        if kind in policy:
            pictures = KINDS[kind](pictures.contiguous(), uniform)  # on planes, each takes half to a fifth of the time
    return pictures


def color(pictures: Tensor, uniform: Tensor) -> Tensor:
    """Brightness + (-0.5..0.5), saturation * (0..2), contrast * (0.5..1.5), each around its own mean.

    In one: a share of the pixel, one of its gray, one of the picture's mean, and the brightness.
    """
    brightness, saturation, contrast = uniform[:, :3].unflatten(1, (3, 1, 1, 1)).unbind(1)  # [N, 1, 1, 1] each
    saturation, contrast = 2 * saturation, 0.5 + contrast
    gray = pictures.mean(dim=1, keepdim=True)  # [N, 1, H, W]
    mean = gray.mean(dim=(2, 3), keepdim=True)  # [N, 1, 1, 1]
    rest = torch.addcmul((1 - contrast) * mean + (brightness - 0.5), gray, contrast * (1 - saturation))
    return torch.addcmul(rest, pictures, contrast * saturation)


def translation(pictures: Tensor, uniform: Tensor) -> Tensor:
    """Shift by whole pixels, up to an eighth of the side in each direction; what comes in is 0."""
    most = _round(pictures.shape[-1] / 8)
    by = (uniform[:, 3:5] * (2 * most + 1)).floor().long() - most  # [N, 2], down and right, -most..most
    return _Shift.apply(pictures, by, most)


def cutout(pictures: Tensor, uniform: Tensor) -> Tensor:
    """A square hole, half the side, its center anywhere: at the border only a part of it lies inside."""
    side = pictures.shape[-1]
    hole = _round(side / 2)
    start = (uniform[:, 5:7] * (side + 1 - hole % 2)).floor() - hole // 2  # [N, 2]
    place = torch.arange(side, device=pictures.device)
    inside = (place >= start[..., None]) & (place < start[..., None] + hole)  # [N, 2, side]
    rows, columns = inside.to(pictures.dtype).unbind(1)
    return pictures * (1 - rows[:, None, :, None] * columns[:, None, None, :])


class _Shift(torch.autograd.Function):
    """Pictures [N, C, H, W] moved by [N, 2] whole pixels (down, right), `most` at most; the gradient moves back."""

    @staticmethod
    def forward(context, pictures: Tensor, by: Tensor, most: int) -> Tensor:
        context.save_for_backward(by)
        context.most = most
        return _shifted(pictures, by, most)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None]:
        (by,) = context.saved_tensors
        return _Shift.apply(gradient, -by, context.most), None, None


def _shifted(pictures: Tensor, by: Tensor, most: int) -> Tensor:
    """In a frame of zeros, each row of the result is a run of memory that begins elsewhere: one copy by row."""
    count, channels, height, width = pictures.shape
    framed = F.pad(pictures.contiguous(), (most, most, most, most)).flatten()
    tall, wide = height + 2 * most, width + 2 * most
    plane = torch.arange(count * channels, device=by.device).view(count, channels, 1) * (tall * wide)
    row = torch.arange(height, device=by.device) * wide
    down, right = (most - by)[..., None, None].unbind(1)  # [N, 1, 1] each
    runs = framed.as_strided((len(framed) - width + 1, width), (1, 1))  # one from each number on
    return runs.index_select(0, (plane + row + wide * down + right).flatten()).view(pictures.shape)


def _round(value: float) -> int:
    """Halves up, as in the paper's code."""
    return int(value + 0.5)


KINDS = {"color": color, "translation": translation, "cutout": cutout}
