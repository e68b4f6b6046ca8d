"""A training on a GPU: the same bits each time and after an interruption, and no step waits for the device."""

from functools import partial

import pytest
import torch

from stages.common.device import BFLOAT16, prepare
from stages.common.section import RuntimeParams
from stages.gan.architectures import ARCHITECTURES
from stages.train.graphs import GraphedStep
from stages.train.state import State
from stages.train.step import train_step

pytestmark = pytest.mark.cuda
GPU = torch.device("cuda")
PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def deterministic():
    runtime = prepare(RuntimeParams(device="cuda", precision="auto", kernels="auto", threads=1))
    yield runtime
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def steps(make_params):
    """So many steps of an architecture in bfloat16, from a state or from the beginning; gives the state."""

    def run(
        architecture: str, count: int, saved: dict[str, torch.Tensor] | None = None, graphs: bool = False, **changes
    ) -> State:
        params = make_params(architecture=architecture, **changes)
        state = State(params, GPU, torch.bfloat16)
        if saved:
            state.load(saved)
        kind = GraphedStep if graphs else partial(partial, train_step)
        step = kind(state, PICTURES.to(GPU), params)
        for _ in range(count):
            step()
        return state

    return run


def assert_equal(one: State, other: State) -> None:
    first, second = one.tensors(), other.tensors()
    assert first.keys() == second.keys()
    assert not [name for name, value in first.items() if not torch.equal(value.cpu(), second[name].cpu())]


def test_auto_is_bfloat16_where_the_gpu_has_it(deterministic):
    if torch.cuda.is_bf16_supported(including_emulation=False):
        assert deterministic.kernel == BFLOAT16
    assert deterministic.report()["device"] == "cuda"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("augmentation", ["diffaugment", "ada"])
def test_the_same_bits_each_time_and_after_an_interruption(steps, architecture, augmentation):
    whole = steps(architecture, 4, augmentation=augmentation)
    assert_equal(whole, steps(architecture, 4, augmentation=augmentation))
    saved = {
        name: value.cpu().clone() for name, value in steps(architecture, 2, augmentation=augmentation).tensors().items()
    }
    assert_equal(whole, steps(architecture, 2, saved, augmentation=augmentation))
    assert all(value.isfinite().all() for value in whole.tensors().values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("augmentation", ["diffaugment", "ada"])
def test_graphs_give_the_bytes_of_plain_steps(steps, architecture, augmentation):
    """Each kind of step (every second one with R1, every fourth with the path length) is replayed at least once."""
    path_length = 2.0 if ARCHITECTURES[architecture].path_length else 0.0
    changes = {"augmentation": augmentation, "r1_gamma": 1.0, "penalty_every": 2, "path_length": path_length}
    whole = steps(architecture, 13, **changes)
    assert_equal(whole, steps(architecture, 13, graphs=True, **changes))
    saved = {
        name: value.cpu().clone() for name, value in steps(architecture, 5, graphs=True, **changes).tensors().items()
    }
    assert_equal(whole, steps(architecture, 8, saved, graphs=True, **changes))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_step_does_not_wait_for_the_gpu(make_params, architecture):
    """Copies of a step's random numbers to the device are the one exception: they are small, and come first."""
    params = make_params(architecture=architecture)
    state, pictures = State(params, GPU, torch.bfloat16), PICTURES.to(GPU)
    train_step(state, pictures, params)  # the first one prepares kernels
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with pytest.warns(UserWarning) as told:
            train_step(state, pictures, params)
            torch.zeros((), device=GPU).item()  # at least one, so that an empty list means that nothing is counted
    finally:
        torch.cuda.set_sync_debug_mode("default")
    where = {(warning.filename.rpartition("/")[2], warning.lineno) for warning in told}
    outside = {place for place in where if place[0] not in ("step.py", "test_train_cuda.py")}
    assert not outside, f"these lines wait: {sorted(outside)}"
