"""Pictures out of a generator, and sheets of them to look at."""

from collections.abc import Iterable, Sequence

import torch
from PIL import Image
from torch import Tensor, nn

from stages.common.images import from_array, sheet
from stages.common.tensors import to_bytes
from stages.gan.noise import normal


def latents(seed: int, numbers: Iterable[int], size: int) -> Tensor:
    """What a generator takes: `normal` as a tensor [N, size] on the CPU."""
    return torch.from_numpy(normal(seed, numbers, size))


@torch.inference_mode()
def sample(generator: nn.Module, z: Tensor, dtype: torch.dtype, truncation: float = 1.0) -> list[Image.Image]:
    """The pictures that a generator in evaluation mode makes of z [N, latent], on z's device.

    `truncation` below 1 draws them nearer to the mean picture (Karras 2018, arXiv 1812.04948, appendix B).
    """
    with torch.autocast(z.device.type, torch.bfloat16, enabled=dtype is torch.bfloat16):
        pictures = generator(z, truncation=truncation)  # [N, 3, R, R]
    return from_array(to_bytes(pictures).cpu().numpy())


def contact_sheet(pictures: Sequence[Image.Image], columns: int, enlarge: int = 2) -> Image.Image:
    """Pictures of one size side by side, each pixel `enlarge` times as large, so that single pixels can be seen."""
    large = [
        picture.resize((picture.width * enlarge, picture.height * enlarge), Image.Resampling.NEAREST)
        for picture in pictures
    ]
    return sheet(large, columns, large[0].size, gap=4)
