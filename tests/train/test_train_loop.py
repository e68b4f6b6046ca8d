"""The loop: it learns, repeats bit for bit, goes on bit for bit, and stops when it diverges."""

import itertools
import math

import numpy as np
import pytest
import torch

from stages.common.tensors import from_bytes
from stages.gan.architectures import ARCHITECTURES
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.diffaugment import diffaugment
from stages.gan.losses import LOSSES
from stages.gan.noise import random
from stages.gan.sampling import latents
from stages.train.loop import Diverged, train
from stages.train.step import VALIDATION_STREAM

PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
VALIDATION = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def run(recorder, make_schedule):
    """Train a state, and return the rows of its log."""

    def train_and_record(state, params, pictures=PICTURES, validation=VALIDATION, **schedule):
        callbacks = recorder(state)
        train(state, pictures, validation, params, make_schedule(**schedule), callbacks)
        return callbacks.rows

    return train_and_record


def assert_equal(first, second):
    one, two = first.tensors(), second.tensors()
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_a_color(make_state, make_params, loss, run):
    color = torch.tensor([200, 90, 40], dtype=torch.uint8)
    pictures = color[:, None, None].expand(8, 3, 32, 32).contiguous()
    changes = {"loss": loss, "learning_rate": 0.002, "batch": 8, "diffaugment": ["translation"], "r1_gamma": 0.5}
    state = make_state(**changes)
    z = latents(5, range(16), 8)

    def distance():
        return (state.ema.network(z) - from_bytes(color)[:, None, None]).abs().mean().item()

    before = distance()
    run(state, make_params(**changes), pictures, steps=100)
    assert before > 0.4
    assert distance() < before / 3


def test_two_runs_have_the_same_bits_and_other_seeds_others(make_state, make_params, run):
    first, second, other = make_state(), make_state(), make_state()
    rows = [run(state, make_params(seed=seed)) for state, seed in ((first, 0), (second, 0), (other, 1))]
    assert_equal(first, second)
    assert rows[0] == rows[1] != rows[2]


RECIPES = {  # what has a state of its own, in one recipe or another
    "dcgan": {},
    "stylegan": {"augmentation": "ada", "lecam": 0.1},
    "stylegan2": {"path_length": 2.0, "r2_gamma": 0.1, "augmentation": "ada", "loss": "nonsaturating"},
    "fastgan": {"loss": "hinge", "augmentation": "none"},
}


class Stopped(Exception):
    """The training was interrupted."""


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "stop"), [("dcgan", 1), ("dcgan", 7), *((name, 4) for name in ARCHITECTURES)])
def test_a_stopped_run_goes_on_to_the_bits_of_an_unbroken_one(
    make_state, make_params, make_schedule, architecture, stop, run, recorder
):
    changes = {"architecture": architecture, **RECIPES[architecture]}
    params, unbroken = make_params(**changes), make_state(**changes)
    expected = run(unbroken, params)
    first, kept = make_state(**changes), {}

    def keep():
        if kept:
            raise Stopped
        kept.update({name: value.clone() for name, value in first.tensors().items()})

    callbacks = recorder(first, keep)
    with pytest.raises(Stopped):
        train(first, PICTURES, VALIDATION, params, make_schedule(save=stop), callbacks)
    second = make_state(seed=99, **changes)  # every number must come from what was kept
    second.load(kept)
    assert second.step == stop
    rows = [row for row in callbacks.rows if row["step"] <= stop]
    assert rows + run(second, params) == expected
    assert_equal(unbroken, second)


def test_rows_evaluations_and_saves_come_when_due_and_at_the_end(make_state, make_params, make_schedule, recorder):
    state = make_state()
    callbacks = recorder(state)
    train(state, PICTURES, VALIDATION, make_params(), make_schedule(steps=13), callbacks)
    assert [row["step"] for row in callbacks.rows] == [5, 10, 13]
    assert [row["kimg"] for row in callbacks.rows] == [0.02, 0.04, 0.052]
    assert callbacks.evaluations == [6, 12, 13]
    assert callbacks.saves == [4, 8, 12, 13]
    assert all(math.isfinite(value) for row in callbacks.rows for value in row.values())


def test_callbacks_that_say_stop_end_it_with_everything_due(make_state, make_params, make_schedule, recorder):
    state = make_state()
    callbacks = recorder(state, last=7)
    train(state, PICTURES, VALIDATION, make_params(), make_schedule(), callbacks)
    assert (state.step, callbacks.rows[-1]["step"]) == (7, 7)
    assert (callbacks.evaluations, callbacks.saves) == ([6, 7], [4, 7])


