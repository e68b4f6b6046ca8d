"""One MLflow run for each result: complete, logged once, whatever was interrupted before."""

import subprocess
import sys

import pytest
from leftovers import EVALUATION
from mlflow import MlflowClient
from PIL import Image

from stages.common import files, images
from stages.common.cli import UserError
from stages.track.store import FINGERPRINT, LOGGER, TRAINING, Result, log_curves, log_once, logger, opened

pytestmark = pytest.mark.slow  # stores are made and filled

NAME = "how-far-do-n-pictures-go"


def runs(root, experiment="e", **options):
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    found = client.search_experiments(filter_string=f"name = '{experiment}'")
    assert len(found) == 1
    return client, client.search_runs([found[0].experiment_id], **options)


def result(fingerprint: str, **more) -> Result:
    values = {"params": {"train.seed": 0}, "metrics": {"evaluate.kid": 0.25}, "curves": [], "pictures": {}}
    return Result(name="n", fingerprint=fingerprint, **(values | more))


@pytest.fixture(scope="module")
def root(tmp_path_factory, put_store):
    """A store with the run of one result."""
    folder = put_store(tmp_path_factory.mktemp("root"))
    assert log_once(folder, "e", result("first"))
    return folder


def test_a_result_is_logged_once_and_whole(root):
    images.save_png(root / "sheet.png", Image.new("RGB", (8, 8)))
    curves = [{"step": step, "loss_d": step / 2} for step in range(1, 1201)]
    complete = result("a", curves=curves, pictures={"gan": [root / "sheet.png"]}, tags={"dvc.experiment": "x"})
    assert log_once(root, "e", complete) is True
    assert log_once(root, "e", complete) is False
    client, found = runs(root)
    (run,) = [run for run in found if run.data.tags[FINGERPRINT] == "a"]
    assert run.data.params == {"train.seed": "0"} and run.data.metrics == {"evaluate.kid": 0.25, "curve.loss_d": 600.0}
    assert run.data.tags["dvc.experiment"] == "x" and run.data.tags[FINGERPRINT] == "a"
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "curve.loss_d")
    assert [(item.step, item.value) for item in history] == [(row["step"], row["loss_d"]) for row in curves]
    assert [file.path for file in client.list_artifacts(run.info.run_id, "gan")] == ["gan/sheet.png"]
    assert (root / "mlruns").is_dir()


STOPS = """
import sys, time
from pathlib import Path
from stages.track import store

def stop(*arguments):
    print("half", flush=True)
    time.sleep(60)

store.MlflowClient.log_artifact = stop
store.log_once(Path(sys.argv[1]), "e", store.Result("n", "b", {}, {"m": 1.0}, [], {"gan": [Path("x.png")]}))
"""


def test_what_a_killed_process_left_is_replaced_and_never_counts_as_finished(root, clean_environment):
    with subprocess.Popen(
        [sys.executable, "-c", STOPS, str(root)], stdout=subprocess.PIPE, text=True, env=clean_environment()
    ) as process:
        assert process.stdout and process.stdout.readline() == "half\n"
        process.kill()
    half = [run for run in runs(root)[1] if run.data.tags[FINGERPRINT] == "b"]
    assert [run.info.status for run in half] == ["RUNNING"]
    assert log_once(root, "e", result("b")) is True
    (whole,) = [run for run in runs(root)[1] if run.data.tags[FINGERPRINT] == "b"]
    assert whole.info.run_id != half[0].info.run_id and whole.info.status == "FINISHED"


def test_a_run_that_another_checkout_is_at_is_left_alone(root):
    client, (run, *_) = runs(root)
    theirs = client.create_run(run.info.experiment_id, tags={FINGERPRINT: "c"})
    assert log_once(root, "e", result("c")) is True
    assert client.get_run(theirs.info.run_id).info.lifecycle_stage == "active"


