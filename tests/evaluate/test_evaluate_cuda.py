"""The feature spaces on a GPU are those of the CPU but for float32's rounding, and the same each time."""

import pytest
import torch

from stages.common.section import RuntimeParams
from stages.evaluate import perceptual, precision
from stages.metrics import efficientnet, inception
from stages.metrics.features import features

pytestmark = pytest.mark.cuda


@pytest.fixture(autouse=True)
def prepared(restored_tf32):
    yield precision.prepare(RuntimeParams(device="cuda", precision="auto", kernels="auto", threads=1))
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("load", [inception.load, efficientnet.load, perceptual.load])
def test_features_are_those_of_the_cpu(load, picture):
    pictures = [picture(seed) for seed in range(4)]
    on_cpu, on_gpu, again = (
        features(load(torch.device(name)), pictures, 2, torch.device(name)) for name in ("cpu", "cuda", "cuda")
    )
    assert torch.equal(on_gpu, again)
    # TF32 is off by 3e-4 (LPIPS) and 2e-3 (Inception), IEEE's float32 by 5e-7 and 1.3e-6 (measured on an H200).
    assert (on_gpu - on_cpu).norm() < 1e-5 * on_cpu.norm()
