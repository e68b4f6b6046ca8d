"""The feature spaces on a GPU are those of the CPU but for rounding, and the same each time."""

import pytest
import torch

from stages.evaluate import perceptual
from stages.metrics import efficientnet, inception
from stages.metrics.features import features

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize("load", [inception.load, efficientnet.load, perceptual.load])
def test_features_are_those_of_the_cpu(load, picture):
    pictures = [picture(seed) for seed in range(4)]
    on_cpu, on_gpu, again = (
        features(load(torch.device(name)), pictures, 2, torch.device(name)) for name in ("cpu", "cuda", "cuda")
    )
    assert torch.equal(on_gpu, again)
    assert torch.allclose(on_gpu, on_cpu, rtol=1e-2, atol=1e-2 * on_cpu.std().item())