def test_rows_are_means_over_the_steps_since_the_row_before(make_state, make_params, run):
    single = run(make_state(), make_params(), steps=7, log=1)
    means = run(make_state(), make_params(), steps=7, log=5)
    for row, part in zip(means, (single[:5], single[5:]), strict=True):
        for key in ("loss_g", "loss_d", "logit_real", "logit_fake"):
            assert row[key] == pytest.approx(np.mean([item[key] for item in part]), rel=1e-5)
    assert means[0]["r1"] == single[4]["r1"] == single[3]["r1"] != single[2]["r1"]  # measured at steps 0, 3, 6


@pytest.mark.parametrize("policy", [[], ["color", "translation", "cutout"]], ids=["plain", "changed"])
def test_the_validation_logit_is_the_discriminators_mean_on_pictures_changed_like_the_real_ones(
    make_state, make_params, policy, run
):
    state, params = make_state(), make_params(diffaugment=policy)
    row = run(state, params, steps=2)[-1]
    draws = AUGMENTATIONS["diffaugment"].draws
    uniform = random(params.seed, 2, VALIDATION_STREAM).random((len(VALIDATION), draws), np.float32)
    with torch.no_grad():
        changed = diffaugment(from_bytes(VALIDATION), torch.from_numpy(uniform), policy)
        expected = state.discriminator(changed).mean().item()
        plain = state.discriminator(from_bytes(VALIDATION)).mean().item()
    assert row["logit_validation"] == pytest.approx(expected, rel=1e-4)
    assert (expected == plain) == (policy == [])


def test_without_validation_pictures_its_logit_is_unknown(make_state, make_params, run):
    row = run(make_state(), make_params(), validation=VALIDATION[:0], steps=1)[0]
    assert math.isnan(row["logit_validation"])


def test_r1_can_be_off(make_state, make_params, run):
    assert {row["r1"] for row in run(make_state(), make_params(r1_gamma=0.0))} == {0.0}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_trains_in_microbatches(make_state, make_params, run, architecture):
    changes = {"architecture": architecture, "batch": 8, "microbatch": 4}
    rows = run(make_state(**changes), make_params(**changes), steps=1)
    assert all(math.isfinite(value) for row in rows for value in row.values())


@pytest.mark.parametrize("signal", ["sign", "validation"])
def test_ada_moves_every_fourth_step_by_a_fixed_amount(make_state, make_params, run, signal):
    changes = {"augmentation": "ada", "ada_signal": signal}
    rows = run(make_state(**changes), make_params(**changes), log=1)
    moves = np.diff([0.0, *(row["ada_p"] for row in rows)])
    assert len(moves) == 12
    assert (moves[[number for number in range(12) if number % 4 != 3]] == 0).all()
    # 4 steps of 4 pictures, of 0.1 kimg; 0 at the bounds.
    assert set(np.round(np.abs(moves[3::4]), 6)) <= {0.0, round(4 * 4 / 100, 6)}


def test_bfloat16_trains_with_weights_and_losses_in_float32(make_state, make_params, run):
    state = make_state(dtype=torch.bfloat16)
    rows = run(state, make_params())
    assert {value.dtype for value in state.generator.parameters()} == {torch.float32}
    exact = run(make_state(), make_params())
    assert rows[-1]["loss_d"] == pytest.approx(exact[-1]["loss_d"], rel=0.1)
    assert rows[-1]["loss_d"] != exact[-1]["loss_d"]


def test_divergence_ends_it_before_any_callback_sees_it(make_state, make_params, make_schedule, recorder):
    state = make_state()
    with torch.no_grad():
        state.discriminator.logit.weight.fill_(float("nan"))
    callbacks = recorder(state)
    with pytest.raises(Diverged, match=r"NaN or infinite \(before step 1\)"):
        train(state, PICTURES, VALIDATION, make_params(), make_schedule(save=1), callbacks)
    assert (callbacks.rows, callbacks.evaluations, callbacks.saves) == ([], [], [])


COMBINATIONS = list(itertools.product(ARCHITECTURES, LOSSES, AUGMENTATIONS))


def test_there_are_48_combinations():
    assert len(COMBINATIONS) == 48


@pytest.mark.parametrize(("architecture", "loss", "augmentation"), COMBINATIONS)
def test_every_combination_trains(make_state, make_params, run, architecture, loss, augmentation):
    changes = {"architecture": architecture, "loss": loss, "augmentation": augmentation}
    state = make_state(**changes)
    z = latents(5, range(2), 8)
    before = state.ema.network(z)
    rows = run(state, make_params(**changes), steps=2, log=1)
    assert all(math.isfinite(value) for row in rows for value in row.values())
    after = state.ema.network(z)
    assert after.shape == (2, 3, 32, 32) and after.isfinite().all() and not torch.equal(before, after)
