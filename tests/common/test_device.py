"""Device and precision: what was asked is had or refused, and auto falls back by itself."""

import pytest
import torch

from stages.common import device
from stages.common.cli import UserError
from stages.common.section import RuntimeParams


def pretend(monkeypatch, **has: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)


@pytest.mark.parametrize("has", [{"amx_bf16": True}, {"avx512_bf16": True}, {}])
def test_auto_precision_on_a_cpu_is_float32_until_something_is_measured(monkeypatch, has):
    pretend(monkeypatch, **has)
    assert (
        device.prepare(RuntimeParams(device="cpu", precision="auto", kernels="auto", threads=1)).kernel
        == device.FLOAT32
    )


def test_bfloat16_where_it_cannot_be_had_is_refused(monkeypatch):
    pretend(monkeypatch)
    with pytest.raises(UserError, match=r"runtime.precision is 'bfloat16', but this machine's cpu .* float32 or auto"):
        device.prepare(RuntimeParams(device="cpu", precision="bfloat16", kernels="portable", threads=1))
    pretend(monkeypatch, avx512_bf16=True)
    assert (
        device.prepare(RuntimeParams(device="cpu", precision="bfloat16", kernels="portable", threads=1)).dtype
        == torch.bfloat16
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_refused_with_the_choices():
    with pytest.raises(UserError, match=r"runtime.device is 'cuda', but this machine offers only: .*cpu"):
        device.prepare(RuntimeParams(device="cuda", precision="auto", kernels="portable", threads=1))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_determinism_are_set_and_reported(threads):
    before = torch.get_num_threads()
    try:
        runtime = device.prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=threads))
        assert torch.get_num_threads() == threads and torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(before)
    assert runtime.report() == {"device": "cpu", "precision": "float32", "convolution": "direct", "threads": threads}
