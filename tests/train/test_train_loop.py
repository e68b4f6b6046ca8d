"""The loop: it learns, repeats bit for bit, goes on bit for bit, and stops when it diverges."""

import itertools
import math

import numpy as np
import pytest
import torch

from stages.common.tensors import from_bytes
from stages.gan.architectures import ARCHITECTURES
from stages.gan.diffaugment import diffaugment
from stages.gan.losses import LOSSES, lecam
from stages.gan.noise import latents, random
from stages.train.loop import Diverged, train
from stages.train.step import DRAW, DRAWS, HELD_OUT, batch_order, learn

PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
VALIDATION = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def run(diary):
    def train_and_tell(state, settings, pictures=PICTURES, validation=VALIDATION):
        watcher = diary(state)
        train(state, pictures, validation, settings, watcher)
        return watcher.rows

    return train_and_tell


def assert_equal(first, second):
    one, two = first.tensors(), second.tensors()
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_a_color(make_state, make_settings, loss, run):
    color = torch.tensor([200, 90, 40], dtype=torch.uint8)
    pictures = color[:, None, None].expand(8, 3, 32, 32).contiguous()
    state = make_state(learning_rate=0.002)
    z = latents(5, range(16), 8)

    def distance():
        return (state.ema.network(z) - from_bytes(color)[:, None, None]).abs().mean().item()

    before = distance()
    run(state, make_settings(loss=loss, steps=150, batch=8, diffaugment=("translation",), r1_gamma=0.5), pictures)
    assert before > 0.4
    assert distance() < before / 3


def test_two_runs_have_the_same_bits_and_other_seeds_others(make_state, make_settings, run):
    first, second, other = make_state(), make_state(), make_state()
    rows = [run(state, make_settings(seed=seed)) for state, seed in ((first, 0), (second, 0), (other, 1))]
    assert_equal(first, second)
    assert rows[0] == rows[1] != rows[2]


RECIPES = {  # what has a state of its own, in one recipe or another
    "dcgan": {},
    "stylegan": {"augmentation": "ada", "lecam": 0.1},
    "stylegan2": {"path_length": 2.0, "r2_gamma": 0.1, "augmentation": "ada", "loss": "nonsaturating"},
    "fastgan": {"loss": "hinge", "augmentation": "none"},
}


@pytest.mark.parametrize(("architecture", "stop"), [("dcgan", 1), ("dcgan", 7), *((name, 4) for name in ARCHITECTURES)])
def test_a_stopped_run_goes_on_to_the_bits_of_an_unbroken_one(
    make_state, make_settings, architecture, stop, run, diary
):
    settings, unbroken = RECIPES[architecture], make_state(architecture=architecture)
    expected = run(unbroken, make_settings(**settings))

    class Stopped(Exception):
        pass

    first, kept = make_state(architecture=architecture), {}

    def keep():
        if kept:
            raise Stopped
        kept.update({name: value.clone() for name, value in first.tensors().items()})

    watcher = diary(first, keep)
    with pytest.raises(Stopped):
        train(first, PICTURES, VALIDATION, make_settings(snapshot_every=stop, **settings), watcher)
    second = make_state(seed=99, architecture=architecture)  # every number must come from what was kept
    second.load(kept)
    assert second.step == stop
    rows = [row for row in watcher.rows if row["step"] <= stop]
    assert rows + run(second, make_settings(**settings)) == expected
    assert_equal(unbroken, second)


def test_reports_looks_and_snapshots_come_when_due_and_at_the_end(make_state, make_settings, diary):
    state = make_state()
    watcher = diary(state)
    train(state, PICTURES, VALIDATION, make_settings(steps=13), watcher)
    assert [row["step"] for row in watcher.rows] == [5, 10, 13]
    assert [row["kimg"] for row in watcher.rows] == [0.02, 0.04, 0.052]
    assert watcher.looks == [6, 12, 13]
    assert watcher.snapshots == [4, 8, 12, 13]
    assert all(math.isfinite(value) for row in watcher.rows for value in row.values())


def test_a_watcher_that_has_had_enough_ends_it_with_everything_due(make_state, make_settings, diary):
    state = make_state()
    watcher = diary(state, last=7)
    train(state, PICTURES, VALIDATION, make_settings(), watcher)
    assert (state.step, watcher.rows[-1]["step"], watcher.looks, watcher.snapshots) == (7, 7, [6, 7], [4, 7])


