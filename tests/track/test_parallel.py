"""Eight processes at once, all of them the first users of a new store."""

import subprocess
import sys
import time

import pytest
from mlflow import MlflowClient

pytestmark = pytest.mark.slow  # what all of them need is set up once
PROCESSES = 8
WORKER = """
import sys, time
from pathlib import Path
from stages.track.store import Result, log_once

folder, me = Path(sys.argv[1]), sys.argv[2]
(folder / f"ready-{me}").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
for store, fingerprint in (("others", me), ("same", "one")):
    print(log_once(folder / store, "e", Result("n", fingerprint, {"p": me}, {"m": 1.0}, [{"step": 1, "m": 2.0}], {})))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, clean_environment):
    """Two stores after eight processes that began in the same moment: each with its own result, then all with one."""
    folder = tmp_path_factory.mktemp("parallel")
    for store in ("others", "same"):
        (folder / store).mkdir()
    command = [sys.executable, "-c", WORKER, str(folder)]
    workers = [
        subprocess.Popen(
            [*command, str(i)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        )
        for i in range(PROCESSES)
    ]
    while len(list(folder.glob("ready-*"))) < PROCESSES:
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.01)
    (folder / "go").touch()
    told = [worker.communicate(timeout=300) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * PROCESSES, told
    (folder / "answers").write_text("\n".join(" ".join(output.split()) for output, _ in told))
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
    answers = [line.split() for line in (folder / "answers").read_text().splitlines()]
    assert [first for first, _ in answers] == ["True"] * PROCESSES
    assert sorted(second for _, second in answers) == ["False"] * (PROCESSES - 1) + ["True"]
