"""The loop: it learns, repeats bit for bit, goes on bit for bit, and stops when it diverges."""

import math

import numpy as np
import pytest
import torch
from stages.common.door import UserError
from stages.gan.diffaugment import DRAWS, diffaugment
from stages.gan.noise import latents, random
from stages.train import loop
from stages.train.loop import HELD_OUT, batch_order, normalise, train

PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
VALIDATION = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def run(state, settings, pictures=PICTURES, validation=VALIDATION, on_snapshot=lambda: None):
    rows = []
    train(state, pictures, validation, settings, rows.append, on_snapshot)
    return rows


def assert_equal(first, second):
    one, two = first.tensors(), second.tensors()
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.parametrize("loss", ["nonsaturating", "relativistic"])
def test_it_learns_a_colour(make_state, make_settings, loss):
    colour = torch.tensor([200, 90, 40], dtype=torch.uint8)
    pictures = colour[:, None, None].expand(8, 3, 32, 32).contiguous()
    state = make_state(learning_rate=0.002)
    z = latents(5, range(16), 8)

    def distance():
        return (state.ema.network(z) - normalise(colour)[:, None, None]).abs().mean().item()

    before = distance()
    run(state, make_settings(loss=loss, steps=150, batch=8, diffaugment=("translation",), r1_gamma=0.5), pictures)
    assert before > 0.4
    assert distance() < before / 3


def test_two_runs_have_the_same_bits_and_other_seeds_others(make_state, make_settings):
    first, second, other = make_state(), make_state(), make_state()
    rows = [run(state, make_settings(seed=seed)) for state, seed in ((first, 0), (second, 0), (other, 1))]
    assert_equal(first, second)
    assert rows[0] == rows[1] != rows[2]


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_stopped_run_goes_on_to_the_bits_of_an_unbroken_one(make_state, make_settings, stop):
    unbroken = make_state()
    expected = run(unbroken, make_settings())

    class Stopped(Exception):
        pass

    first, kept = make_state(), {}

    def keep():
        if kept:
            raise Stopped
        kept.update({name: value.clone() for name, value in first.tensors().items()})

    rows = []
    with pytest.raises(Stopped):
        train(first, PICTURES, VALIDATION, make_settings(snapshot_every=stop), rows.append, keep)
    second = make_state(seed=99)  # every number must come from what was kept
    second.load(kept)
    assert second.step == stop
    rows = [row for row in rows if row["step"] <= stop]
    assert rows + run(second, make_settings()) == expected
    assert_equal(unbroken, second)


def test_reports_and_snapshots_come_when_due_and_at_the_end(make_state, make_settings):
    state, snapshots = make_state(), []
    rows = run(state, make_settings(steps=13), on_snapshot=lambda: snapshots.append(state.step))
    assert [row["step"] for row in rows] == [5, 10, 13]
    assert [row["kimg"] for row in rows] == [0.02, 0.04, 0.052]
    assert snapshots == [4, 8, 12, 13]
    assert all(math.isfinite(value) for row in rows for value in row.values())


def test_rows_are_means_over_the_steps_since_the_row_before(make_state, make_settings):
    single = run(make_state(), make_settings(steps=7, report_every=1))
    means = run(make_state(), make_settings(steps=7, report_every=5))
    for row, part in zip(means, (single[:5], single[5:]), strict=True):
        for key in ("loss_g", "loss_d", "logit_real", "logit_fake"):
            assert row[key] == pytest.approx(np.mean([item[key] for item in part]), rel=1e-5)
    assert means[0]["r1"] == single[4]["r1"] == single[3]["r1"] != single[2]["r1"]  # measured at steps 0, 3, 6


@pytest.mark.parametrize("policy", [(), ("color", "translation", "cutout")], ids=["plain", "changed"])
def test_the_validation_logit_is_the_discriminators_mean_on_pictures_changed_like_the_real_ones(make_state, make_settings, policy):
    state, settings = make_state(), make_settings(steps=2, diffaugment=policy)
    row = run(state, settings)[-1]
    draws = torch.from_numpy(random(settings.seed, 2, HELD_OUT).random((len(VALIDATION), DRAWS), np.float32))
    with torch.no_grad():
        changed = diffaugment(normalise(VALIDATION), policy, draws)
        expected = state.discriminator(changed).mean().item()
        plain = state.discriminator(normalise(VALIDATION)).mean().item()
    assert row["logit_validation"] == pytest.approx(expected, rel=1e-4)
    assert (expected == plain) == (policy == ())


def test_without_validation_pictures_its_logit_is_unknown(make_state, make_settings):
    assert math.isnan(run(make_state(), make_settings(steps=1), validation=VALIDATION[:0])[0]["logit_validation"])


def test_r1_can_be_off(make_state, make_settings):
    assert {row["r1"] for row in run(make_state(), make_settings(r1_gamma=0.0))} == {0.0}


def test_lazy_r1_is_weighted_by_its_interval(make_state, make_settings, monkeypatch):
    totals = []
    descend = loop.descend

    def spy(optimiser, value):
        totals.append(value.item())
        descend(optimiser, value)

    monkeypatch.setattr(loop, "descend", spy)
    row = run(make_state(), make_settings(steps=1, r1_gamma=0.4, r1_every=16))[0]
    assert totals[0] == pytest.approx(row["loss_d"] + 0.4 / 2 * 16 * row["r1"], rel=1e-5)
    assert totals[1] == pytest.approx(row["loss_g"], rel=1e-5)


def test_the_generators_step_leaves_no_gradient_in_the_discriminator(make_state, make_settings, monkeypatch):
    state = make_state()
    gradients = []
    descend = loop.descend

    def spy(optimiser, value):
        descend(optimiser, value)
        gradients.append([parameter.grad.clone() for parameter in state.discriminator.parameters()])

    monkeypatch.setattr(loop, "descend", spy)
    run(state, make_settings(steps=1))
    assert all(torch.equal(after_d, after_g) for after_d, after_g in zip(*gradients, strict=True))
    assert all(parameter.requires_grad for parameter in state.discriminator.parameters())


def test_bfloat16_trains_with_weights_and_losses_in_float32(make_state, make_settings):
    state = make_state()
    rows = run(state, make_settings(dtype=torch.bfloat16))
    assert {value.dtype for value in state.generator.parameters()} == {torch.float32}
    assert rows[-1]["loss_d"] == pytest.approx(run(make_state(), make_settings())[-1]["loss_d"], rel=0.1)


def test_divergence_stops_with_a_remedy_before_anything_is_saved(make_state, make_settings):
    state, snapshots = make_state(), []
    with torch.no_grad():
        state.discriminator.logit.weight.fill_(float("nan"))
    with pytest.raises(UserError, match=r"not a number.*train\.learning_rate.*train\.precision"):
        run(state, make_settings(snapshot_every=1), on_snapshot=lambda: snapshots.append(state.step))
    assert snapshots == []
    assert state.step == 1


@pytest.mark.parametrize(("batch", "count"), [(4, 6), (6, 6), (3, 10), (16, 5)])
def test_every_epoch_shows_every_picture_once(batch, count):
    epochs = 4
    steps = epochs * count // batch
    shown = np.concatenate([batch_order(7, step, batch, count) for step in range(steps)])
    whole = shown[: len(shown) // count * count].reshape(-1, count)
    assert len(whole) >= epochs - 3
    assert (np.sort(whole, axis=1) == np.arange(count)).all()
    assert len({tuple(epoch) for epoch in whole}) > 1 or len(whole) == 1


def test_normalise_is_minus_1_to_1():
    assert normalise(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
