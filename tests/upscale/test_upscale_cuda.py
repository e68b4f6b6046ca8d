"""Enlarging on a GPU: the picture of the CPU but for rounding, the same each time."""

import pytest
import torch

from stages.common import weights
from stages.upscale import esrgan, models

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize(("dtype", "decibels"), [(torch.float32, 60), (torch.bfloat16, 40)])
def test_it_enlarges_as_the_cpu_does(dtype, decibels):
    state = esrgan.state_dict(weights.locate(weights.ESRGAN))
    picture = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain = models.load(state, "Real-ESRGAN", torch.device("cpu"), torch.float32).enlarge(picture)
    network = models.load(state, "Real-ESRGAN", torch.device("cuda"), dtype)
    first, second = network.enlarge(picture).cpu(), network.enlarge(picture).cpu()
    assert torch.equal(first, second)
    error = (first - plain).square().mean() / 4  # of a range of 2
    assert -10 * error.log10() > decibels
