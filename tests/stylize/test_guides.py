"""Regions: bands of height, and masks, right and wrong."""

import pytest
import torch
from PIL import Image

from stages.stylize import guides

RED, BLUE = (200, 0, 0), (0, 0, 200)


def mask(width: int = 40, height: int = 20, below=BLUE) -> Image.Image:
    page = Image.new("RGB", (width, height), RED)
    page.paste(below, (0, height // 2, width, height))
    return page


def test_bands_sum_to_one_and_follow_the_height():
    found = guides.bands((31, 7))
    assert found.shape == (3, 31, 7) and torch.allclose(found.sum(0), torch.ones(31, 7))
    assert torch.allclose(found[:, [0, 15, -1], 3], torch.eye(3), atol=1e-6)


def test_regions_of_a_mask_of_any_size():
    colors = guides.colors(mask())
    assert colors == sorted([RED, BLUE])
    found = guides.regions(mask(), colors, (100, 200))
    assert found.shape == (2, 100, 200) and found[:, 0, 0].tolist() == [0, 1] and found[:, -1, -1].tolist() == [1, 0]
    assert torch.equal(found.sum(0), torch.ones(100, 200))


@pytest.mark.parametrize("width, height", [(1000, 260), (260, 1000), (1000, 333), (640, 168), (99, 64)])
@pytest.mark.parametrize("pixels", [64, 100, 256])
def test_a_mask_of_the_sketch_s_own_size_fits_whatever_the_sketch_is_rounded_to(width, height, pixels):
    smaller = [round(side * pixels / max(width, height)) for side in (height, width)]
    assert guides.regions(mask(width, height), [BLUE, RED], smaller).shape == (2, *smaller)


@pytest.mark.parametrize("picture, size, words", [
    (mask(60, 20), (100, 200), ["60 x 20 pixels", "200 x 100", "same shape"]),
    (mask(61, 30), (100, 197), ["61 x 30 pixels", "197 x 100"]),
    (mask(below=(0, 99, 0)), (100, 200), ["lacks the color #0000c8"]),
    (Image.radial_gradient("L").resize((200, 100)), (100, 200), ["more than 16 colors", "hard edges"]),
])  # fmt: skip
def test_wrong_masks(picture, size, words):
    with pytest.raises(ValueError) as error:
        guides.regions(picture, [BLUE, RED], size)
    assert all(word in str(error.value) for word in words)
