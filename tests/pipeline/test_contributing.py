"""The examples of .github/CONTRIBUTING.md: each diff is applied to a copy of the tree, which then does as promised."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from stages.gan.build import build
from stages.gan.checkpoint import save_generator

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"### An? (\w+)\n.*?```diff\n(.*?)```", GUIDE, flags=re.DOTALL))
SMALL = {
    "train.resolution": 32, "train.width": 8, "train.latent": 8, "train.batch": 8, "train.kimg": 0.04,
    "train.evaluate_pictures": 4, "generate.count": 25,
    "runtime.threads": 1, "runtime.device": "cpu", "runtime.kernels": "portable",
}  # fmt: skip
HELPERS = tuple(f"tests/{name}.py" for name in ("conftest", "forking_python", "in_process", "surroundings"))
pytestmark = pytest.mark.slow


class Tree:
    """A copy of the code, in which stages run."""

    def __init__(self, folder: Path, environment: dict[str, str], set_params, run_module):
        self.folder, self.environment, self._set_params, self._run_module = folder, environment, set_params, run_module

    def set(self, changes: Mapping[str, object]) -> None:
        self._set_params(self.folder, changes)

    def run(self, *arguments: str, code: int = 0) -> str:
        """What `python` says with these arguments; it must end with that exit code."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stage(self, name: str, code: int = 0) -> str:
        """What a stage of the tree says; it must end with that exit code."""
        place = {"folder": self.folder, "environment": self.environment, "tree": self.folder}
        done = self._run_module(f"stages.{name}", **place)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text())

    def squares(self, where: str, count: int, name: str = "{:05}.png") -> None:
        """Pictures of 32 pixels."""
        folder = self.folder / where
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = np.random.default_rng((count, number)).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name.format(number))


@pytest.fixture
def example(tmp_path, clean_environment, set_params, run_module):
    """A copy of the tree with the diffs of examples."""

    def make(*names: str) -> Tree:
        for part in ("stages", "tests/pipeline", "tests/common"):
            shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("dvc.yaml", "params.yaml", "pyproject.toml", "requirements.txt", *HELPERS):
            shutil.copy(ROOT / file, tmp_path / file)
        for name in names:
            applied = subprocess.run(
                ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"],
                input=EXAMPLES[name], cwd=tmp_path, capture_output=True, text=True,
            )  # fmt: skip
            assert applied.returncode == 0, applied.stderr
        environment = {key: value for key, value in clean_environment().items() if key != "PYTHONPATH"}
        return Tree(tmp_path, environment, set_params, run_module)

    return make


def test_the_guide_has_the_four_examples():
    assert set(EXAMPLES) == {"architecture", "source", "metric", "parameter"}


def test_with_all_of_them_the_borders_and_dvc_yaml_are_still_right(example):
    """All at once, as no two of them touch one file: what one of them breaks is broken here too."""
    tree = example(*EXAMPLES)
    tree.environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    tree.run("-m", "pytest", "-q", "-o", "addopts=", "tests/pipeline/test_structure.py", "tests/common/test_params.py")


def test_an_architecture_is_trained_and_sampled_and_named_among_the_choices(example):
    tree = example("architecture")
    tree.set(SMALL)
    tree.squares("data/train/train", 8, "work{}--00.png")
    for changes in ({"train.loss": "hinge", "train.augmentation": "ada"}, {"train.loss": "relativistic"}):
        tree.set({"train.architecture": "linear"} | changes)
        tree.stage("train")
        assert tree.json("metrics/train.json")["parameters"]["discriminator"] == 3 * 32**2 + 1
    tree.stage("generate")
    assert len(list((tree.folder / "data/generated/samples").glob("*.png"))) == 25
    tree.set({"train.architecture": "linea"})
    assert "'dcgan', 'linear', 'stylegan'" in tree.stage("train", code=1)


def test_a_source_is_collected_and_named(example, httpserver):
    tree = example("source")
    tree.set(SMALL)
    tree.squares("served", 2)
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    tags = []
    for path in sorted((tree.folder / "served").iterdir()):
        httpserver.expect_request(f"/{path.name}").respond_with_data(path.read_bytes(), content_type="image/png")
        tags.append(f'<img src="{path.name}" alt="Title of {path.stem}">')
    httpserver.expect_request("/page").respond_with_data("".join(tags), content_type="text/html")
    url = httpserver.url_for("/page")
    tree.set({"scrape.source": "page", "scrape.url": url})
    tree.stage("scrape")
    found = tree.json("metrics/scrape.json")
    assert (found["files"], found["failed"], found["source"]) == (2, 0, f"the page {url}")
    assert '"title": "Title of 00001"' in (tree.folder / "data/raw/catalogue.jsonl").read_text()


def test_a_metric_is_measured_and_shown(example):
    tree = example("metric")
    tree.set(SMALL)
    tree.squares("data/works", 14)
    tree.squares("data/generated/samples", 7)
    names = [f"w{number}" for number in range(14)]
    rows = [{"work": name, "file": f"{number:05}.png", "best": True} for number, name in enumerate(names)]
    (tree.folder / "data/works/works.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    split = {"train": names[:7], "validation": [], "test": names[7:]}
    (tree.folder / "data/split.json").write_text(json.dumps(split))
    tree.stage("evaluate")
    found = tree.json("metrics/evaluate.json")
    for space in (found, found["efficientnet"]):
        assert 0 < space["nearest_low"] <= space["nearest"] <= space["nearest_high"]
    shown = "from stages.metrics.table import rows; from stages.common.files import read_json; from pathlib import Path"
    code = f"{shown}; print([row.name for row in rows(read_json(Path('metrics/evaluate.json')))])"
    assert "'Nearest', 'FLD'" in tree.run("-c", code)


def test_a_parameter_is_checked_used_and_followed_by_its_stage_alone(example):
    tree = example("parameter")
    tree.set(SMALL)
    generator = build("dcgan", 8, 8, 32, 0)[0].eval()
    save_generator(tree.folder / "data/gan/generator.safetensors", generator, "dcgan", 8, 32)
    sizes = []
    for columns in (5, 1):
        tree.set({"generate.columns": columns})
        tree.stage("generate")
        with Image.open(tree.folder / "data/generated/sheet.png") as sheet:
            sizes.append(sheet.size)
    assert sizes[0][0] == sizes[0][1] and sizes[1][0] < sizes[0][0] / 4
    tree.set({"generate.columns": 0})
    assert "generate.columns is 0" in tree.stage("split", code=1), "before any work"
    stages = yaml.safe_load((tree.folder / "dvc.yaml").read_text())["stages"]
    assert [name for name, stage in stages.items() if "generate" in stage.get("params", [])] == [
        "generate", "track", "report",
    ]  # fmt: skip
