"""A small training: pictures on disk, params, the door as a subprocess, and the loop in this process."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from stages.gan.ada import Controller
from stages.train.__main__ import main
from stages.train.state import Shape, State
from stages.train.step import Settings

ROOT = Path(__file__).parents[2]
SMALL = {
    "resolution": 32, "width": 8, "latent": 8, "batch": 4, "kimg": 0.12, "sheet_kimg": 0.04, "penalty_every": 4,
    "evaluate_kimg": 0.06, "evaluate_pictures": 4,
}  # fmt: skip


class Workspace:
    """A folder like the repository's root as the door sees it: params.yaml and data/train/."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.copy(ROOT / "params.yaml", folder)
        self.set(**SMALL)

    def set(self, **values) -> None:
        """Change keys of the section train."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params["train"] |= values
        params["runtime"] = {"device": "cpu", "precision": "float32", "threads": 1}
        path.write_text(yaml.safe_dump(params))

    def pictures(self, part: str, works: int, copies: int = 1, side: int = 32) -> None:
        folder = self.folder / "data/train" / part
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(works * copies):
            rng = np.random.default_rng((side, number, part == "train"))
            picture = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            picture.save(folder / f"work-{number // copies}--{number % copies:02d}.png")

    def start(self, **variables: str) -> subprocess.Popen:
        environment = (
            {key: value for key, value in os.environ.items() if key != "DVC_ROOT"}
            | {"PYTHONPATH": str(ROOT)}
            | variables
        )
        return subprocess.Popen(
            [sys.executable, "-m", "stages.train"], cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests that a shell runs in the background pass on that it is ignored
        )  # fmt: skip

    def run_here(self, monkeypatch) -> None:
        """The same in this process: an import of torch less, but mistakes come out as UserError."""
        monkeypatch.delenv("DVC_ROOT", raising=False)
        monkeypatch.chdir(self.folder)
        main()

    def run(self) -> tuple[int, str, str]:
        process = self.start()
        out, error = process.communicate(timeout=120)
        return process.returncode, out, error

    def outputs(self) -> dict[str, bytes]:
        """Every file the stage wrote."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for part in ("data/gan", "metrics")
            for path in sorted((self.folder / part).rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def make_workspace(tmp_path):
    """Workspaces with 3 works in 2 copies and 3 validation works."""

    def make(name: str) -> Workspace:
        folder = tmp_path / name
        folder.mkdir()
        workspace = Workspace(folder)
        workspace.pictures("train", works=3, copies=2)
        workspace.pictures("validation", works=3)
        return workspace

    return make


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def make_state():
    """States of a tiny GAN for 32 pixels."""

    def make(
        seed: int = 0,
        learning_rate: float = 0.001,
        ema_kimg: float = 0.05,
        architecture: str = "dcgan",
        signal: str = "sign",
    ) -> State:
        device = torch.device("cpu")
        return State(
            Shape(architecture, 8, 8, 32, seed),
            learning_rate,
            0.5,
            ema_kimg,
            Controller(signal, 0.6, 0.1, device),
            device,
        )

    return make


@pytest.fixture
def make_settings():
    """Settings of a short training, some changed."""

    def make(**changes) -> Settings:
        values = {
            "loss": "relativistic", "batch": 4, "microbatch": 4, "steps": 12, "r1_gamma": 0.1, "r2_gamma": 0.0, "penalty_every": 3, "lecam": 0.0,
            "path_length": 0.0, "path_every": 4, "augmentation": "diffaugment", "diffaugment": ("color", "translation", "cutout"),
            "seed": 0, "dtype": torch.float32, "report_every": 5, "evaluate_every": 6, "snapshot_every": 4,
        }  # fmt: skip
        return Settings(**values | changes)

    return make


class Diary:
    """A watcher that writes down what it is told; `on_snapshot` is called too."""

    def __init__(self, state: State, on_snapshot=lambda: None, last: int | None = None):
        self.state, self.on_snapshot, self.last = state, on_snapshot, last
        self.rows, self.looks, self.snapshots = [], [], []

    def report(self, row):
        self.rows.append(row)

    def evaluate(self):
        self.looks.append(self.state.step)

    def snapshot(self):
        self.snapshots.append(self.state.step)
        self.on_snapshot()

    def enough(self):
        return self.state.step == self.last


@pytest.fixture
def diary():
    return Diary
