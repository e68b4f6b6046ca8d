"""DiffAugment (Zhao 2020, arXiv 2006.10738): the same random changes for real and generated pictures, with gradients.

Written with products and comparisons instead of index look-ups, whose gradients are slow or not deterministic on some
devices.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

DRAWS = 7  # random numbers for each picture: brightness, saturation, contrast, shift (y, x), hole (y, x)


def diffaugment(pictures: Tensor, uniform: Tensor, policy: Sequence[str]) -> Tensor:
    """Pictures [N, 3, H, W] changed by each kind in `policy` (color, translation, cutout), in that order.

    `uniform` [N, 7 or more] in [0, 1) decides every change: the same numbers give the same result. The values may leave
    [-1, 1]; outside of the picture and in the hole they are 0 (gray), as in the paper's code.
    """
    for kind in KINDS:
        if kind in policy:
            pictures = KINDS[kind](pictures, uniform)
    return pictures


def color(pictures: Tensor, uniform: Tensor) -> Tensor:
    """Brightness + (-0.5..0.5), saturation * (0..2), contrast * (0.5..1.5), each around its own mean."""
    brightness, saturation, contrast = uniform[:, :3].unflatten(1, (3, 1, 1, 1)).unbind(1)  # [N, 1, 1, 1] each
    pictures = pictures + (brightness - 0.5)
    gray = pictures.mean(dim=1, keepdim=True)  # [N, 1, H, W]
    pictures = torch.lerp(gray, pictures, 2 * saturation)
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)  # [N, 1, 1, 1]
    return torch.lerp(mean, pictures, 0.5 + contrast)


def translation(pictures: Tensor, uniform: Tensor) -> Tensor:
    """Shift by whole pixels, up to an eighth of the side in each direction; what comes in is 0."""
    side = pictures.shape[-1]
    most = _round(side / 8)
    down, right = (uniform[:, 3:5] * (2 * most + 1)).floor().sub(most).unbind(1)  # [N] each, -most..most
    shifted = _shift(down, side) @ pictures.transpose(0, 1) @ _shift(right, side).mT  # [3, N, H, W]
    return shifted.transpose(0, 1)


def cutout(pictures: Tensor, uniform: Tensor) -> Tensor:
    """A square hole, half the side, its center anywhere: at the border only a part of it lies inside."""
    side = pictures.shape[-1]
    hole = _round(side / 2)
    start = (uniform[:, 5:7] * (side + 1 - hole % 2)).floor() - hole // 2  # [N, 2]
    place = torch.arange(side, device=pictures.device)
    inside = (place >= start[..., None]) & (place < start[..., None] + hole)  # [N, 2, side]
    rows, columns = inside.unbind(1)
    return pictures * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _shift(by: Tensor, side: int) -> Tensor:
    """Matrices [N, side, side] that move a column of `side` values by `by` [N] places: 1 where target = source + by."""
    place = torch.arange(side, device=by.device)
    return (place[:, None] == place[None, :] + by[:, None, None]).float()


def _round(value: float) -> int:
    """Halves up, as in the paper's code."""
    return int(value + 0.5)


KINDS = {"color": color, "translation": translation, "cutout": cutout}
