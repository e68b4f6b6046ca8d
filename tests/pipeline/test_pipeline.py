"""The whole pipeline through DVC, in a clone of its own with a small museum: the README's commands, each run here.

The tests of this file build on one another: the clone is made once, since a run of all stages takes a while.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient
from PIL import Image

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "museum.works": 20, "museum.reserve": 12,
    "split.train_works": 20, "split.validation_works": 4, "split.test_works": 8, "augment.copies": 2,
    "train.resolution": 32, "train.width": 8, "train.latent": 16, "train.batch": 8, "train.kimg": 0.1,
    "train.sheet_kimg": 0.05, "train.evaluate_pictures": 8, "runtime.threads": 1, "runtime.kernels": "portable",
    "stylize.styles": ["Sleep on Seven Crutches"], "stylize.pixels": 64, "stylize.steps": 2,
    "upscale.tile": 64, "upscale.overlap": 16, "evaluate.kid_subsets": 5, "generate.count": 25,
}  # fmt: skip
CELL = {
    "study.train_works": [9],
    "study.deduplicated": [True],
    "study.augmentation": ["diffaugment"],
    "study.seeds": [0],
}
LATER = {"train", "generate", "stylize", "upscale", "sheet", "evaluate", "track", "report"}
README = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("    ")]


class Clone:
    """A git clone with a small museum in its params.yaml."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment, self.told = folder, environment, set()

    def readme(self, start: str) -> str:
        """Run the one command of the README that starts so."""
        (command,) = [line for line in README if line == start] or [line for line in README if line.startswith(start)]
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
    """The stages that DVC ran."""
    return set(re.findall(r"Running stage '(\w+)'", output))