def test_rows_are_means_over_the_steps_since_the_row_before(make_state, make_settings, run):
    single = run(make_state(), make_settings(steps=7, report_every=1))
    means = run(make_state(), make_settings(steps=7, report_every=5))
    for row, part in zip(means, (single[:5], single[5:]), strict=True):
        for key in ("loss_g", "loss_d", "logit_real", "logit_fake"):
            assert row[key] == pytest.approx(np.mean([item[key] for item in part]), rel=1e-5)
    assert means[0]["r1"] == single[4]["r1"] == single[3]["r1"] != single[2]["r1"]  # measured at steps 0, 3, 6


@pytest.mark.parametrize("policy", [(), ("color", "translation", "cutout")], ids=["plain", "changed"])
def test_the_validation_logit_is_the_discriminators_mean_on_pictures_changed_like_the_real_ones(
    make_state, make_settings, policy, run
):
    state, settings = make_state(), make_settings(steps=2, diffaugment=policy)
    row = run(state, settings)[-1]
    draws = torch.from_numpy(random(settings.seed, 2, HELD_OUT).random((len(VALIDATION), DRAWS), np.float32))
    with torch.no_grad():
        changed = diffaugment(from_bytes(VALIDATION), policy, draws)
        expected = state.discriminator(changed).mean().item()
        plain = state.discriminator(from_bytes(VALIDATION)).mean().item()
    assert row["logit_validation"] == pytest.approx(expected, rel=1e-4)
    assert (expected == plain) == (policy == ())


def test_without_validation_pictures_its_logit_is_unknown(make_state, make_settings, run):
    assert math.isnan(run(make_state(), make_settings(steps=1), validation=VALIDATION[:0])[0]["logit_validation"])


def test_r1_can_be_off(make_state, make_settings, run):
    assert {row["r1"] for row in run(make_state(), make_settings(r1_gamma=0.0))} == {0.0}


def gradients(network):
    return {name: value.grad.clone() for name, value in network.named_parameters()}


@pytest.mark.parametrize("name", ["r1_gamma", "r2_gamma"])
def test_a_lazy_penalty_is_weighted_by_its_interval(make_state, make_settings, name):
    """At step 0 every penalty is due, whatever its interval: only its weight differs, and so do the gradients."""
    grown = []
    for every, gamma in ((1, 0.0), (16, 0.4), (1, 16 * 0.4)):
        state = make_state()
        learn(state, PICTURES, make_settings(**{"r1_gamma": 0.0, name: gamma}, penalty_every=every))
        grown.append(gradients(state.discriminator))
    without, lazy, eager = grown
    assert any(not torch.equal(without[key], lazy[key]) for key in lazy)
    for key, value in lazy.items():
        torch.testing.assert_close(value, eager[key])


def test_the_generators_step_leaves_no_gradient_in_the_discriminator(make_state, make_settings):
    state, settings = make_state(), make_settings(loss="nonsaturating", r1_gamma=0.0, augmentation="none", steps=1)
    untouched = make_state()
    learn(state, PICTURES, settings)
    real = from_bytes(PICTURES[torch.from_numpy(batch_order(0, 0, 4, len(PICTURES)))])
    z = torch.from_numpy(random(0, 0, DRAW).standard_normal((4, 8), np.float32))
    LOSSES["nonsaturating"].discriminator(
        *untouched.discriminator(torch.cat([real, untouched.generator(z).detach()])).chunk(2)
    ).backward()
    for key, value in gradients(untouched.discriminator).items():
        torch.testing.assert_close(gradients(state.discriminator)[key], value)
    assert all(parameter.requires_grad for parameter in state.discriminator.parameters())


