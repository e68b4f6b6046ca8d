"""How exactly evaluate computes: in float32 by IEEE 754, on every device."""

import torch

from stages.common import device
from stages.common.device import Runtime
from stages.common.section import RuntimeParams


def prepare(chosen: RuntimeParams) -> Runtime:
    """`device.prepare` for float32, whatever precision was chosen: the last digits count.

    On an NVIDIA GPU PyTorch computes float32 convolutions in TF32, which keeps 10 bits of a fraction. On an H200 that
    moved Inception's features by 2e-3 and those of LPIPS by 3e-4 of their norm; without it both are the CPU's but for
    1.3e-6 and 5.5e-7.
    """
    torch.backends.cudnn.allow_tf32 = False
    return device.prepare(chosen.model_copy(update={"precision": "float32"}))
