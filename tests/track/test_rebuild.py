"""A store that was deleted comes back whole, from the commits and DVC's experiments alone.

In a small pipeline of two stages, the second of which only leaves a receipt behind: the stage itself runs here beside
DVC, with the variables that DVC would give it.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from leftovers import lay_out
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
import os, shutil, yaml
from pathlib import Path
from PIL import Image
from stages.common.images import save_png

seed = yaml.safe_load(Path("params.yaml").read_text())["train"]["seed"]
shutil.copytree(os.environ["LEFTOVERS"], ".", dirs_exist_ok=True)
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
        "cmd": "cp params.yaml data/track.json",
        "params": ["train"],
        "deps": [*OUTS, *METRICS],
        "outs": ["data/track.json"],
    },
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Repository:
    """A git and DVC repository whose stage `make` leaves behind what the real stages do."""

    def __init__(self, folder: Path, environment: dict[str, str], run_module):
        self.folder, self.environment, self.run_module = folder, environment, run_module

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def track(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """What the stage says; DVC_ROOT names the folder of the store, DVC_EXP_NAME the experiment."""
        environment = self.environment | variables
        done = self.run_module("stages.track", *arguments, folder=self.folder, environment=environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def runs(self, main: Path | None = None) -> dict[str, tuple]:
        """Name of the run -> what else tells one result from another, and how many files lie beside it."""
        store = (main or self.folder) / "mlflow.db"
        with tempfile.TemporaryDirectory() as folder:  # MLflow keeps a file open that it has once read, deleted or not
            client = MlflowClient(tracking_uri=f"sqlite:///{shutil.copy(store, folder)}")
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

    def append_to_lock(self) -> None:
        """Change dvc.lock, and so make the next commit one that may hold results."""
        with (self.folder / "dvc.lock").open("a") as file:
            file.write("# looked at\n")

    def delete_store(self) -> None:
        (self.folder / "mlflow.db").unlink()
        shutil.rmtree(self.folder / "mlruns")


@pytest.fixture(scope="module")
def repository(tmp_path_factory, clean_environment, run_module, put_store) -> Repository:
    """One result in a commit, two in experiments."""
    folder, leftovers = put_store(tmp_path_factory.mktemp("repository")), tmp_path_factory.mktemp("leftovers")
    lay_out(leftovers)
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copy(ROOT / ".gitignore", folder)
    (folder / "make.py").write_text(MAKE)
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    made = Repository(folder, clean_environment(LEFTOVERS=str(leftovers)), run_module)
    made.run("git init -q && git config user.name Test && git config user.email test@example.org")
    made.run("dvc init -q && dvc config core.analytics false")
    made.run("git add -A && git commit -qm start && dvc repro")
    made.track()
    made.run("git add -A && git commit -qm run")
    for name, seed in (("one", 1), ("two", 2)):
        made.run(f"dvc exp run -n {name} -S train.seed={seed}")
        made.track(DVC_EXP_NAME=name)
    made.run("git checkout -q . && dvc checkout -f")
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
    repository, tmp_path, put_store
):
    save_png(tmp_path / "sheet.png", Image.new("RGB", (8, 8), (0, 2, 0)))
    digest = hashlib.md5((tmp_path / "sheet.png").read_bytes()).hexdigest()
    lost = repository.folder / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    lost.rename(tmp_path / "away")
    main = put_store(tmp_path)
    output = repository.track("--all", code=1, DVC_ROOT=str(main))
    assert "two: its data/generated/sheet.png" in output and "dvc fetch" in output and "Traceback" not in output
    assert len(repository.runs(main)) == 2
    (tmp_path / "away").rename(lost)
    assert "3 results in commits and experiments, 1 of them were new" in repository.track("--all", DVC_ROOT=str(main))
    assert len(repository.runs(main)) == 3


CONFLICT = "<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> other\n"


@pytest.mark.parametrize("spoilt", ["dvc.lock", "metrics/train.json", "metrics/train.csv"])
def test_a_commit_that_cannot_be_read_is_named_after_all_others_are_logged(repository, tmp_path, put_store, spoilt):
    """As a merge leaves it that was committed without a look."""
    clone = Repository(tmp_path / "clone", repository.environment, repository.run_module)
    repository.run(f"git clone -q . {clone.folder}")
    clone.run(f"dvc cache dir --local {repository.folder / '.dvc/cache'}")
    place = clone.folder / spoilt
    place.write_text(CONFLICT.format(whole=place.read_text()))
    clone.append_to_lock()
    author = "-c user.name=Test -c user.email=test@example.org"
    clone.run(f"git {author} commit -qam conflict")
    (commit,) = clone.run("git log -1 --format=%h --abbrev=7").split()
    main = put_store(tmp_path)
    output = clone.track("--all", code=1, DVC_ROOT=str(main))
    assert "1 results in commits" in output and f"{commit}: its {spoilt}" in output
    assert "Traceback" not in output and len(clone.runs(main)) == 1


def test_a_cache_without_results_adds_nothing(repository, tmp_path):
    clone = Repository(tmp_path / "clone", repository.environment, repository.run_module)
    repository.run(f"git clone -q . {clone.folder}")
    assert "0 results" in clone.track("--all")
    nowhere = Repository(tmp_path, repository.environment, repository.run_module)
    assert "git cannot say" in nowhere.track("--all", code=1)