@pytest.mark.parametrize("loss", ["nonsaturating", "hinge", "relativistic"])
def test_a_batch_in_parts_learns_what_a_whole_one_does(make_state, make_settings, loss):
    """Where no picture depends on the others: DCGAN with the statistics of its batch norm held still, and losses of single pictures or pairs."""
    whole, parts = make_state(), make_state()
    for state, size in ((whole, 8), (parts, 2)):
        state.generator.eval()
        learn(state, PICTURES, make_settings(batch=8, microbatch=size, loss=loss, penalty_every=1))
    assert max(value.abs().max() for value in gradients(whole.generator).values()) > 0
    for network in ("generator", "discriminator"):
        expected = gradients(getattr(whole, network))
        for key, value in gradients(getattr(parts, network)).items():
            torch.testing.assert_close(value, expected[key], rtol=1e-3, atol=1e-5)
    for name in (
        "loss_d",
        "logit_real",
        "logit_fake",
    ):  # loss_g comes after Adam's first step, which makes rounding errors of tiny gradients large
        torch.testing.assert_close(parts.totals[name], whole.totals[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_trains_in_parts(make_state, make_settings, run, architecture):
    rows = run(make_state(architecture=architecture), make_settings(batch=8, microbatch=4, steps=1))
    assert all(math.isfinite(value) for row in rows for value in row.values())


def test_lecam_pulls_the_logits_to_the_anchors(make_state, make_settings):
    plain, held = make_state(), make_state()
    for state in (plain, held):
        state.anchors.copy_(torch.tensor([0.5, -0.5]))
    logits = [
        learn(state, PICTURES, make_settings(lecam=weight, r1_gamma=0.0))
        for state, weight in ((plain, 0.0), (held, 0.3))
    ]
    assert torch.equal(logits[0][0], logits[1][0]), "before the first step both judge alike"
    assert lecam(*logits[0], torch.tensor([0.5, -0.5])) > 0
    assert any(
        not torch.equal(value, gradients(held.discriminator)[key])
        for key, value in gradients(plain.discriminator).items()
    )
    torch.testing.assert_close(
        held.anchors, torch.tensor([0.5, -0.5]).lerp(torch.stack([part.mean() for part in logits[0]]), 0.01)
    )


@pytest.mark.parametrize("signal", ["sign", "validation"])
def test_ada_moves_every_fourth_step_by_a_fixed_amount(make_state, make_settings, run, signal):
    state = make_state(signal=signal)
    rows = run(state, make_settings(augmentation="ada", steps=12, report_every=1))
    moves = np.diff([0.0, *(row["ada_p"] for row in rows)])
    assert (moves[[number for number in range(12) if number % 4 != 3]] == 0).all()
    assert set(np.round(np.abs(moves[3::4]), 6)) <= {0.0, round(4 * 4 / 100, 6)}, (
        "4 steps of 4 pictures, of 0.1 kimg; 0 at the bounds"
    )


def test_bfloat16_trains_with_weights_and_losses_in_float32(make_state, make_settings, run):
    state = make_state()
    rows = run(state, make_settings(dtype=torch.bfloat16))
    assert {value.dtype for value in state.generator.parameters()} == {torch.float32}
    assert rows[-1]["loss_d"] == pytest.approx(run(make_state(), make_settings())[-1]["loss_d"], rel=0.1)


def test_divergence_ends_it_before_anybody_sees_it(make_state, make_settings, diary):
    state = make_state()
    with torch.no_grad():
        state.discriminator.logit.weight.fill_(float("nan"))
    watcher = diary(state)
    with pytest.raises(Diverged, match=r"not a number any more \(before step 1\)"):
        train(state, PICTURES, VALIDATION, make_settings(snapshot_every=1), watcher)
    assert (watcher.rows, watcher.looks, watcher.snapshots) == ([], [], [])


COMBINATIONS = list(itertools.product(ARCHITECTURES, LOSSES, ("none", "diffaugment", "ada")))


def test_there_are_48_combinations():
    assert len(COMBINATIONS) == 48


@pytest.mark.parametrize(("architecture", "loss", "augmentation"), COMBINATIONS)
def test_every_combination_trains(make_state, make_settings, run, architecture, loss, augmentation):
    state = make_state(architecture=architecture)
    z = latents(5, range(2), 8)
    before = state.ema.network(z)
    rows = run(state, make_settings(loss=loss, augmentation=augmentation, steps=2, report_every=1))
    assert all(math.isfinite(value) for row in rows for value in row.values())
    after = state.ema.network(z)
    assert after.shape == (2, 3, 32, 32) and after.isfinite().all() and not torch.equal(before, after)


@pytest.mark.parametrize(("batch", "count"), [(4, 6), (6, 6), (3, 10), (16, 5)])
def test_every_epoch_shows_every_picture_once(batch, count):
    epochs = 4
    steps = epochs * count // batch
    shown = np.concatenate([batch_order(7, step, batch, count) for step in range(steps)])
    whole = shown[: len(shown) // count * count].reshape(-1, count)
    assert len(whole) >= epochs - 3
    assert (np.sort(whole, axis=1) == np.arange(count)).all()
    assert len({tuple(epoch) for epoch in whole}) > 1 or len(whole) == 1


def test_normalize_is_minus_1_to_1():
    assert from_bytes(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
