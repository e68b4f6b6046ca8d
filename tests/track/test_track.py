"""One MLflow run for each result: complete, logged once, also by several processes at a time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from stages.common import images, report
from stages.track.store import FINGERPRINT, Result, log_once


def runs(root, experiment="e", **options):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    found = client.search_experiments(filter_string=f"name = '{experiment}'")
    assert len(found) == 1
    return client, client.search_runs([found[0].experiment_id], **options)


def result(fingerprint: str, **more) -> Result:
    values = {"params": {"train.seed": 0}, "metrics": {"evaluate.kid": 0.25}, "curves": [], "pictures": {}}
    return Result(name="n", fingerprint=fingerprint, **(values | more))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


def test_a_result_is_logged_once_and_whole(root):
    images.save_png(root / "sheet.png", Image.new("RGB", (8, 8)))
    curves = [{"step": step, "loss_d": step / 2} for step in range(1, 1201)]
    complete = result("a", curves=curves, pictures={"gan": [root / "sheet.png"]}, tags={"dvc.experiment": "x"})
    assert log_once(root, "e", complete) is True
    assert log_once(root, "e", complete) is False
    client, (run,) = runs(root)
    assert run.data.params == {"train.seed": "0"} and run.data.metrics == {"evaluate.kid": 0.25, "curve.loss_d": 600.0}
    assert run.data.tags["dvc.experiment"] == "x" and run.data.tags[FINGERPRINT] == "a" and run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "curve.loss_d")
    assert [(item.step, item.value) for item in history] == [(row["step"], row["loss_d"]) for row in curves]
    assert [file.path for file in client.list_artifacts(run.info.run_id, "gan")] == ["gan/sheet.png"]
    assert (root / "mlruns").is_dir()


def test_what_an_interrupted_process_left_is_replaced(root):
    client, (run,) = runs(root)
    key = run.info.experiment_id
    half = client.create_run(key, tags={FINGERPRINT: "b"})
    assert log_once(root, "e", result("b")) is True
    found = {run.info.run_id: run for run in runs(root)[1] if run.data.tags[FINGERPRINT] == "b"}
    assert half.info.run_id not in found and len(found) == 1


WORKER = """
import sys
from pathlib import Path
from stages.track.store import Result, log_once
print(log_once(Path(sys.argv[1]), "e", Result("n", sys.argv[2], {}, {"m": 1.0}, [], {})))
"""


def test_processes_that_use_a_new_store_at_once_make_one_experiment(tmp_path):
    def work(fingerprint: str) -> str:
        return subprocess.run([sys.executable, "-c", WORKER, str(tmp_path), fingerprint], capture_output=True, text=True, check=True).stdout.split()[-1]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, ["a", "b", "c", "a"]))
    assert sorted(answers) == ["False", "True", "True", "True"]
    assert sorted(run.data.tags[FINGERPRINT] for run in runs(tmp_path)[1]) == ["a", "b", "c"]


@pytest.fixture
def with_results(workspace):
    """What the other stages leave behind."""
    folder = workspace.folder
    for name in ("data/duplicates.jpg", "data/generated/sheet.png", "data/generated/interpolation.png", "data/stylized/sheet.png", "data/stylized/pictures/1-x.png", "data/print/1-x.png"):
        images.save_png(folder / name, Image.new("RGB", (8, 8)))
    report.write_json(folder / "metrics/evaluate.json", {"kid": 0.2, "n_real": 144, "runtime": {"threads": 2, "device": "cpu"}})
    report.write_json(folder / "metrics/train.json", {"steps": 1, "verdict": {"state": "collapsed", "since_kimg": None}})
    report.write_csv(folder / "metrics/train.csv", [{"step": 1, "kimg": 0.1, "loss_g": 0.7}])
    report.write_csv(folder / "metrics/validation.csv", [{"step": 1, "kimg": 0.1, "kid": 0.3}])
    return workspace


def test_door_logs_to_the_main_checkout_and_repeats_nothing(with_results, tmp_path_factory):
    main = tmp_path_factory.mktemp("main")
    for added in ("a new run", "already"):
        done = with_results.open("track", DVC_ROOT=str(main), DVC_EXP_NAME="fancy-name")
        assert done.returncode == 0 and added in done.stdout, done.stderr
    _, (run,) = runs(main, "how-far-do-n-pictures-go")
    assert run.info.run_name == "fancy-name"
    assert run.data.params["train.loss"] == "relativistic", "the preset's value, not auto"
    assert run.data.tags["verdict"] == "collapsed"
    assert run.data.params["train.diffaugment"] == "['color', 'translation', 'cutout']" and run.data.params["split.train_works"] == "72"
    assert run.data.metrics == {"evaluate.kid": 0.2, "evaluate.n_real": 144.0, "evaluate.runtime.threads": 2.0, "train.steps": 1.0, "curve.kimg": 0.1, "curve.loss_g": 0.7, "curve.kid": 0.3}
    assert not (with_results.folder / "mlflow.db").exists()
    kept = (with_results.folder / "data/track.json").read_bytes()
    with_results.set(train__seed=1)
    assert "a new run" in with_results.open("track", DVC_ROOT=str(main)).stdout
    assert (with_results.folder / "data/track.json").read_bytes() != kept and len(runs(main, "how-far-do-n-pictures-go")[1]) == 2
