"""Pictures as networks take them, [N, 3, H, W] in [-1, 1], and back: the only place that converts between the two."""

import torch
from PIL import Image
from torch import Tensor

from stages.common import images
from stages.common.cli import UserError


def tensor(picture: Image.Image) -> Tensor:
    """An RGB picture as float32 [1, 3, H, W] in [-1, 1]."""
    return from_bytes(torch.from_numpy(images.to_array([picture])))


def from_bytes(pixels: Tensor) -> Tensor:
    """uint8 0..255 as float32 in [-1, 1], of any shape."""
    return pixels.to(torch.float32) / 127.5 - 1


class NotFinite(UserError):
    """A picture to be has values that are NaN or infinite."""


def finite(pictures: Tensor) -> Tensor:
    """The pictures as they are; raises NotFinite where clamping and rounding would make black or white of them.

    Whatever becomes a picture goes through here, in `to_bytes` or before it is clamped elsewhere.
    """
    if not pictures.isfinite().all():
        raise NotFinite(
            "the network gives no picture, but values that are not finite (NaN or infinity): its weights are damaged, "
            "or too large for the precision. Set runtime.precision to float32; if that does not help, take another "
            "network (of upscale.model), or for one of your own training lower train.learning_rate"
        )
    return pictures


def to_levels(pictures: Tensor, bits: int) -> Tensor:
    """[-1, 1] as 0..2^bits - 1, not rounded."""
    return (pictures + 1) * ((2**bits - 1) / 2)


def to_255(pictures: Tensor) -> Tensor:
    """[-1, 1] as 0..255, not rounded."""
    return to_levels(pictures, 8)


def to_bytes(pictures: Tensor) -> Tensor:
    """[-1, 1] as uint8 0..255, rounded; what lies outside is cut off. Raises NotFinite."""
    return to_255(finite(pictures).clamp(-1, 1)).round().to(torch.uint8)
