"""Whose colors the picture has, a table by the values of stylize.color.

Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving Color in Neural Artistic Style Transfer" (arXiv 1606.05897).
Pictures are [1, 3, H, W] in [-1, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

TINY = 1e-6
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
# Brightness and two differences of color from red, green and blue (YIQ, FCC 1953).
YIQ = (BRIGHTNESS, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def recolored(work: Tensor, sketch: Tensor) -> Tensor:
    """The work with the mean and the covariance of the sketch's colors, by a linear map.

    Section 3.1, "image analogies": the symmetric one.
    """
    mean, spread = _moments(work)
    target_mean, target_spread = _moments(sketch)
    change = _power(target_spread, 0.5) @ _power(spread, -0.5)  # [3, 3]
    return _mapped(work - mean.view(1, 3, 1, 1), change).add(target_mean.view(1, 3, 1, 1)).clamp(-1, 1)


def gray(picture: Tensor) -> Tensor:
    """Its brightness in all three channels."""
    return _mapped(picture, picture.new_tensor(YIQ))[:, :1].expand_as(picture).contiguous()


def matched(work: Tensor, sketch: Tensor) -> Tensor:
    """A gray work with the mean and the spread of a gray sketch (equation 10)."""
    scale = sketch.std() / work.std().clamp_min(TINY)
    return ((work - work.mean()) * scale + sketch.mean()).clamp(-1, 1)


def colored(stylized: Tensor, sketch: Tensor) -> Tensor:
    """The brightness of a stylized picture with the colors of the sketch (section 3.2)."""
    matrix = stylized.new_tensor(YIQ)
    both = torch.cat((_mapped(stylized, matrix)[:, :1], _mapped(sketch, matrix)[:, 1:]), 1)
    return _mapped(both, torch.linalg.inv(matrix)).clamp(-1, 1)


def _mapped(picture: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix, picture)


def _moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [3] and covariance [3, 3] of the colors."""
    flat = picture[0].flatten(1)
    return flat.mean(1), torch.cov(flat) + TINY * torch.eye(3, device=picture.device)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(TINY) ** exponent) @ vectors.T


def _same(picture: Tensor) -> Tensor:
    return picture


def _first(picture: Tensor, _sketch: Tensor) -> Tensor:
    return picture


def _gray_matched(work: Tensor, sketch: Tensor) -> Tensor:
    return matched(gray(work), sketch)


@dataclass(frozen=True)
class Colors:
    """What becomes of the sketch, of a work (given that sketch), of the stylized picture (given the sketch itself)."""

    sketch: Callable[[Tensor], Tensor]
    work: Callable[[Tensor, Tensor], Tensor]
    result: Callable[[Tensor, Tensor], Tensor]


COLORS = {
    "style": Colors(_same, _first, _first),
    "content": Colors(_same, recolored, _first),
    "luminance": Colors(gray, _gray_matched, colored),
}
