"""A clone of the project with a small museum, in which whole pipelines run through DVC."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from mlflow import MlflowClient
from surroundings import made_once

ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "museum.works": 20, "museum.reserve": 12,
    "split.train_works": 20, "split.validation_works": 4, "split.test_works": 8, "augment.copies": 2,
    "train.resolution": 32, "train.width": 8, "train.latent": 16, "train.batch": 8, "train.kimg": 0.1,
    "train.sheet_kimg": 0.05, "train.evaluate_pictures": 8, "runtime.threads": 1, "runtime.kernels": "portable",
    "stylize.styles": ["Sleep on Seven Crutches"], "stylize.pixels": 64, "stylize.steps": 2,
    "upscale.tile": 64, "upscale.overlap": 16, "evaluate.kid_subsets": 5, "generate.count": 25,
}  # fmt: skip
LATER = {"train", "generate", "stylize", "upscale", "sheet", "evaluate", "track", "report"}


def readme() -> list[str]:
    """The README's commands: its indented lines."""
    return [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("    ")]


class Clone:
    """A git clone with a small museum in its params.yaml."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment, self.told = folder, environment, set()
        self.first_run = ""  # what DVC said of the first run of all stages

    def readme(self, start: str) -> str:
        """Run the one command of the README that starts so."""
        lines = readme()
        (command,) = [line for line in lines if line == start] or [line for line in lines if line.startswith(start)]
        self.told.add(command)
        return self.run(command)

    def run(self, command: str, ok: bool = True) -> str:
        """Run a shell command in the clone and return what it printed; it must succeed unless `ok` is False."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=900
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, f"{command}\n{output}"
        return output

    def bytes(self) -> dict[str, bytes]:
        """dvc.lock and every metrics file."""
        return {
            path.name: path.read_bytes()
            for path in [self.folder / "dvc.lock", *sorted((self.folder / "metrics").iterdir())]
        }

    def json(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text())

    def runs(self) -> list:
        """The runs of the one MLflow experiment."""
        client = MlflowClient(tracking_uri=f"sqlite:///{self.folder / 'mlflow.db'}")
        (experiment,) = client.search_experiments(filter_string="name = 'how-far-do-n-pictures-go'")
        return client.search_runs([experiment.experiment_id])


def ran(output: str) -> set[str]:
    """The stages that DVC ran, but `links` and `inputs`, which come first whenever what they read may be another."""
    return set(re.findall(r"Running stage '(\w+)'", output)) - {"links", "inputs"}


def make(folder: Path, environment: dict[str, str], set_params) -> Clone:
    """Copy the working tree there without its results, take the small params, and commit that."""
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(
        lambda name: (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith("metrics/"),
        files.splitlines(),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    set_params(folder, SMALL)
    made = Clone(folder, environment)
    made.run("git init -q && git config user.name Test && git config user.email test@example.org")
    made.run("git add -A && git commit -qm start")
    return made


def finished(tmp_path_factory, environment: dict[str, str], set_params) -> Clone:
    """A clone after its first run, which is made once for all processes of the tests: the next one gets a copy."""
    folder = tmp_path_factory.mktemp("clone")
    with made_once("finished", tmp_path_factory) as shared:
        if shared.exists():
            shutil.copytree(shared, folder, symlinks=True, dirs_exist_ok=True)
            found = Clone(folder, environment)
        else:
            found = make(folder, environment, set_params)
            (folder / ".git/first_run").write_text(found.run("dvc repro"))
            found.run("git add -A && git commit -qm run")
            shutil.copytree(folder, shared, symlinks=True)
    found.first_run = (folder / ".git/first_run").read_text()
    return found