@pytest.fixture(scope="module")
def clone(tmp_path_factory, clean_environment, set_params) -> Clone:
    folder = tmp_path_factory.mktemp("clone")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(
        lambda name: (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith("metrics/"),
        files.splitlines(),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    set_params(folder, SMALL)
    environment = clean_environment()
    del environment["PYTHONPATH"]  # its own stages/, not ours
    made = Clone(folder, environment)
    made.run("git init -q && git config user.name Test && git config user.email test@example.org")
    made.run("git add -A && git commit -qm start")
    return made


def test_repro_goes_from_web_pages_to_a_number_and_a_print(clone):
    assert ran(clone.run("dvc repro")) == {"scrape", "dedupe", "split", "augment", *LATER}
    assert clone.json("metrics/scrape.json")["sets"] == {"collection": 60, "reserve": 12}
    found = clone.json("metrics/dedupe.json")
    assert (found["files"], found["works"], found["precision"], found["recall"]) == (60, 20, 1.0, 1.0)
    assert clone.json("metrics/train.json")["works"] == 20
    numbers = clone.json("metrics/evaluate.json")
    assert numbers["n_real"] == 8 and numbers["n_generated"] == 25 and numbers["fid"] > numbers["fid_floor"] > 0
    (print_file,) = (clone.folder / "data/print").glob("*.png")
    assert print_file.name == "1-sleep-on-seven-crutches.png"
    assert "How far do 20 pictures go?" in (clone.folder / "data/report/index.html").read_text(encoding="utf-8")
    (run,) = clone.runs()
    assert run.data.metrics["evaluate.fid"] == pytest.approx(numbers["fid"])
    clone.run("git add -A && git commit -qm run")
    (search,) = re.findall("git log .*", print_file.with_suffix(".txt").read_text(encoding="utf-8"))
    assert clone.run(search).endswith(" run\n"), "the caption's command finds the commit"
    tracked = clone.run("git ls-files data metrics").split()
    assert "metrics/evaluate.json" in tracked and not [
        name for name in tracked if re.match(r"data/(raw|works|gan|generated|stylized|print)/", name)
    ]


def test_repro_again_does_nothing(clone):
    assert ran(clone.run("dvc repro")) == set()
    assert "up to date" in clone.run("dvc status")
    assert ran(clone.readme("dvc repro upscale")) == set()


def test_a_forced_repro_gives_the_same_bytes_and_no_second_run(clone):
    before = clone.bytes()
    assert len(ran(clone.run("dvc repro -f"))) == 12
    assert clone.bytes() == before
    assert len(clone.runs()) == 1


def test_another_seed_re_runs_train_and_what_follows_nothing_before(clone):
    before = clone.bytes()
    output = clone.readme("dvc exp run -S train.seed=1")
    assert (
        ran(output) == {"train", "generate", "sheet", "evaluate", "track", "report"}
        and "Stage 'augment' didn't change" in output
    )
    assert (
        clone.bytes()["evaluate.json"] != before["evaluate.json"]
        and clone.bytes()["stylize.json"] == before["stylize.json"]
    )
    assert ran(clone.run("dvc exp run -S train.seed=0")) == set(), "the run cache knows it"
    assert clone.bytes() == before


def test_a_smaller_training_set_is_really_smaller_and_the_larger_one_comes_back(clone):
    before, all_works = clone.bytes(), clone.json("data/split.json")["train"]
    assert ran(clone.readme("dvc exp run -S split.train_works=18")) == {
        "split",
        "augment",
        "train",
        "generate",
        "sheet",
        "evaluate",
        "track",
        "report",
    }
    assert clone.json("data/split.json")["train"] == all_works[:18]
    assert clone.json("metrics/train.json")["works"] == 18 and clone.json("metrics/train.json")["n_train"] == 36
    assert clone.json("metrics/evaluate.json")["n_real"] == 8
    assert ran(clone.run("dvc exp run -S split.train_works=20")) == set()
    assert clone.bytes() == before and len(clone.json("data/split.json")["train"]) == 20


def test_presets_architectures_and_a_budget_are_one_parameter_away(clone):
    before = clone.bytes()
    after = {"train", "generate", "sheet", "evaluate", "track", "report"}
    assert ran(clone.readme("dvc exp run -S train.preset=story_dcgan")) == after | {"augment"}
    found = clone.json("metrics/train.json")
    assert found["preset"] == "story_dcgan" and found["verdict"]["ended"] == "kimg"
    assert ran(clone.run("dvc exp run -S train.preset=best_cpu")) == set() and clone.bytes() == before
    assert ran(clone.readme("dvc exp run -S train.architecture=stylegan2")) == after
    assert (
        clone.json("metrics/train.json")["final"]["ada_p"] >= 0
        and clone.json("metrics/train.json")["parameters"] != found["parameters"]
    )
    assert ran(clone.readme("dvc exp run -S train.max_minutes=30")) == {"train", "track", "report"}, (
        "the same generator: no new pictures, but a run with other params"
    )
    clone.run("git checkout -q . && dvc checkout")
    assert clone.bytes() == before


def test_kept_duplicates_train_on_every_file(clone):
    assert "dedupe" in ran(clone.readme("dvc exp run -S dedupe.enabled=false"))
    found = clone.json("metrics/train.json")
    assert (found["works"], found["n_train"]) == (20, 60 * 2)
    clone.run("dvc exp run -S dedupe.enabled=true")


def test_a_print_on_paper_is_one_command_away(clone):
    before = clone.bytes()
    output = clone.readme("dvc exp run -S upscale.paper=A5")
    assert ran(output) == {"upscale", "track", "report"}
    assert "warning: 1-sleep-on-seven-crutches: upscale.paper A5 gets 31 pixels per inch" in output
    assert sorted(path.suffix for path in (clone.folder / "data/print").iterdir()) == [".pdf", ".png", ".tiff", ".txt"]
    assert "1-sleep-on-seven-crutches.pdf" in (clone.folder / "data/report/index.html").read_text(encoding="utf-8")
    assert (
        ran(clone.run("dvc exp run -S upscale.paper=none -S upscale.crop_marks=false -S 'upscale.extra_formats=[]'"))
        == set()
    )
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
    assert "48 cells: 0 done, 48 to do" in clone.readme("python -m stages.study --plan")
    runs = len(clone.runs())
    before = clone.bytes()
    text = (clone.folder / "params.yaml").read_text()
    changes = {"train": {"kimg": 0.1}, "generate": {"count": 25}}
    set_params(clone.folder, CELL | {"study.changes": changes})
    clone.readme("python -m stages.study")
    assert len(clone.runs()) == runs + 1 and clone.bytes() == before | {"study.csv": clone.bytes()["study.csv"]}, (
        "the workspace has its own results"
    )
    assert "1 cells: 1 done" in clone.run("python -m stages.study --plan")
    assert "study-w9-dedup-diffaugment-s0-" in clone.run("dvc exp list")
    assert (clone.folder / "metrics/study.csv").read_text().count("\n9,True,") == 1 and (
        clone.folder / "data/study/kid.png"
    ).is_file()
    (clone.folder / "params.yaml").write_text(text)
    (clone.folder / "metrics/study.csv").unlink()


def test_a_source_without_network_names_the_way_out(clone):
    output = clone.run("dvc exp run -S scrape.source=wikiart -S scrape.url=http://127.0.0.1:9/", ok=False)
    assert "'wikiart' at http://127.0.0.1:9/ is out of reach" in output and "needs no network" in output
    clone.run("git checkout -q . && dvc checkout")


def test_the_mlflow_page_opens(clone):
    (command,) = [line for line in README if "mlflow ui" in line]
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
    left = set(README) - clone.told
    assert len(clone.told) >= 8
    assert all("pip install" in command or "scrape.source=wikiart" in command for command in left), left
