"""Which saved state a training goes on from, which it does not, and that it says so."""

import shutil

import pytest
import torch

from stages.common.resume import Resume
from stages.train import saved

STEPS = 100  # of 4 pictures: 0.4 kimg
SHEETS = {f"{shown:09d}.png": bytes([shown % 256]) * 9 for shown in (100, 200, 300, 400)}
PARAMS = {"sheet_kimg": 0.1, "evaluate_kimg": 0.2, "kimg": 1.0}


@pytest.fixture(autouse=True)
def checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def resume(make_params):
    """With a state after STEPS, in which nothing was better for two evaluations."""
    resume = Resume("train", "mark")
    about = {"params": make_params(**PARAMS).model_dump(), "guard": {"most_stale": 2}, "ended": "kimg"}
    saved.save(resume, saved.Saved({"step": torch.tensor(STEPS)}, about, SHEETS))
    return resume


def test_the_state_comes_back_with_its_sheets(resume, make_params):
    found, reason = saved.load(resume, make_params(**PARAMS))
    assert not reason and found.sheets == SHEETS and found.tensors["step"] == STEPS


TAKEN = [
    {"cost_per_hour": 2.0},
    {"max_minutes": 5.0},
    {"patience": 3},
    {"sheet_kimg": 0.2},
    {"evaluate_kimg": 0.2, "evaluate_pictures": 96},
]
NOT_TAKEN = [
    {"patience": 2},
    {"sheet_kimg": 0.15},
    {"evaluate_kimg": 0.1},
    {"evaluate_kimg": 0.3},
    {"evaluate_pictures": 7},
]


@pytest.mark.parametrize("change", TAKEN, ids=str)
def test_params_that_decide_nothing_up_to_there_leave_the_state_its_worth(resume, make_params, change):
    found, reason = saved.load(resume, make_params(**PARAMS | change))
    assert found.about and not reason
    if "sheet_kimg" in change:
        assert list(found.sheets) == ["000000200.png", "000000400.png"], "those of an undisturbed training"


@pytest.mark.parametrize("change", NOT_TAKEN, ids=str)
def test_a_state_that_an_undisturbed_training_would_not_have_is_not_taken_aloud(resume, make_params, change):
    found, reason = saved.load(resume, make_params(**PARAMS | change))
    (key,) = change
    assert not found.tensors and not found.sheets
    assert "is not taken, the training begins anew" in reason and f"train.{key} was" in reason


def test_evaluations_that_have_not_been_decide_nothing(make_params):
    resume = Resume("train", "mark")
    params = make_params(**PARAMS | {"evaluate_kimg": 0.5})
    about = {"params": params.model_dump(), "guard": {"most_stale": 0}, "ended": "kimg"}
    saved.save(resume, saved.Saved({"step": torch.tensor(STEPS)}, about, SHEETS))
    for change in ({"evaluate_pictures": 7}, {"evaluate_kimg": 0.6}):
        assert saved.load(resume, params.model_copy(update=change))[0].about


def _all_sheets(folder):
    shutil.rmtree(folder / "sheets")


def _one_sheet(folder):
    (folder / "sheets/000000200.png").unlink()


def _a_bit_of_a_sheet(folder):
    path = folder / "sheets/000000200.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _a_bit_of_the_state(folder):
    data = bytearray((folder / "state.pt").read_bytes())
    data[-500] ^= 1
    (folder / "state.pt").write_bytes(data)


def _the_state(folder):
    (folder / "state.pt").unlink()


@pytest.mark.parametrize("damage", [_all_sheets, _one_sheet, _a_bit_of_a_sheet, _a_bit_of_the_state, _the_state])
def test_a_state_that_is_not_complete_counts_as_none(resume, make_params, damage):
    damage(resume.folder)
    found, reason = saved.load(resume, make_params(**PARAMS))
    assert not found.tensors and not found.about and not found.sheets
    assert "sheet" not in damage.__name__ or "missing or damaged" in reason


def test_what_another_training_s_state_differs_in_is_said(resume, make_params):
    found, reason = saved.load(Resume("train", "other"), make_params(**PARAMS | {"seed": 5}))
    assert not found.tensors and "is of another training and is not taken: train.seed was 0, is 5" in reason
    _, reason = saved.load(Resume("train", "other"), make_params(**PARAMS))
    assert "other pictures, code or runtime" in reason


@pytest.mark.slow
@pytest.mark.parametrize("damage", [_all_sheets, _one_sheet, _a_bit_of_the_state])
def test_a_training_with_a_damaged_state_ends_with_the_same_bytes(stopped, tmp_path, monkeypatch, capsys, damage):
    workspace, first = stopped.copy_to(tmp_path), stopped.outputs()
    (folder,) = (workspace.folder / ".resume/train").iterdir()
    damage(folder)
    workspace.run_here(monkeypatch)
    assert "resuming" not in capsys.readouterr().out and workspace.outputs() == first


@pytest.mark.slow
def test_killed_after_its_last_step_it_has_all_its_sheets(stopped, tmp_path, monkeypatch, capsys):
    workspace, first = stopped.copy_to(tmp_path), stopped.outputs()
    workspace.run_here(monkeypatch)
    assert "resuming after 0.24" in capsys.readouterr().out and workspace.outputs() == first


@pytest.mark.slow
def test_killed_after_its_early_end_it_ends_there_again(make_workspace, monkeypatch, capsys):
    """The state of the last step is complete: one step more would be another training."""
    workspace = make_workspace("main")
    workspace.set(kimg=2.0, sheet_kimg=0.04, evaluate_kimg=0.04, patience=1)
    with monkeypatch.context() as patched:
        patched.setattr(Resume, "remove", lambda _self: None)
        workspace.run_here(patched)
    first = workspace.outputs()
    assert workspace.metrics()["verdict"]["ended"] == "patience"
    workspace.run_here(monkeypatch)
    assert "resuming after" in capsys.readouterr().out and workspace.outputs() == first
