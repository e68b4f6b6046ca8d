"""A folder like the repository's root as the entry point of train sees it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from stages.train.__main__ import main

ROOT = Path(__file__).parents[2]
SMALL = {
    "resolution": 32,
    "width": 8,
    "latent": 8,
    "batch": 4,
    "kimg": 0.12,
    "sheet_kimg": 0.04,
    "penalty_every": 4,
    "evaluate_kimg": 0.06,
    "evaluate_pictures": 4,
}
RUNTIME = {"device": "cpu", "precision": "float32", "kernels": "portable", "threads": 1}


class Workspace:
    """params.yaml and data/train/."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.copy(ROOT / "params.yaml", folder)
        self.set(**SMALL)

    def copy_to(self, folder: Path) -> "Workspace":
        """The same files in another folder."""
        made = Workspace(folder)
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return made

    def set(self, **values: Any) -> None:
        """Change keys of the section train."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params["train"] |= values
        params["runtime"] = RUNTIME
        path.write_text(yaml.safe_dump(params))

    def pictures(self, part: str, works: int, copies: int = 1, side: int = 32) -> None:
        """Write noise as the pictures of so many works."""
        folder = self.folder / "data/train" / part
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(works * copies):
            rng = np.random.default_rng((side, number, part == "train"))
            picture = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            picture.save(folder / f"work-{number // copies}--{number % copies:02d}.png")

    def remove_pictures(self, part: str, keep: int = 0) -> None:
        """Delete all pictures but the first ones."""
        for path in sorted((self.folder / "data/train" / part).iterdir())[keep:]:
            path.unlink()

    def start(self, **variables: str) -> subprocess.Popen:
        """The stage as a process of its own."""
        environment = {key: value for key, value in os.environ.items() if key != "DVC_ROOT"}
        return subprocess.Popen(
            [sys.executable, "-m", "stages.train"],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": str(ROOT)} | variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_default_interrupt,
        )

    def run_here(self, monkeypatch) -> None:
        """The same in this process: an import of torch less, but mistakes come out as UserError."""
        monkeypatch.delenv("DVC_ROOT", raising=False)
        monkeypatch.chdir(self.folder)
        main()

    def run(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of the process."""
        process = self.start()
        out, error = process.communicate(timeout=120)
        return process.returncode, out, error

    def outputs(self) -> dict[str, bytes]:
        """Every file the stage wrote."""
        files = [path for part in ("data/gan", "metrics") for path in sorted((self.folder / part).rglob("*"))]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files if path.is_file()}

    def metrics(self) -> dict[str, Any]:
        """metrics/train.json."""
        return json.loads((self.folder / "metrics/train.json").read_text())


def _default_interrupt() -> None:
    """Tests that a shell runs in the background pass on that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
