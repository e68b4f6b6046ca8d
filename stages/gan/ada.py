"""Adaptive discriminator augmentation (Karras 2020, arXiv 2006.06676): transforms with a probability p that adapts.

Written with matrix products and comparisons, like DiffAugment: the gradients are deterministic on every device, and
nothing waits for one. The controller, which lets p follow the overfitting, is in ada_controller.py.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

TAIL = 1e-6  # cut off each end of the normal distribution, whose ends are infinite: 4.75 standard deviations stay


class Transform(NamedTuple):
    """What a transform takes besides the random number that decides whether it is applied."""

    amounts: int  # random numbers
    neutral: float  # the number that changes nothing


TRANSFORMS = {  # in the paper's order (appendix B): pixel blitting, geometry, color
    "x_flip": Transform(1, 0.0),
    "rotation": Transform(1, 0.0),  # by quarters
    "integer_translation": Transform(2, 0.5),  # down, right
    "isotropic_scaling": Transform(1, 0.5),
    "anisotropic_scaling": Transform(1, 0.5),
    "fractional_translation": Transform(2, 0.5),  # down, right
    "brightness": Transform(1, 0.5),
    "contrast": Transform(1, 0.5),
    "luma_flip": Transform(1, 0.0),
    "hue": Transform(1, 0.5),
    "saturation": Transform(1, 0.5),
}
# The number that decides, then the amounts, transform after transform.
SIZES = [size for transform in TRANSFORMS.values() for size in (1, transform.amounts)]
DRAWS = sum(SIZES)  # random numbers for each picture: 24


def ada(pictures: Tensor, uniform: Tensor, p: Tensor) -> Tensor:
    """Pictures [N, 3, R, R] through the pipeline "bgc" of appendix B, each transform with probability `p` (a scalar).

    `uniform` [N, 24] in [0, 1) decides every change, so the same numbers give the same result. The values may leave
    [-1, 1]. At p = 0 the pictures come back bit for bit. Departure: no rotations by arbitrary angles. They are the one
    transform that does not split into rows and columns, their gradient has no deterministic kernel on CUDA, and a
    landscape has one horizon.
    """
    amounts = sample_amounts(p, uniform)
    return transform_color(transform_geometry(pictures, amounts), amounts)


def sample_amounts(p: Tensor, uniform: Tensor) -> dict[str, Tensor]:
    """The amounts [N, 1 or 2] of each transform, in [0, 1): neutral where it leaves a picture alone."""
    parts = uniform.split(SIZES, dim=1)
    rows = zip(TRANSFORMS.items(), parts[::2], parts[1::2], strict=True)
    return {name: torch.where(decides < p, amounts, transform.neutral) for (name, transform), decides, amounts in rows}


def transform_geometry(pictures: Tensor, amounts: Mapping[str, Tensor]) -> Tensor:
    """Pixel blitting and geometry, as one matrix for the rows and one for the columns of each picture.

    A rotation by a quarter exchanges rows and columns and reverses one of them. It comes before the flip here, and
    behind it in the paper: as one to the left is as likely as one to the right, that is the same distribution.
    """
    side = pictures.shape[-1]
    quarters = (4 * amounts["rotation"]).floor()  # [N, 1], 0..3 to the left
    up_down, left_right = (quarters == 1) | (quarters == 2), (quarters >= 2) ^ (amounts["x_flip"] >= 0.5)
    mirror = torch.where(torch.cat([up_down, left_right], dim=1), -1.0, 1.0)  # [N, 2]
    before = ((amounts["integer_translation"] - 0.5) * (side / 4)).round()  # [N, 2] pixels, up to an eighth of the side
    isotropic = 0.2 * normal(amounts["isotropic_scaling"])  # [N, 1], a power of two
    anisotropic = 0.2 * normal(amounts["anisotropic_scaling"])  # [N, 1], likewise
    scale = torch.cat([isotropic - anisotropic, isotropic + anisotropic], dim=1).exp2()  # [N, 2], height and width
    after = normal(amounts["fractional_translation"]) * (side / 8)  # [N, 2] pixels
    rows, columns = resampling(side, mirror, before, scale, after).unbind(1)  # [N, R, R] each
    pictures = torch.where((quarters % 2 == 1)[..., None, None], pictures.mT, pictures)
    return rows[:, None] @ pictures @ columns[:, None].mT


def resampling(side: int, mirror: Tensor, before: Tensor, scale: Tensor, after: Tensor) -> Tensor:
    """Matrices [N, 2, side, side] for a line of `side` pixels: mirror, move by `before`, scale about the middle, move.

    The arguments are [N, 2]; `before` and `after` are in pixels, `before` in whole ones. What lies outside is the
    line's reflection. Departure: the pixels are weighted by a triangle, as wide as a pixel of the result where it
    shrinks, and not by the wavelet sym6, which keeps fine detail better and costs far more.
    """
    mirror, before, scale, after = (part[..., None] for part in (mirror, before, scale, after))  # [N, 2, 1]
    last = side - 1
    place = torch.arange(side, dtype=scale.dtype, device=scale.device)
    # Where a pixel of the result comes from, [N, 2, side].
    source = mirror * ((place - last / 2 - after) / scale - before) + last / 2
    source = last - (source.remainder(2 * last) - last).abs()  # reflected into 0..last, however far it lies outside
    source, steep = source[..., None], scale.clamp(max=1)[..., None]
    seen = (1 - steep * (source - place).abs()).relu()  # [N, 2, side, side]
    # Around a source at the border, the triangle sees the other pixels a second time, in the mirror; not the border's
    # own.
    mirrored = (1 - steep * (last - (source + place - last).abs())).relu() * ((place > 0) & (place < last))
    weights = seen + mirrored
    return weights / weights.sum(dim=-1, keepdim=True)


def transform_color(pictures: Tensor, amounts: Mapping[str, Tensor]) -> Tensor:
    """The colors of each picture times a matrix [3, 4], whose last column is added."""
    matrix = color_matrix(amounts)
    changed = matrix[:, :, :3] @ pictures.flatten(2) + matrix[:, :, 3:]  # [N, 3, R * R]
    return changed.view(pictures.shape)


def color_matrix(amounts: Mapping[str, Tensor]) -> Tensor:
    """Matrices [N, 3, 4]: the product of the paper's five homogeneous ones, brightness first and saturation last.

    Luma flip, hue and saturation all keep the axis of the grays. So the product has a closed form (a rotation about
    that axis, Rodrigues): colors along the axis are flipped, colors across it rotated and scaled.
    """
    names = ("brightness", "contrast", "luma_flip", "hue", "saturation")
    each = {name: amounts[name][..., None] for name in names}  # [N, 1, 1]
    brightness = 0.2 * normal(each["brightness"])
    contrast = (0.5 * normal(each["contrast"])).exp2()
    along = contrast * torch.where(each["luma_flip"] >= 0.5, -1.0, 1.0)
    angle = (2 * each["hue"] - 1) * math.pi
    saturation = contrast * normal(each["saturation"]).exp2()
    same = torch.eye(3, dtype=angle.dtype, device=angle.device)
    gray = torch.full_like(same, 1 / 3)  # projects onto the axis of the grays
    across = (same.roll(1, 0) - same.roll(-1, 0)) / math.sqrt(3)  # rotates by 90 degrees about that axis
    cosine, sine = saturation * angle.cos(), saturation * angle.sin()
    linear = cosine * same + (along - cosine) * gray + sine * across  # [N, 3, 3]
    added = (along * brightness).expand(-1, 3, 1)  # brightness is a gray
    return torch.cat([linear, added], dim=2)


def normal(uniform: Tensor) -> Tensor:
    """Standard normal numbers from uniform ones, by the inverse of the distribution; a half gives exactly 0.

    It is torch.special.ndtri, which MPS does not have.
    """
    return math.sqrt(2) * torch.erfinv(2 * uniform.clamp(TAIL, 1 - TAIL) - 1)
