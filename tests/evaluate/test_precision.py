"""What evaluate asks of PyTorch before it computes anything."""

import pytest
import torch

from stages.common.device import FLOAT32
from stages.common.section import RuntimeParams
from stages.evaluate import precision


@pytest.mark.parametrize("chosen", ["auto", "float32", "bfloat16"])
def test_evaluate_computes_in_float32_and_a_gpu_not_in_tf32(restored_tf32, chosen):
    torch.backends.cudnn.allow_tf32 = True  # PyTorch's own choice
    runtime = precision.prepare(RuntimeParams(device="cpu", precision=chosen, kernels="auto", threads=1))
    assert runtime.kernel == FLOAT32
    assert not torch.backends.cudnn.allow_tf32
