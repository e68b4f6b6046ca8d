"""How a training ends: by its budget, its patience, a loss that is NaN, a collapse; and what is kept of it."""

import csv
import io
import time

import pytest
import torch

from stages.common.cli import UserError
from stages.gan.checkpoint import load_generator, read_tensors
from stages.train import loop
from stages.train.evaluator import Evaluation, Evaluator
from stages.train.step import train_step


@pytest.mark.slow
def test_a_minute_of_budget_ends_in_time_with_all_outputs(make_workspace):
    """The budget counts the start and the last evaluation, too: hours of training end within 15 s in a budget of 12."""
    workspace = make_workspace("main")
    workspace.set(kimg=1000.0, max_minutes=0.2, cost_per_hour=3.0, sheet_kimg=1.0, evaluate_kimg=1.0)
    start = time.monotonic()
    code, out, error = workspace.run()
    assert code == 0, error
    assert workspace.metrics()["verdict"]["ended"] == "budget"
    assert 0 < workspace.metrics()["kimg"] < 1000
    assert "the budget (train.max_minutes) ends in" in out and "at 3 per hour (train.cost_per_hour)" in out
    assert load_generator(workspace.folder / "data/gan/generator.safetensors").latent == 8
    assert "data/gan/timelapse.webp" in workspace.outputs()
    assert time.monotonic() - start < 60, "a slow machine starts slowly; the figure is measured in tests/bench/"


def _plant(monkeypatch, step, change):
    """Change the state after a step, as a training that goes wrong would."""

    def planted(state, *rest):
        found = train_step(state, *rest)
        if state.step >= step:
            change(state)
        return found

    monkeypatch.setattr(loop, "train_step", planted)


@torch.no_grad()
def _make_nan(state):
    state.totals["loss_g"].fill_(torch.nan)


@torch.no_grad()
def _collapse(state):
    state.ema.network.project.weight.zero_()  # every z gives the picture of z = 0


@pytest.mark.slow
def test_a_planted_nan_keeps_the_best_before_it(make_workspace, monkeypatch, capsys):
    workspace = make_workspace("main")
    _plant(monkeypatch, 20, _make_nan)
    workspace.run_here(monkeypatch)
    verdict = workspace.metrics()["verdict"]
    assert (verdict["state"], verdict["ended"]) == ("not_a_number", "not_a_number")
    assert verdict["since_kimg"] == 0.08
    assert workspace.metrics()["best"]["kimg"] in (0.032, 0.064)
    assert "data/gan/generator.safetensors" in workspace.outputs()
    assert "train: not_a_number" in capsys.readouterr().out


def test_the_best_generator_is_kept_and_the_last_state_too(make_workspace, monkeypatch):
    """The best evaluation comes first here; a training that diverges before its first sheet has no time-lapse."""
    workspace = make_workspace("main")
    workspace.set(sheet_kimg=1.0)
    _plant(monkeypatch, 29, _make_nan)
    values = iter((10.0, 30.0, 20.0, 40.0))
    monkeypatch.setattr(
        Evaluator, "evaluate", lambda _self, _pictures, kimg: Evaluation(kimg, next(values), 0.1, 1.0, 1.0)
    )
    workspace.run_here(monkeypatch)
    assert workspace.metrics()["best"] == {"kimg": 0.032, "fld": 10.0}
    assert sorted(name for name in workspace.outputs() if name.startswith("data")) == [
        "data/gan/checkpoint.safetensors",
        "data/gan/generator.safetensors",
    ]
    generator = load_generator(workspace.folder / "data/gan/generator.safetensors").state_dict()
    last = read_tensors(workspace.folder / "data/gan/checkpoint.safetensors")[0]
    assert any(not torch.equal(value, last[f"ema.{name}"]) for name, value in generator.items())


@pytest.mark.slow
def test_a_nan_before_anything_was_kept_is_an_error_with_a_verdict(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    _plant(monkeypatch, 1, _make_nan)
    with pytest.raises(UserError, match=r"nothing to keep.*train\.learning_rate.*runtime\.precision"):
        workspace.run_here(monkeypatch)
    assert workspace.metrics()["verdict"]["state"] == "not_a_number"
    assert "data/gan/generator.safetensors" not in workspace.outputs()


@pytest.mark.slow
def test_a_planted_collapse_is_called_one(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    _plant(monkeypatch, 1, _collapse)
    workspace.run_here(monkeypatch)
    verdict = workspace.metrics()["verdict"]
    assert verdict["state"] in ("collapsed", "constant") and verdict["since_kimg"] == 0.032
    evaluations = list(csv.DictReader(io.StringIO(workspace.outputs()["metrics/validation.csv"].decode())))
    assert all(float(row["spread"]) < 0.01 for row in evaluations)


@pytest.mark.slow
def test_patience_ends_a_training_that_gets_no_better(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    workspace.set(learning_rate=1e-9, ema_kimg=0.0, patience=2, evaluate_kimg=0.02, kimg=1.0)
    monkeypatch.setattr(Evaluator, "evaluate", lambda _self, _pictures, kimg: Evaluation(kimg, 9.0, 0.5, 1.0, 1.0))
    workspace.run_here(monkeypatch)
    assert workspace.metrics()["verdict"]["ended"] == "patience"
    assert workspace.metrics()["kimg"] == 0.064, (
        "the first evaluation is the best, two more bring nothing, and the next step is the last"
    )


def test_without_validation_works_the_last_generator_is_kept(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    workspace.remove_pictures("validation")
    workspace.set(augmentation="none")
    workspace.run_here(monkeypatch)
    assert workspace.metrics()["best"] == {"kimg": 0.12, "fld": None}
    assert workspace.outputs()["metrics/validation.csv"] == b"step,kimg,fld,kid,spread,contrast\n,,,,,\n"
