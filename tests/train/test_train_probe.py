"""What a training's kernels are measured by: a real step, small enough for the few seconds that it may take."""

import pytest
import torch

from stages.common.device import BFLOAT16, FLOAT32
from stages.train import probe as probes


@pytest.mark.parametrize(
    ("resolution", "batch", "size"),
    [(32, 64, "32 pixels, width 8, batch 64"), (256, 16, "128 pixels, width 8, batch 4")],
)
def test_it_is_the_training_s_own_step_up_to_a_size(make_params, resolution, batch, size):
    assert probes.probe(make_params(resolution=resolution, batch=batch)).name == f"dcgan, {size}"


@pytest.mark.parametrize("architecture", ["dcgan", "stylegan2"])
def test_each_kernel_takes_a_step(make_params, architecture):
    probe = probes.probe(make_params(architecture=architecture, batch=8))
    logits = {kernel: probe.work(kernel)().real for kernel in probe.kernels}
    assert set(logits) == {FLOAT32, BFLOAT16} and all(len(found) == 8 for found in logits.values())
    assert not torch.equal(logits[FLOAT32], logits[BFLOAT16])
    assert torch.allclose(logits[FLOAT32], logits[BFLOAT16], atol=0.1)
