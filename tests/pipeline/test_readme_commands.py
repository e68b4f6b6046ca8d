"""The README's commands, each run in a clone with a small museum in which all stages have run once.

The tests of this file build on one another, since a run of all stages takes a while.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
import requests
from clone import ran, readme
from mlflow import MlflowClient
from PIL import Image

pytestmark = pytest.mark.slow
AFTER = {"train", "generate", "sheet", "evaluate", "track", "report"}  # another generator
CELL = {
    "study.train_works": [9],
    "study.deduplicated": [True],
    "study.augmentation": ["diffaugment"],
    "study.orders": [0],
    "study.seeds": [0],
}


def test_a_stage_alone_is_up_to_date(clone):
    assert ran(clone.readme("dvc repro upscale")) == set()


def test_a_smaller_training_set_is_really_smaller_and_the_larger_one_comes_back(clone):
    before, all_works = clone.bytes(), clone.json("data/split.json")["train"]
    output = clone.readme("dvc exp run -S split.train_works=18")
    assert ran(output) == AFTER | {"split", "augment"} and "Stage 'stylize' didn't change" in output
    assert clone.bytes()["evaluate.json"] != before["evaluate.json"]
    assert clone.bytes()["stylize.json"] == before["stylize.json"]
    assert clone.json("data/split.json")["train"] == all_works[:18]
    assert clone.json("metrics/train.json")["works"] == 18 and clone.json("metrics/train.json")["n_train"] == 36
    assert clone.json("metrics/evaluate.json")["n_real"] == 8
    assert ran(clone.run("dvc exp run -S split.train_works=20")) == set(), "the run cache knows it"
    assert clone.bytes() == before and len(clone.json("data/split.json")["train"]) == 20


def test_presets_architectures_a_budget_and_all_files_are_one_parameter_away(clone):
    before = clone.bytes()
    told = ran(clone.readme("dvc exp run -S train.preset=story_dcgan -S dedupe.enabled=false"))
    assert told >= AFTER | {"dedupe", "augment"}
    found = clone.json("metrics/train.json")
    assert found["preset"] == "story_dcgan" and found["verdict"]["ended"] == "kimg"
    assert (found["works"], found["n_train"]) == (20, 60 * 2), "every file of each work, in two copies"
    clone.run("git checkout -q . && dvc checkout")
    assert ran(clone.readme("dvc exp run -S train.architecture=stylegan2")) == AFTER
    changed = clone.json("metrics/train.json")
    assert changed["final"]["ada_p"] >= 0 and changed["parameters"] != found["parameters"]
    assert changed["n_train"] == 40 and changed["verdict"]["ended"] == "kimg", "within its budget"
    clone.run("git checkout -q . && dvc checkout")
    assert clone.bytes() == before


def test_a_print_on_paper_is_one_command_away(clone):
    before = clone.bytes()
    output = clone.readme("dvc exp run -S upscale.paper=A5")
    assert ran(output) == {"upscale", "track", "report"}
    assert "warning: 1-sleep-on-seven-crutches: upscale.paper A5 gets 31 pixels per inch" in output
    assert sorted(path.suffix for path in (clone.folder / "data/print").iterdir()) == [".pdf", ".png", ".tiff", ".txt"]
    assert "1-sleep-on-seven-crutches.pdf" in (clone.folder / "data/report/index.html").read_text(encoding="utf-8")
    assert ran(clone.run("git checkout -q params.yaml && dvc repro")) == set(), "the run cache knows it"
    assert clone.bytes() == before


def test_a_queued_grid_runs_side_by_side_into_one_store(clone):
    before = len(clone.runs())
    clone.readme("dvc exp run --queue")
    clone.readme("dvc exp run --run-all --jobs 2")
    assert "Failed" not in clone.readme("dvc queue status")
    added = {
        run.data.params["split.train_works"]: run.data.metrics
        for run in clone.runs()
        if run.data.params["train.seed"] == "2"
    }
    assert len(clone.runs()) == before + 2 and set(added) == {"9", "18"}
    table = clone.readme("dvc exp show").splitlines()
    heads = [cell.strip() for cell in table[0].split("|")]
    assert {"Experiment", "kid", "fid", "fid_floor", "split.train_works", "train.seed"} <= set(heads), heads
    rows = [
        dict(zip(heads, (cell.strip() for cell in line.split("|")), strict=True)) for line in table[2:] if "|" in line
    ]
    shown = {row["split.train_works"]: row["kid"] for row in rows if row["train.seed"] == "2"}
    for works, metrics in added.items():
        assert float(shown[works]) == pytest.approx(metrics["evaluate.kid"], rel=1e-3)


def test_the_study_plans_its_grid_and_runs_a_cell(clone, set_params):
    assert "21 cells: 0 done, 21 to do" in clone.readme("python -m stages.study --plan")
    runs = len(clone.runs())
    before = clone.bytes()
    text = (clone.folder / "params.yaml").read_text()
    changes = {"train": {"kimg": 0.1}, "generate": {"count": 25}}
    set_params(clone.folder, CELL | {"study.changes": changes})
    clone.readme("python -m stages.study")
    tables = {name: clone.bytes()[name] for name in ("study.csv", "study_evaluations.csv", "study_seconds.csv")}
    assert len(clone.runs()) == runs + 1 and clone.bytes() == before | tables, "the workspace has its own results"
    assert "1 cells: 1 done" in clone.run("python -m stages.study --plan")
    assert "study-w9-dedup-diffaugment-o0-s0-" in clone.run("dvc exp list")
    assert (clone.folder / "metrics/study.csv").read_text().count("\n9,True,") == 1 and (
        clone.folder / "data/study/kid.png"
    ).is_file()
    (clone.folder / "params.yaml").write_text(text)
    for name in tables:
        (clone.folder / "metrics" / name).unlink()


def test_the_mlflow_page_opens(clone):
    (command,) = [line for line in readme() if "mlflow ui" in line]
    clone.told.add(command)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        ["bash", "-c", f"{command} --port {port}"],
        cwd=clone.folder,
        env=clone.environment,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    ) as page:
        try:
            until = time.monotonic() + 90
            while time.monotonic() < until:
                try:
                    assert "MLflow" in requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
                    break
                except requests.ConnectionError:
                    assert page.poll() is None, "mlflow ui ended"
                    time.sleep(0.5)
            else:
                pytest.fail("mlflow ui did not answer")
        finally:
            os.killpg(page.pid, signal.SIGTERM)


def test_a_watcher_waits_for_trainings_until_it_is_interrupted(clone):
    (command,) = [line for line in readme() if line.endswith("--watch")]
    clone.told.add(command)
    watcher = subprocess.Popen(
        command.split(),
        cwd=clone.folder,
        env=clone.environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert watcher.stdout and watcher.stdout.readline() == "nothing trains for this checkout now: waiting\n"
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(30) == 0


def test_a_deleted_store_is_rebuilt_by_one_command(clone):
    before = {run.data.tags["fingerprint"] for run in clone.runs()}
    assert len(before) > 5
    (clone.folder / "mlflow.db").rename(clone.folder / "old.db")
    shutil.rmtree(clone.folder / "mlruns")
    clone.readme("python -m stages.track --all")
    (clone.folder / "mlflow.db").rename(clone.folder / "new.db")  # MLflow keeps the old file open under its name
    client = MlflowClient(tracking_uri=f"sqlite:///{clone.folder / 'new.db'}")
    runs = client.search_runs([found.experiment_id for found in client.search_experiments()])
    assert sorted(run.data.tags["fingerprint"] for run in runs) == sorted(before)
    (clone.folder / "new.db").rename(clone.folder / "mlflow.db")


def test_the_readme_s_pictures_and_numbers_can_be_renewed(clone):
    clone.run("python -m stages.readme")
    text = (clone.folder / "README.md").read_text()
    numbers = clone.json("metrics/evaluate.json")
    assert f"{numbers['kid']:.3f} ({numbers['kid_low']:.3f} to {numbers['kid_high']:.3f})" in text
    shown = re.findall(r"\]\((data/readme/[\w-]+\.(?:jpg|webp))\)", text)
    assert len(shown) >= 7 and all(
        (clone.folder / name).stat().st_size > 1000 for name in shown if name.endswith(".jpg")
    )
    with Image.open(clone.folder / "data/readme/timelapse.webp") as film:
        assert film.format == "WEBP" and film.width > 100


def test_every_command_of_the_readme_was_run(clone):
    """But for those that install, the one that needs a network, and `python -m stages.readme`, which is run above."""
    left = set(readme()) - clone.told
    assert len(clone.told) >= 8
    assert all("pip install" in command or "scrape.source=wikiart" in command for command in left), left
