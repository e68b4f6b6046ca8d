"""Any factor with any network: the sizes on the way, and that a picture comes out whole."""

import pytest
import torch

from stages.upscale.network import Network
from stages.upscale.passes import count, enlarged, passes, resized


def repeating(scale: int) -> Network:
    return Network(scale, lambda picture: picture.repeat_interleave(scale, 2).repeat_interleave(scale, 3))


@pytest.mark.parametrize("scale, factor, sizes", [
    (4, 4, [((30, 40), (120, 160))]),
    (4, 2, [((30, 40), (60, 80))]),
    (4, 8, [((30, 40), (60, 80)), ((60, 80), (240, 320))]),
    (2, 8, [((30, 40), (60, 80)), ((60, 80), (120, 160)), ((120, 160), (240, 320))]),
    (3, 4, [((30, 40), (40, 53)), ((40, 53), (120, 160))]),
    (8, 2, [((30, 40), (60, 80))]),
])  # fmt: skip
def test_passes_end_at_the_factor_and_the_last_has_the_least_to_do(scale, factor, sizes):
    assert passes((30, 40), scale, factor) == sizes


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_gentle_picture_comes_out_whole_and_in_the_expected_tiles(scale, factor):
    across = torch.linspace(-0.9, 0.9, 41).expand(1, 3, 37, 41).contiguous()
    done = []
    large = torch.cat([*enlarged(across, repeating(scale), factor, 32, 8, lambda: done.append(1))], 2)
    assert large.shape == (1, 3, 37 * factor, 41 * factor) and large.dtype == torch.float32
    assert len(done) == count((37, 41), scale, factor, 32, 8) > 1
    middle = large[0, 0, 5 * factor, factor // 2 :: factor][:41]
    assert (middle - across[0, 0, 0]).abs().max() < 0.07


@pytest.mark.parametrize("size", [(20, 15), (40, 53), (1, 30), (60, 15)])
def test_lines_are_resized_as_the_whole_picture_is(size):
    picture = torch.rand(1, 3, 60, 45, generator=torch.Generator().manual_seed(0)) * 2 - 1
    whole = torch.nn.functional.interpolate(picture, size, mode="bicubic", antialias=True).clamp(-1, 1)
    assert (resized(iter(picture.split(7, 2)), 60, size) - whole).abs().max() < 1e-6