def test_of_two_finished_runs_of_one_result_all_keep_the_same(root):
    client, (run, *_) = runs(root)
    twins = [client.create_run(run.info.experiment_id, tags={FINGERPRINT: "d"}).info.run_id for _ in range(3)]
    for twin in twins:
        client.set_terminated(twin)
    assert log_once(root, "e", result("d")) is False
    assert [run.info.run_id for run in runs(root)[1] if run.data.tags[FINGERPRINT] == "d"] == [min(twins)]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([9.0, 9.0, 9.0], [0.5, 0.5, 0.5, 0.5], False),
        ([0.5, 0.5], [0.5, 0.5, 0.7], True),
        ([0.5, float("inf"), float("nan")], [0.5, float("inf"), float("nan"), 1.0], True),
        ([], [0.5], True),
    ],
)
def test_a_run_begun_by_a_training_is_completed_if_all_its_points_are_those_of_the_result(
    tmp_path, put_store, before, after, same
):
    rows, final = ([{"step": step, "loss_g": loss} for step, loss in enumerate(part)] for part in (before, after))
    with opened(put_store(tmp_path), "e") as (client, key):
        begun = client.create_run(key, tags={TRAINING: "t", LOGGER: logger(tmp_path)}).info.run_id
        log_curves(client, begun, rows, some_there=True)
        client.set_terminated(begun, "FAILED")
    assert log_once(tmp_path, "e", result("a", curves=final, training="t")) is True
    client, found = runs(tmp_path)
    (complete,) = [run for run in found if FINGERPRINT in run.data.tags]
    assert (complete.info.run_id == begun) == same == (len(found) == 1)
    points = client.get_metric_history(complete.info.run_id, "curve.loss_g")
    assert sorted(point.step for point in points) == list(range(len(after)))
    if not same:
        assert {point.value for point in points} == set(after)


def test_a_deleted_experiment_and_a_damaged_store_name_the_remedy(tmp_path, put_store):
    put_store(tmp_path)
    log_once(tmp_path, "e", result("a"))
    client, (run,) = runs(tmp_path)
    client.delete_experiment(run.info.experiment_id)
    with pytest.raises(UserError, match=f"restore --experiment-id {run.info.experiment_id}"):
        log_once(tmp_path, "e", result("a"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "mlflow.db").write_bytes(b"no database, but long enough to look at" * 100)
    with pytest.raises(UserError, match=r"python -m stages\.track --all"):
        log_once(broken, "e", result("a"))


def test_it_logs_to_the_main_checkout_and_repeats_nothing(with_results, tmp_path_factory, put_store):
    main = put_store(tmp_path_factory.mktemp("main"))
    for added in ("a new run", "already"):
        done = with_results.open("track", DVC_ROOT=str(main), DVC_EXP_NAME="fancy-name")
        assert done.returncode == 0 and added in done.stdout, done.stderr
    client, (run,) = runs(main, NAME)
    assert run.info.run_name == "2 works, seed 0, DiffAugment, deduplicated (fancy-name)"
    assert run.data.params["train.loss"] == "relativistic", "the preset's value, not auto"
    assert run.data.params["train.diffaugment"] == "['color', 'translation', 'cutout']"
    assert run.data.params["split.train_works"] == "all"
    assert run.data.metrics["evaluate.kid"] == 0.2 and run.data.metrics["evaluate.kid_high"] == 0.21
    assert run.data.metrics["works"] == 2
    assert run.data.metrics["curve.loss_g"] == 0.7 and run.data.metrics["train.verdict.since_kimg"] == 20
    assert "evaluate.runtime.device" not in run.data.metrics and run.data.metrics["evaluate.runtime.threads"] == 2
    assert run.data.tags["kernels.evaluate"] == "float32 winograd"
    stylized = [key for key in run.data.metrics if key.startswith("stylize.")]
    assert stylized == ["stylize.styles.1-x.style_loss"], "neither the settings nor the weights of works"
    folders = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert folders == {"collection", "gan", "stylized", "print"}
    assert "How far do N pictures" in client.get_experiment(run.info.experiment_id).tags["mlflow.note.content"]
    assert not (with_results.folder / "mlflow.db").exists()
    kept = (with_results.folder / "data/track.json").read_bytes()
    with_results.set(train__seed=1)
    assert "a new run" in with_results.open("track", DVC_ROOT=str(main)).stdout
    assert (with_results.folder / "data/track.json").read_bytes() != kept and len(runs(main, NAME)[1]) == 2
    files.write_json(with_results.folder / "metrics/evaluate.json", EVALUATION | {"kid": 0.3})
    assert "a new run" in with_results.open("track", DVC_ROOT=str(main)).stdout, "another number"
    images.save_png(with_results.folder / "data/print/1-x.png", Image.new("RGB", (8, 8), "white"))
    assert "a new run" in with_results.open("track", DVC_ROOT=str(main)).stdout, "another picture"
    assert len(runs(main, NAME)[1]) == 4


def test_the_contact_is_nowhere_in_the_store_and_makes_no_other_result(with_results, put_store):
    put_store(with_results.folder)
    assert "a new run" in with_results.open("track").stdout
    kept = (with_results.folder / "data/track.json").read_bytes()
    with_results.set(scrape__contact="somebody@example.org")
    assert "already" in with_results.open("track").stdout
    assert (with_results.folder / "data/track.json").read_bytes() == kept
    written = [path for path in with_results.folder.rglob("*") if path.is_file() and path.name != "params.yaml"]
    assert len(written) > 20 and not [path for path in written if b"somebody@example" in path.read_bytes()]
