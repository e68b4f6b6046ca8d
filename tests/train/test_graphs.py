"""When steps are CUDA graphs, and the random numbers that outlast them (the rest is in test_train_cuda.py)."""

import pytest
import torch

from stages.train.graphs import can_capture
from stages.train.rngs import Rngs

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("device", "microbatch", "expected"), [(CPU, 0, False), (CUDA, 0, True), (CUDA, 8, True), (CUDA, 4, False)]
)
def test_a_whole_batch_on_a_gpu_is_captured(make_params, device, microbatch, expected):
    assert can_capture(device, make_params(batch=8, microbatch=microbatch)) == expected


def test_what_is_drawn_follows_use_and_seed_alone():
    def draw(use, seed):
        return torch.rand(3, generator=rngs.seeded(use, seed))

    rngs = Rngs(CPU)
    first = draw("noise", 5)
    assert not torch.equal(draw("noise", 6), first) and torch.equal(draw("noise", 5), first)
    assert torch.equal(first, torch.rand(3, generator=torch.Generator().manual_seed(5)))
    assert torch.equal(draw("path_length", 4), first), "its seed is one more"
    rngs.seed(5)
    assert torch.equal(torch.rand(3, generator=rngs.by_use["self_supervision"]), first)
