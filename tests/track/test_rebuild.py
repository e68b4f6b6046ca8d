"""A store that was deleted comes back whole, from the commits and DVC's experiments alone.

In a small pipeline of two stages.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient
from PIL import Image

from stages.common.images import save_png

ROOT = Path(__file__).resolve().parents[2]
OUTS = [
    "data/duplicates.jpg",
    "data/gan",
    "data/generated",
    "data/print",
    "data/split.json",
    "data/stylized",
    "data/works",
]
METRICS = [
    "metrics/evaluate.json",
    "metrics/scrape.json",
    "metrics/stylize.json",
    "metrics/train.csv",
    "metrics/train.json",
    "metrics/validation.csv",
]
MAKE = """
from pathlib import Path
import yaml
from PIL import Image
from leftovers import lay_out
from stages.common.images import save_png

seed = yaml.safe_load(Path("params.yaml").read_text())["train"]["seed"]
lay_out(Path("."))
save_png(Path("data/generated/sheet.png"), Image.new("RGB", (8, 8), (0, seed, 0)))
"""
STAGES = {
    "make": {
        "cmd": "python make.py",
        "params": ["train.seed"],
        "outs": OUTS,
        "metrics": [{name: {"cache": False}} for name in METRICS],
    },
    "track": {
        "cmd": "python -m stages.track",
        "params": ["train"],
        "deps": [*OUTS, *METRICS],
        "outs": ["data/track.json"],
    },
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Repository:
    """A git and DVC repository whose stage `make` leaves behind what the real stages do."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment = folder, environment

    def run(self, command: str, ok: bool = True) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    def runs(self) -> dict[str, tuple]:
        """Name of the run -> what else tells one result from another, and how many files lie beside it."""
        with tempfile.TemporaryDirectory() as folder:  # MLflow keeps a file open that it has once read, deleted or not
            client = MlflowClient(tracking_uri=f"sqlite:///{shutil.copy(self.folder / 'mlflow.db', folder)}")
            runs = client.search_runs([found.experiment_id for found in client.search_experiments()])
        assert len({run.data.tags["fingerprint"] for run in runs}) == len(runs)
        return {
            str(run.info.run_name): (
                run.data.tags["fingerprint"],
                run.data.params,
                run.data.metrics,
                run.data.tags["mlflow.source.git.commit"],
                len(run.outputs.model_outputs if run.outputs else []),
            )
            for run in runs
        }

    def delete_store(self) -> None:
        (self.folder / "mlflow.db").unlink()
        shutil.rmtree(self.folder / "mlruns")


@pytest.fixture(scope="module")
def repository(tmp_path_factory, clean_environment) -> Repository:
    """One result in a commit, two in experiments."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copy(ROOT / ".gitignore", folder)
    (folder / "make.py").write_text(MAKE)
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    made = Repository(folder, clean_environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "tests/track")])))
    made.run("git init -q && git config user.name Test && git config user.email test@example.org")
    made.run("dvc init -q && dvc config core.analytics false")
    made.run("git add -A && git commit -qm start && dvc repro && git add -A && git commit -qm run")
    made.run(
        "dvc exp run -n one -S train.seed=1 && dvc exp run -n two -S train.seed=2 && git checkout -q . && dvc checkout"
    )
    return made


def test_every_result_comes_back_under_its_name_with_its_fingerprint(repository):
    before = repository.runs()
    told = sorted(found for name in before for found in re.findall(r"seed (\d), .* deduplicated(.*)", name))
    assert told == [("0", ""), ("1", " (one)"), ("2", " (two)")]
    repository.delete_store()
    assert "3 results in commits and experiments, 3 of them were new" in repository.run("python -m stages.track --all")
    after = repository.runs()
    assert {name: (found[:3], found[4]) for name, found in after.items()} == {
        name: (found[:3], found[4]) for name, found in before.items()
    }
    assert {found[4] for found in after.values()} == {1}, "with its model"
    assert (
        after["2 works, seed 1, DiffAugment, deduplicated (one)"][3]
        == before["2 works, seed 1, DiffAugment, deduplicated (one)"][3]
    )


def test_a_picture_that_the_cache_has_lost_is_named_after_all_others_are_logged_and_nothing_is_doubled(
    repository, tmp_path
):
    save_png(tmp_path / "sheet.png", Image.new("RGB", (8, 8), (0, 2, 0)))
    digest = hashlib.md5((tmp_path / "sheet.png").read_bytes()).hexdigest()
    lost = repository.folder / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    lost.rename(tmp_path / "away")
    repository.delete_store()
    output = repository.run("python -m stages.track --all", ok=False)
    assert "two: its data/generated/sheet.png" in output and "dvc fetch" in output and "Traceback" not in output
    assert len(repository.runs()) == 2
    (tmp_path / "away").rename(lost)
    assert "3 results in commits and experiments, 1 of them were new" in repository.run("python -m stages.track --all")
    assert len(repository.runs()) == 3


def test_a_cache_without_results_adds_nothing(repository, tmp_path):
    clone = Repository(tmp_path / "clone", repository.environment)
    repository.run(f"git clone -q . {clone.folder}")
    assert "0 results" in clone.run("python -m stages.track --all")
    assert "git cannot say" in Repository(tmp_path, repository.environment).run(
        "python -m stages.track --all", ok=False
    )
