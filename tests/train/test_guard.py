"""The guard's problems at numbers that are one or the other, and its memory."""

import json

import pytest

from stages.gan.adversarial import undecided_loss
from stages.gan.losses import LOSSES
from stages.train.evaluator import Evaluation
from stages.train.guard import CERTAIN, CONTRAST, GAP, SPREAD, Guard, diverged

HEALTHY = {"loss_d": 0.6, "logit_real": 1.0, "logit_fake": -1.0, "logit_validation": 0.9}
GOOD = Evaluation(kimg=10, fld=20.0, kid=0.2, spread=0.9, contrast=0.8)


def verdict(row=HEALTHY, evaluation=GOOD, loss="relativistic"):
    guard = Guard(loss)
    guard.update([row], evaluation, 10.0)
    return guard.verdict("kimg")


def test_a_healthy_training_is_ok():
    assert verdict() == {"state": "ok", "cause": "", "since_kimg": None, "ended": "kimg"}


@pytest.mark.parametrize(
    ("state", "row", "evaluation"),
    [
        ("constant", {}, {"contrast": CONTRAST - 0.01, "spread": 0.0}),
        ("collapsed", {}, {"spread": SPREAD - 0.01}),
        ("saturated", {"loss_d": 0.0}, {}),
        ("overfitting", {"logit_validation": 1.0 - 2 * GAP - 0.01}, {}),
    ],
)
def test_each_problem_has_its_verdict_with_a_cause_and_a_remedy(state, row, evaluation):
    found = verdict(HEALTHY | row, GOOD._replace(**evaluation))
    assert (found["state"], found["since_kimg"]) == (state, 10.0)
    assert "train." in found["cause"]


def test_just_before_a_problem_all_is_well():
    row, evaluation = {"logit_validation": 1.0 - 2 * GAP + 0.01}, GOOD._replace(contrast=CONTRAST, spread=SPREAD)
    assert verdict(HEALTHY | row, evaluation)["state"] == "ok"


@pytest.mark.parametrize("name", LOSSES)
def test_certainty_is_measured_against_a_discriminator_that_cannot_tell(name):
    limit = CERTAIN * undecided_loss(name)
    assert verdict(HEALTHY | {"loss_d": 1.01 * limit}, loss=name)["state"] == "ok"
    assert verdict(HEALTHY | {"loss_d": 0.99 * limit}, loss=name)["state"] == "saturated"


def test_rows_are_averaged_and_without_validation_works_the_rest_still_counts():
    guard = Guard("relativistic")
    rows = [HEALTHY | {"loss_d": loss, "logit_validation": float("nan")} for loss in (0.0, 0.02)]
    guard.update(rows, None, 1.0)
    found = guard.verdict("budget")
    assert found.pop("cause")
    assert found == {"state": "saturated", "since_kimg": 1.0, "ended": "budget"}


def test_a_problem_is_dated_from_its_beginning_and_forgotten_when_it_passes():
    guard = Guard("relativistic")
    for kimg, spread in ((10.0, 0.9), (20.0, 0.1), (30.0, 0.2)):
        guard.update([HEALTHY], GOOD._replace(spread=spread), kimg)
    assert guard.verdict("kimg")["since_kimg"] == 20.0
    guard.update([HEALTHY], GOOD, 40.0)
    assert guard.verdict("kimg")["state"] == "ok"


def test_the_best_evaluation_is_remembered_and_patience_counts_from_it():
    guard = Guard("relativistic")
    values = (30.0, 20.0, 25.0, 20.0)
    better = [guard.update([HEALTHY], GOOD._replace(fld=fld), 10.0 * number) for number, fld in enumerate(values)]
    assert better == [True, True, False, False]
    assert guard.state["best"] == {"kimg": 10.0, "fld": 20.0}
    assert [guard.should_stop(patience) for patience in (0, 1, 2, 3)] == [False, True, True, False]


