"""Trainings in MLflow while they run: one run from the start, which track completes; no server ends a training."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stages.common import files, params
from stages.track import watch
from stages.track.store import FINGERPRINT, MlflowClient, begun
from stages.track.watch import Watcher, end_lost

EXPERIMENT = "how-far-do-n-pictures-go"


class Place:
    """A checkout in which something seems to train: a process with that name, and files that this test writes."""

    def __init__(self, workspace, environment: dict[str, str]):
        self.workspace, self.folder, self._environment = workspace, workspace.folder, environment
        self.watcher = Watcher(self.folder, "metrics", params.load)
        rows = [{"step": step, "kimg": 0.1 * step, "loss_g": 0.7} for step in (1, 2, 3)]
        files.write_csv(self.folder / "metrics/train.csv", rows)
        self.kept = {path.name: path.read_bytes() for path in (self.folder / "metrics").iterdir()}
        before = time.time() - 60
        for path in (self.folder / "metrics").iterdir():
            os.utime(path, (before, before))  # a training before has left them
        self.process: subprocess.Popen | None = None

    def begin(self, tree: Path | None = None, **environment: str) -> None:
        """Start to train, with the results of a training before still there."""
        command = [sys.executable, "-c", "import sys; sys.stdin.read()", watch.MODULE]
        environment = self._environment | environment
        self.process = subprocess.Popen(command, cwd=tree or self.folder, env=environment, stdin=subprocess.PIPE)

    def write(self, rows: int, sheet: str = "") -> None:
        """What the training has written after so many rows."""
        table = self.kept["train.csv"].decode().splitlines(keepends=True)
        (self.folder / "metrics/train.csv").write_text("".join(table[: 1 + rows]))
        if sheet:
            files.write_bytes(self.folder / watch.SHEETS / sheet, b"PNG " + sheet.encode())

    def end(self, whole: bool = True) -> None:
        """End the training, at its end or before."""
        assert self.process and self.process.stdin
        if whole:
            for name in ("train.csv", "validation.csv", "train.json"):
                (self.folder / "metrics" / name).write_bytes(self.kept[name])
        self.process.stdin.close()
        self.process.wait()

    def runs(self) -> list:
        client = self.client()
        (experiment,) = client.search_experiments(filter_string=f"name = '{EXPERIMENT}'")
        return client.search_runs([experiment.experiment_id])

    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=f"sqlite:///{self.folder / 'mlflow.db'}")

    def points(self, run, key: str = "curve.loss_g") -> list[int]:
        return sorted(point.step for point in self.client().get_metric_history(run.info.run_id, key))


@pytest.fixture
def place(with_results, put_store, clean_environment, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    put_store(with_results.folder)
    made = Place(with_results, clean_environment())
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.mark.slow
def test_a_training_is_seen_from_its_start_and_track_completes_the_same_run(place):
    place.begin()
    (told,) = place.watcher.look()
    assert told.startswith("watching 2 works, seed 0, DiffAugment, deduplicated, in ")
    (run,) = place.runs()
    assert run.info.status == "RUNNING" and run.data.params["train.seed"] == "0"
    assert run.data.tags["verdict"] == "running" and not run.data.metrics, "nothing of the training before"
    place.write(1, "000000100.png")
    assert place.watcher.look() == []
    (run,) = place.runs()
    first = place.points(run)
    assert len(first) == 1
    place.write(2, "000000200.png")
    place.watcher.look()
    assert len(place.points(run)) == 2 and place.points(run)[:1] == first
    (sheet,) = place.client().list_artifacts(run.info.run_id, "live")
    copy = place.client().download_artifacts(run.info.run_id, sheet.path)
    assert Path(copy).read_bytes() == b"PNG 000000200.png"
    place.end()
    assert place.watcher.look() == ["finished: 2 works, seed 0, DiffAugment, deduplicated"]
    (run,) = place.runs()
    assert run.info.status == "FINISHED" and FINGERPRINT not in run.data.tags
    assert place.workspace.open("track").returncode == 0
    (complete,) = place.runs()
    assert complete.info.run_id == run.info.run_id and complete.info.status == "FINISHED"
    assert complete.data.tags[FINGERPRINT] and complete.data.tags["verdict"] == "collapsed"
    assert complete.data.metrics["evaluate.kid"] == pytest.approx(0.2)
    steps = place.points(complete)
    assert len(steps) == len(set(steps)) == len(place.kept["train.csv"].splitlines()) - 1, "no point twice"
    assert place.watcher.look() == []


@pytest.mark.slow
def test_a_training_that_dies_has_failed_and_goes_on_in_the_same_run(place):
    place.begin()
    place.write(1)
    place.watcher.look()
    place.end(whole=False)
    assert place.watcher.look() == ["failed: 2 works, seed 0, DiffAugment, deduplicated"]
    (failed,) = place.runs()
    assert failed.info.status == "FAILED"
    place.begin()
    place.write(2)
    place.watcher.look()
    (run,) = place.runs()
    assert (run.info.run_id, run.info.status) == (failed.info.run_id, "RUNNING") and len(place.points(run)) == 2
    place.end()


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["data/split.json", "data/works/works.jsonl"])
def test_a_training_of_other_works_has_a_run_of_its_own(place, changed):
    place.begin()
    place.write(1)
    place.watcher.look()
    place.end(whole=False)
    place.watcher.look()
    text = (place.folder / changed).read_text()
    (place.folder / changed).write_text(text.replace(":", ": "))
    place.begin()
    place.watcher.look()
    second, first = place.runs()
    assert (first.info.status, second.info.status) == ("FAILED", "RUNNING")
    place.end()
    place.watcher.look()
    assert place.workspace.open("track").returncode == 0
    second, first = place.runs()
    assert FINGERPRINT in second.data.tags and FINGERPRINT not in first.data.tags
    assert place.points(first) == [1] and place.points(second) == [1, 2, 3]


@pytest.mark.slow
def test_a_training_by_other_code_has_a_run_of_its_own_once_its_points_differ(place):
    place.begin()
    place.write(2, "000000200.png")
    place.watcher.look()
    place.end(whole=False)
    place.watcher.look()
    rows = files.read_csv(place.folder / "metrics/train.csv")
    files.write_csv(place.folder / "metrics/train.csv", [row | {"loss_g": 0.9} for row in rows])
    place.kept["train.csv"] = (place.folder / "metrics/train.csv").read_bytes()
    os.utime(place.folder / "metrics/train.csv", (0, 0))
    place.begin()
    files.write_bytes(place.folder / watch.SHEETS / "000000200.png", b"PNG of the other code")
    place.watcher.look()
    assert [run.info.status for run in place.runs()] == ["RUNNING"], "nothing tells yet that it is another"
    place.write(1)
    place.watcher.look()
    second, first = place.runs()
    assert (first.info.status, second.info.status) == ("FAILED", "RUNNING")
    assert place.points(first) == [1, 2] and place.points(second) == [1]
    (sheet,) = place.client().list_artifacts(second.info.run_id, "live")
    copy = place.client().download_artifacts(second.info.run_id, sheet.path)
    assert Path(copy).read_bytes() == b"PNG of the other code", "which the first run was sent before"
    place.end()
    assert place.watcher.look() == ["finished: 2 works, seed 0, DiffAugment, deduplicated"]
    assert place.workspace.open("track").returncode == 0
    second, first = place.runs()
    assert FINGERPRINT in second.data.tags and FINGERPRINT not in first.data.tags
    losses = place.client().get_metric_history(second.info.run_id, "curve.loss_g")
    assert {(point.step, point.value) for point in losses} == {(1, 0.9), (2, 0.9)}


@pytest.mark.slow
def test_a_store_that_is_down_in_the_middle_is_told_and_tried_again(place, monkeypatch):
    place.begin()
    place.write(1)
    place.watcher.look()
    (place.folder / "mlflow.db").rename(place.folder / "away.db")
    (place.folder / "mlflow.db").write_bytes(b"no database at all, and a long one" * 100)
    place.write(2)
    (told,) = place.watcher.look()
    assert told.startswith("warning: the MLflow store") and place.process and place.process.poll() is None
    shutil.move(place.folder / "away.db", place.folder / "mlflow.db")
    place.end()
    assert place.watcher.look() == ["finished: 2 works, seed 0, DiffAugment, deduplicated"]
    (run,) = place.runs()
    assert run.info.status == "FINISHED" and len(place.points(run)) == len(place.kept["train.csv"].splitlines()) - 1


@pytest.mark.slow
def test_the_same_training_once_more_leaves_one_run(place):
    assert place.workspace.open("track").returncode == 0
    (before,) = place.runs()
    place.begin()
    place.watcher.look()
    assert len(place.runs()) == 2
    place.end()
    place.watcher.look()
    assert place.workspace.open("track").returncode == 0
    assert [run.info.run_id for run in place.runs()] == [before.info.run_id]


@pytest.mark.slow
def test_a_copy_of_the_checkout_is_watched_and_a_stranger_is_not(place, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    for name in ("params.yaml", "data/split.json", "data/works/works.jsonl"):
        files.write_bytes(copy / name, (place.folder / name).read_bytes())
    place.begin(copy)
    assert place.watcher.look() == [], "it works for itself"
    place.end(whole=False)
    place.begin(copy, DVC_ROOT=str(place.folder), DVC_EXP_NAME="mine")
    (told,) = place.watcher.look()
    assert "deduplicated (mine)" in told and str(copy) in told
    place.end(whole=False)
    shutil.rmtree(copy)
    assert place.watcher.look() == ["failed: 2 works, seed 0, DiffAugment, deduplicated (mine)"]


@pytest.mark.slow
def test_runs_whose_watcher_was_ended_have_failed_if_nothing_trains_any_more(place):
    place.begin()
    place.watcher.look()
    end_lost(place.folder, EXPERIMENT, place.watcher.begun())
    assert [run.info.status for run in place.runs()] == ["RUNNING"]
    place.end(whole=False)
    end_lost(place.folder, EXPERIMENT, Watcher(place.folder, "metrics", params.load).begun())
    (run,) = place.runs()
    assert run.info.status == "FAILED"
    key, experiment = run.data.tags["training"], run.info.experiment_id
    assert begun(place.client(), experiment, place.folder, key, []) == run.info.run_id
