"""Pictures and regions at other sizes, for going from coarse to fine."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F


def resized(picture: Tensor, size: Sequence[int]) -> Tensor:
    """A picture [1, 3, H, W] at another (height, width), bicubic and antialiased, within [-1, 1]."""
    return _interpolated(picture, size, "bicubic").clamp(-1, 1)


def enlarged(canvas: Tensor, content: Tensor, size: Sequence[int]) -> Tensor:
    """A coarse canvas at a finer (height, width): its change of the content is enlarged, under it is all detail.

    Enlarged itself, the canvas would be blurred, and the few steps of the fine scales would go into sharpening it
    (MEASURED.md). The detail is a Laplacian pyramid's (Burt and Adelson 1983, "The Laplacian Pyramid as a Compact Image
    Code"). `canvas` [1, 3, h, w], `content` [1, 3, H, W], both in [-1, 1].
    """
    change = canvas - resized(content, canvas.shape[2:])  # -2..2
    return (resized(content, size) + 2 * resized(change / 2, size)).clamp(-1, 1)


def resized_regions(regions: Tensor | None, size: Sequence[int]) -> Tensor | None:
    """Regions [R, H, W] at another (height, width); their shares still sum to 1. None for None."""
    if regions is None:
        return None
    return _interpolated(regions[None], size, "bilinear")[0]


def _interpolated(values: Tensor, size: Sequence[int], mode: str) -> Tensor:
    """On the CPU, wherever the values are: PyTorch's CUDA kernel fails where they become many times smaller."""
    return F.interpolate(values.cpu(), tuple(size), mode=mode, antialias=True).to(values.device)
