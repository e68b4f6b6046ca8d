"""Which places of the canvas take their style from which places of a work: regions, shares that sum to 1 at each place.

Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, "Controlling Perceptual Factors in Neural Style Transfer" (CVPR),
section 4.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

BANDS = 3  # of heights: above, middle, below; they fade into one another
MOST_COLORS = 16  # of a mask; more are the soft edges of a mask that was not drawn with hard ones
SLACK = 0.02  # by which the aspect ratios of a mask and its picture may differ


def bands(size: Sequence[int]) -> Tensor:
    """[BANDS, H, W] for a picture of (height, width).

    A place at a third of the height is partly above, partly in the middle.
    """
    height, width = size
    places = torch.linspace(0, BANDS - 1, height)
    shares = (1 - (places - torch.arange(BANDS)[:, None]).abs()).clamp_min(0)  # [BANDS, H]
    return shares[:, :, None].expand(BANDS, height, width).contiguous()


def colors(mask: Image.Image) -> list[tuple[int, int, int]]:
    """The colors of a mask, sorted; raises ValueError when there are more than MOST_COLORS."""
    found = mask.convert("RGB").getcolors(maxcolors=MOST_COLORS)
    if found is None:
        raise ValueError(
            f"has more than {MOST_COLORS} colors, but each region must be of one color: "
            "draw it with hard edges and save it as PNG"
        )
    # Pillow declares what getcolors() gives for gray pictures too, where a color is a number.
    return sorted(color for _, color in found)  # pyright: ignore[reportReturnType]


def regions(mask: Image.Image, region_colors: Sequence[tuple[int, int, int]], size: Sequence[int]) -> Tensor:
    """[R, H, W] of a mask for a picture of (height, width): 1 where the mask has the region's color.

    Raises ValueError for a mask of another shape, or one that lacks a color. Other colors belong to no region.
    """
    height, width = size
    rounded = max(mask.width, mask.height) / 2  # by half a pixel of the shorter side, which is much of a narrow picture
    if abs(mask.width * height - mask.height * width) > SLACK * mask.height * width + rounded:
        raise ValueError(
            f"has {mask.width} x {mask.height} pixels, but its picture has {width} x {height}: "
            "give it the same shape, of any size"
        )
    missing = sorted(set(region_colors) - set(colors(mask)))
    if missing:
        name = "#{:02x}{:02x}{:02x}".format(*missing[0])
        raise ValueError(
            f"lacks the color {name}, which the sketch's mask has: each region needs a place to take its style from"
        )
    pixels = np.asarray(mask.convert("RGB").resize((width, height), Image.Resampling.NEAREST))
    return torch.from_numpy(np.stack([(pixels == color).all(2) for color in region_colors]).astype(np.float32))
