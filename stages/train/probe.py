"""What a training's kernels are measured by: its own step, with fewer pictures where they are large."""

import torch

from stages.common.device import BFLOAT16, FLOAT32, Kernel
from stages.common.kernels import Probe, Work
from stages.train.params import TrainParams
from stages.train.state import State
from stages.train.step import train_step

LARGEST = 128  # pixels; the layers that larger pictures add are of the same kind
PIXELS = 16 * 64**2  # of a batch, about; the measuring has a few seconds


def probe(params: TrainParams) -> Probe:
    """A step of both networks at the params' width and at their resolution, up to LARGEST."""
    resolution = min(params.resolution, LARGEST)
    batch = max(4, min(params.batch, PIXELS // resolution**2) // 4 * 4)
    smaller = params.model_copy(update={"resolution": resolution, "batch": batch, "microbatch": 0})

    def work(kernel: Kernel) -> Work:
        state = State(smaller, torch.device("cpu"), kernel.dtype)
        pictures = torch.zeros(batch, 3, resolution, resolution, dtype=torch.uint8)
        return lambda: train_step(state, pictures, smaller)

    name = f"{params.architecture}, {resolution} pixels, width {params.width}, batch {batch}"
    return Probe(name, (FLOAT32, BFLOAT16), work)
