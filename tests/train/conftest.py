"""A small training: workspaces for the entry point, and params, states and callbacks for the loop in this process."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from train_workspace import Workspace

from stages.common.resume import Resume
from stages.train.params import TrainParams
from stages.train.schedule import Schedule
from stages.train.state import State

ROOT = Path(__file__).parents[2]
TINY = {
    "loss": "relativistic",
    "resolution": 32,
    "width": 8,
    "latent": 8,
    "batch": 4,
    "microbatch": 4,
    "learning_rate": 0.001,
    "beta1": 0.5,
    "r1_gamma": 0.1,
    "penalty_every": 3,
    "ada_kimg": 0.1,
    "ema_kimg": 0.05,
}


@pytest.fixture
def make_workspace(tmp_path):
    """Workspaces with 3 works in 2 copies and 3 validation works."""

    def make(name: str) -> Workspace:
        (tmp_path / name).mkdir()
        return furnished(tmp_path / name)

    return make


def furnished(folder: Path) -> Workspace:
    workspace = Workspace(folder)
    workspace.pictures("train", works=3, copies=2)
    workspace.pictures("validation", works=3)
    return workspace


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Workspace:
    """Such a workspace after its training."""
    workspace = furnished(tmp_path_factory.mktemp("finished"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        workspace.run_here(monkeypatch)
    return workspace


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Workspace:
    """Such a workspace whose training was killed after its last step: its state is still there."""
    first = furnished(tmp_path_factory.mktemp("stopped"))
    first.set(kimg=0.24, sheet_kimg=0.1)  # the last sheet is not one of every 0.1
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Resume, "remove", lambda _self: None)
        first.run_here(monkeypatch)
    return first


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


def tiny_params(**changes: Any) -> TrainParams:
    """The section train of params.yaml for a tiny GAN, some keys changed."""
    return TrainParams.model_validate(_section() | TINY | changes)


@functools.cache
def _section() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "params.yaml").read_text())["train"]


@pytest.fixture
def make_params():
    return tiny_params


@pytest.fixture
def make_state():
    """States of a tiny GAN for 32 pixels."""

    def make(dtype: torch.dtype = torch.float32, **changes: Any) -> State:
        return State(tiny_params(**changes), torch.device("cpu"), dtype)

    return make


@pytest.fixture
def make_schedule():
    """Schedules of a short training."""

    def make(steps: int = 12, log: int = 5, evaluate: int = 6, save: int = 4) -> Schedule:
        return Schedule(steps, log, evaluate, save)

    return make


class Recorder:
    """Callbacks that write down what they are told; `on_save` is called, too."""

    def __init__(self, state: State, on_save: Callable[[], None] | None = None, last: int | None = None):
        self.state, self.on_save, self.last = state, on_save, last
        self.rows: list[dict[str, float]] = []
        self.evaluations: list[int] = []
        self.saves: list[int] = []

    def should_stop(self) -> bool:
        return self.state.step == self.last

    def log(self, row: dict[str, float]) -> None:
        self.rows.append(row)

    def evaluate(self) -> None:
        self.evaluations.append(self.state.step)

    def save(self) -> None:
        self.saves.append(self.state.step)
        if self.on_save:
            self.on_save()


@pytest.fixture
def recorder():
    return Recorder
