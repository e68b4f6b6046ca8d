"""A batch that threads share: what it learns, its statistics, the same bits every time."""

import pytest
import torch

from stages.gan.architectures import ARCHITECTURES
from stages.train import parts
from stages.train.step import train_step

PICTURES = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


SHARED = [  # batch, group size, threads, parts
    *[(16, 1, 2, 2), (16, 1, 1, 1), (16, 4, 2, 2), (16, 1, 16, 2), (24, 4, 3, 3), (24, 4, 4, 3)],
    *[(8, 1, 2, 1), (18, 1, 4, 2), (17, 1, 2, 1), (64, 4, 16, 8), (20, 4, 2, 1)],
]


@pytest.mark.parametrize(("batch", "group_size", "threads", "expected"), SHARED)
def test_in_how_many_parts_a_batch_is_shared(batch, group_size, threads, expected):
    assert parts.count(batch, group_size, threads) == expected


def test_memory_comes_before_speed(make_state):
    assert make_state(threads=2, batch=16, microbatch=0).parts.number == 2
    assert make_state(threads=2, batch=16, microbatch=8).parts.number == 1
    assert make_state(threads=1, batch=16, microbatch=0).parts.number == 1


@pytest.mark.parametrize("changes", [{}, {"r2_gamma": 1.0, "lecam": 0.1}], ids=["default", "R2, LeCam"])
def test_a_shared_batch_learns_what_a_whole_one_does(make_state, make_params, changes):
    """Where no picture depends on the others: with the statistics of DCGAN's batch norm held still."""
    params = make_params(batch=16, microbatch=0, penalty_every=1, **changes)
    whole, shared = (make_state(threads=threads, batch=16, microbatch=0) for threads in (1, 2))
    assert shared.parts.number == 2
    for state in (whole, shared):
        for networks in state.parts._networks:
            networks.generator.eval()
        train_step(state, PICTURES, params)
    for network in ("generator", "discriminator"):
        pairs = zip(getattr(whole, network).parameters(), getattr(shared, network).parameters(), strict=True)
        for one, other in pairs:
            assert one.grad is not None
            torch.testing.assert_close(other.grad, one.grad, rtol=1e-3, atol=1e-5)
            assert one.grad.stride() == one.stride() == other.grad.stride(), "Adam pairs them by their place in memory"
    for name in ("loss_d", "logit_real", "logit_fake"):
        torch.testing.assert_close(shared.totals[name], whole.totals[name], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shared.penalties, whole.penalties, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_threads_give_the_same_bits_every_time_and_after_a_resume(make_state, make_params, name):
    path_length = 2.0 if ARCHITECTURES[name].path_length else 0.0
    changes = {"architecture": name, "batch": 16, "microbatch": 0, "path_length": path_length}
    params = make_params(**changes)

    def trained(state, steps):
        for _ in range(steps):
            train_step(state, PICTURES, params)
        return state

    once, again = (trained(make_state(threads=2, **changes), 3) for _ in range(2))
    halfway, resumed = trained(make_state(threads=2, **changes), 1), make_state(threads=2, **changes)
    resumed.load(halfway.tensors())
    trained(resumed, 2)
    for key, value in once.tensors().items():
        assert torch.equal(again.tensors()[key], value), key
        assert torch.equal(resumed.tensors()[key], value), key


def test_statistics_are_the_mean_of_the_parts_and_what_is_equal_stays_so(make_state):
    state = make_state(threads=3, batch=24, microbatch=0)
    first, *others = state.parts._networks
    state.parts.spread()
    for place, networks in enumerate(others, 1):
        networks.generator.norms[0].running_mean += 3 * place
    first.generator.norms[1].running_mean += 0.1  # no power of two: thirds of it do not add up
    before = first.generator.norms[1].running_var.clone()
    state.parts.gather()
    torch.testing.assert_close(first.generator.norms[0].running_mean, torch.full((32,), 3.0))
    assert torch.equal(first.generator.norms[1].running_var, before)
    state.parts.spread()
    for networks in others:
        for one, other in zip(first.generator.buffers(), networks.generator.buffers(), strict=True):
            assert torch.equal(one, other) and one is not other
        for one, other in zip(first.generator.parameters(), networks.generator.parameters(), strict=True):
            assert one is other


def test_what_goes_wrong_in_a_thread_is_raised(make_state):
    state = make_state(threads=2, batch=16, microbatch=0)

    def fails(_, item):
        raise ValueError(f"part {item}")

    with pytest.raises(ValueError, match="part 0"):
        list(state.parts.map(fails, [0, 1]))