def test_without_evaluations_the_last_generator_is_the_best():
    guard = Guard("hinge")
    assert guard.update([HEALTHY], None, 1.0) and guard.update([HEALTHY], None, 2.0)
    assert guard.state["best"] == {"kimg": 2.0, "fld": None}


def test_it_goes_on_from_its_state():
    first = Guard("hinge")
    first.update([HEALTHY], GOOD._replace(spread=0.1), 10.0)
    second = Guard("hinge", first.state)
    assert not second.update([HEALTHY], GOOD._replace(spread=0.1, fld=30.0), 20.0)
    assert second.verdict("kimg")["since_kimg"] == 10.0


def test_divergence_is_a_verdict_of_its_own():
    found = diverged(3.5)
    assert (found["state"], found["since_kimg"]) == ("not_a_number", 3.5)
    assert "train.learning_rate" in found["cause"]


FALLING = [(10.0, 40.0), (20.0, 30.0), (30.0, 25.0), (40.0, 20.0)]


def guard_after(scores, row=HEALTHY, **evaluation):
    guard = Guard("relativistic")
    for kimg, fld in scores:
        guard.update([row], GOOD._replace(fld=fld, **evaluation), kimg)
    return guard


def test_a_training_that_stops_while_its_score_falls_says_so():
    found = guard_after(FALLING).verdict("budget")
    assert (found["state"], found["since_kimg"], found["ended"]) == ("still_improving", None, "budget")
    assert "from 25.0 to 20.0, 20% less" in found["cause"] and "train.kimg" in found["cause"]


def test_a_problem_comes_first_and_patience_knows_that_nothing_improves():
    assert guard_after(FALLING, spread=SPREAD / 2).verdict("kimg")["state"] == "collapsed"
    assert guard_after(FALLING).verdict("patience")["state"] == "ok"
    assert guard_after([(kimg, 20.0) for kimg, _ in FALLING]).verdict("kimg")["state"] == "ok"


@pytest.mark.parametrize(
    ("state", "row"), [("overfitting", {"logit_validation": -0.9}), ("saturated", {"loss_d": 0.0})]
)
def test_what_the_discriminator_knows_by_heart_is_no_problem_while_the_score_falls_fast(state, row):
    slow = [(10.0, 45.0), (20.0, 41.0), (30.0, 40.0), (40.0, 40.0), (50.0, 38.0), (60.0, 37.0)]
    assert guard_after(slow).verdict("kimg")["state"] == "still_improving"
    assert guard_after(slow, HEALTHY | row).verdict("kimg")["state"] == state
    assert guard_after(FALLING, HEALTHY | row).verdict("kimg")["state"] == "still_improving"
    assert guard_after(FALLING, HEALTHY | row).verdict("patience")["state"] == state
    assert guard_after([(kimg, 20.0) for kimg, _ in FALLING], HEALTHY | row).verdict("kimg")["state"] == state
    assert guard_after(FALLING, HEALTHY | row, spread=SPREAD / 2).verdict("kimg")["state"] == "collapsed"


def test_a_score_that_goes_nowhere_or_up_is_a_problem_whatever_ended_the_training():
    worse = [(10.0, 40.0), (20.0, 20.0), (30.0, 21.0), (40.0, 30.0), (50.0, 30.0)]
    assert guard_after(worse).verdict("budget")["state"] == "worsening"
    flat = [(float(kimg), 30.0) for kimg in range(10, 70, 10)]
    assert guard_after(flat).verdict("patience")["state"] == "learns_nothing"
    assert guard_after(flat, spread=SPREAD / 2).verdict("kimg")["state"] == "collapsed"


def test_what_goes_on_from_a_saved_state_knows_the_scores_before():
    first = guard_after(FALLING[:2])
    second = Guard("relativistic", json.loads(json.dumps(first.state)))
    for kimg, fld in FALLING[2:]:
        second.update([HEALTHY], GOOD._replace(fld=fld), kimg)
    assert second.verdict("kimg") == guard_after(FALLING).verdict("kimg")
