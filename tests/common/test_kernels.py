"""Measured kernels: the margin, noise, the cache and what may damage it; nothing here hangs on this machine's speed."""

import itertools
import json
import re
from collections import Counter

import pytest
import torch

from stages.common import kept, kernels
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel, Runtime
from stages.common.kernels import CACHE, Probe, fastest
from stages.common.section import RuntimeParams

CPU = torch.device("cpu")
ALL = (FLOAT32, WINOGRAD, BFLOAT16)
NAMES = [kernel.name for kernel in ALL]
# Seconds of VGG-19's steps in each kernel, in turns, while five other processes used the two cores (processor's clock).
RECORDED = {
    "float32 direct": [0.712, 0.368, 0.352, 0.391, 0.359, 0.402, 0.355, 0.374, 0.366, 0.358, 0.361, 0.377, 0.353],
    "float32 winograd": [0.531, 0.262, 0.243, 0.277, 0.255, 0.249, 0.281, 0.25, 0.247, 0.259, 0.244, 0.268, 0.251],
    "bfloat16 direct": [0.402, 0.189, 0.176, 0.203, 0.18, 0.181, 0.199, 0.178, 0.183, 0.177, 0.186, 0.179, 0.182],
}


def chosen(**values: str) -> RuntimeParams:
    plain = {"device": "cpu", "precision": "auto", "kernels": "auto", "threads": 1}
    return RuntimeParams.model_validate(plain | values)


def runtime() -> Runtime:
    return Runtime(CPU, FLOAT32, 1)


@pytest.fixture
def probe(tmp_path, monkeypatch) -> Probe:
    """A network on a machine with bfloat16, in an empty folder; its work only says which kernel it is in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    return Probe("a network", ALL, lambda kernel: lambda: kernel)


@pytest.fixture
def clock(monkeypatch) -> Counter:
    """The recorded seconds in place of measured ones, begun at another place each time; counts what was timed."""
    counted, start = Counter(), itertools.count()

    def pretend(work) -> float:
        name = work().name
        counted[name] += 1
        if counted[name] == 1:
            counted["start"] = next(start)
        return RECORDED[name][(counted[name] + counted["start"]) % len(RECORDED[name])]

    monkeypatch.setattr(kernels, "seconds", pretend)
    return counted


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ((1.0, 0.9, 0.81), "float32 direct"),  # 1.23 times as fast is noise's
        ((1.0, 0.9, 0.79), "bfloat16 direct"),
        ((1.0, 0.6, 0.7), "float32 winograd"),
        ((1.0, 2.0, 1.5), "float32 direct"),
    ],
)
def test_another_kernel_than_the_default_must_win_by_the_margin(seconds, best):
    assert kernels.choose(dict(zip(NAMES, seconds, strict=True))) == best


@pytest.mark.parametrize(
    ("seconds", "close"),
    [((1.0, 0.9, 0.81), True), ((1.0, 0.9, 0.5), False), ((1.0, 0.5, 0.51), True), ((1.0, 1.0, 1.0), False)],
)
def test_speeds_that_noise_could_exchange_are_measured_for_longer(seconds, close):
    assert kernels.is_close(dict(zip(NAMES, seconds, strict=True))) == close


def test_recorded_timings_give_one_choice_however_they_fall(probe, clock):
    found = []
    for _ in range(5):
        clock.clear()
        CACHE.unlink(missing_ok=True)
        found.append(fastest(runtime(), chosen(), probe).kernel)
        assert clock[FLOAT32.name] == kernels.ROUNDS + 1, "one round to warm up"
    assert found == [BFLOAT16] * 5


def test_a_machine_is_measured_once(probe, clock, capsys):
    assert fastest(runtime(), chosen(), probe).kernel == BFLOAT16
    assert re.search(r"a network: bfloat16 direct \(.*bfloat16 direct (1\.9|2\.0)", capsys.readouterr().err)
    before, content = dict(clock), CACHE.read_bytes()
    assert fastest(runtime(), chosen(), probe).kernel == BFLOAT16
    assert dict(clock) == before and CACHE.read_bytes() == content and not capsys.readouterr().err
    assert "| a network, auto |" in kernels.markdown() and "| bfloat16 direct |" in kernels.markdown()


def test_another_processor_version_or_network_is_measured_anew(probe, clock, monkeypatch):
    fastest(runtime(), chosen(), probe)
    fastest(runtime(), chosen(), Probe("another", ALL, probe.work))
    monkeypatch.setattr(torch, "__version__", "9.9.9")
    fastest(runtime(), chosen(), probe)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True, "amx_bf16": True})
    fastest(runtime(), chosen(), probe)
    assert clock[FLOAT32.name] == 4 * (kernels.ROUNDS + 1)
    assert sorted(len(networks) for networks in json.loads(kept.read(CACHE) or b"").values()) == [1, 1, 2]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"machine": 3}', None])
def test_a_damaged_cache_counts_as_none(probe, clock, damage):
    fastest(runtime(), chosen(), probe)
    entry = '{"seconds": {}, "chosen": "abacus"}' if damage is None else damage
    if damage is None:  # a whole file with an entry that makes no sense
        entry = json.dumps({kernels.machine(): {"a network, auto": json.loads(entry)}})
    kept.write(CACHE, entry.encode()) if damage is None else CACHE.write_text(entry)
    assert fastest(runtime(), chosen(), probe).kernel == BFLOAT16
    assert clock[FLOAT32.name] == 2 * (kernels.ROUNDS + 1)


@pytest.mark.parametrize(
    ("asked", "kernel"),
    [({"precision": "float32"}, WINOGRAD), ({"precision": "bfloat16"}, BFLOAT16), ({"kernels": "portable"}, FLOAT32)],
)
def test_what_is_asked_for_limits_the_choice(probe, clock, asked, kernel):
    assert fastest(runtime(), chosen(**asked), probe).kernel == kernel


def test_a_processor_without_bfloat16_is_never_asked_for_it(probe, clock, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {})
    assert fastest(runtime(), chosen(), probe).kernel == WINOGRAD
    assert BFLOAT16.name not in clock


def test_portable_measures_nothing_and_writes_nothing(probe, clock):
    fastest(runtime(), chosen(kernels="portable"), probe)
    assert not clock and not CACHE.parent.exists()


def test_a_gpu_is_not_measured(probe, clock):
    gpu = Runtime(torch.device("meta"), Kernel(torch.bfloat16), 1)
    assert fastest(gpu, chosen(), probe) is gpu and not clock


def test_it_lies_in_the_main_checkout_for_queued_experiments(probe, clock, monkeypatch, tmp_path):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))
    fastest(runtime(), chosen(), probe)
    assert (tmp_path / "main" / CACHE).is_file() and not CACHE.exists()


def test_threads_are_as_before_after_measuring(probe, clock):
    torch.set_num_threads(2)
    try:
        fastest(runtime(), chosen(), probe)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_this_machine_has_a_name_that_stays():
    assert kernels.machine() == kernels.machine() and torch.__version__ in kernels.machine()


def test_time_is_the_processors():
    busy = kernels.seconds(lambda: sum(range(1_000_000)))
    assert 0 < busy < 60
    assert kernels.seconds(lambda: None) < busy
