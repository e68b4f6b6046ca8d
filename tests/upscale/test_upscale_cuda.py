"""Enlarging on a GPU: the picture of the CPU but for rounding, the same each time."""

import pytest
import torch

from stages.common.device import BFLOAT16, FLOAT32
from stages.upscale import models

pytestmark = pytest.mark.cuda
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(("kernel", "decibels"), [(FLOAT32, 60), (BFLOAT16, 40)])
def test_it_enlarges_as_the_cpu_does(kernel, decibels):
    picture = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain = models.packaged(CPU).on(CPU, FLOAT32).enlarge(picture)
    network = models.packaged(CUDA).on(CUDA, kernel)
    first, second = network.enlarge(picture).cpu(), network.enlarge(picture).cpu()
    assert torch.equal(first, second)
    error = (first - plain).square().mean() / 4  # of a range of 2
    assert -10 * error.log10() > decibels
