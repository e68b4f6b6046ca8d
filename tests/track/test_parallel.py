"""Eight processes at once, all of them the first users of a new store."""

import subprocess
import sys

import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow  # what all of them need is set up once
PROCESSES = 8
# The imports are made once and shared by fork, so that all begin in the same moment.
WORKERS = """
import os, sys, time
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store  # which a client imports when it is first used
from stages.track.store import Result, log_once

folder, count = Path(sys.argv[1]), int(sys.argv[2])

def work(me):  # in a process of its own
    (folder / f"ready-{me}").touch()
    while len(list(folder.glob("ready-*"))) < count:
        time.sleep(0.01)
    for store, fingerprint in (("others", me), ("same", "one")):
        result = Result("n", fingerprint, {"p": me}, {"m": 1.0}, [{"step": 1, "m": 2.0}], {})
        with open(folder / f"answers-{me}", "a") as answers:
            answers.write(f"{log_once(folder / store, 'e', result)} ")

for number in range(count):
    if not os.fork():
        work(str(number))
        os._exit(0)  # without what Python tidies up, which takes it longer than the work
sys.exit(any([os.wait()[1] for _ in range(count)]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, clean_environment):
    """Two stores after eight processes that began in the same moment: each with its own result, then all with one."""
    folder = tmp_path_factory.mktemp("parallel")
    for store in ("others", "same"):
        (folder / store).mkdir()
    command = [sys.executable, "-c", WORKERS, str(folder), str(PROCESSES)]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=500)
    assert done.returncode == 0, done.stderr
    return folder


def found(store):
    client = MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")
    experiments = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
    return experiments, client.search_runs(list(experiments.values()))


@pytest.mark.timeout(600)
def test_eight_results_are_eight_runs_of_one_experiment(folder):
    experiments, runs = found(folder / "others")
    assert set(experiments) == {"e", "Default"}
    assert sorted(run.data.params["p"] for run in runs) == [str(i) for i in range(PROCESSES)]
    assert {(run.info.experiment_id, run.info.status, run.data.metrics["curve.m"]) for run in runs} == {
        (experiments["e"], "FINISHED", 2.0)
    }


@pytest.mark.timeout(600)
def test_one_result_of_eight_is_one_run(folder):
    experiments, runs = found(folder / "same")
    assert set(experiments) == {"e", "Default"} and len(runs) == 1
    answers = [path.read_text().split() for path in folder.glob("answers-*")]
    assert [first for first, _ in answers] == ["True"] * PROCESSES
    assert sorted(second for _, second in answers) == ["False"] * (PROCESSES - 1) + ["True"]
