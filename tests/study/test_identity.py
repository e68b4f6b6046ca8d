"""What names a cell: what changes its result does, how the code and dvc.yaml are written does not."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stages.common import files, params
from stages.common.cli import UserError
from stages.inputs import fingerprints, linking
from stages.study import outside
from stages.study.identity import digest, followed, needed, shared, sources
from stages.study.session import Paths, Session

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


class Checkout:
    """A repository of its own with this project's stages, dvc.yaml and params.yaml, and the study as it runs there."""

    def __init__(self, folder: Path, environment: dict[str, str], run_module):
        self.folder, self.environment, self._run_module = folder, environment, run_module
        for name in ("dvc.yaml", "params.yaml"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "stages", folder / "stages", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".gitignore").write_text("__pycache__/\n")
        self.git("init", "-q")
        self.git("config", "user.name", "Test")
        self.git("config", "user.email", "test@example.org")
        self.commit()
        self.before = self.names()
        assert len(self.before) == 21

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "a state")

    def names(self) -> set[str]:
        """The names of the cells, as the code there makes them."""
        place = {"folder": self.folder, "environment": self.environment, "tree": self.folder}
        done = self._run_module("stages.study", "--plan", **place)
        assert done.returncode == 0, done.stderr
        return set(re.findall(r"^  (?:done |to do)  (study-\S+)$", done.stdout, re.MULTILINE))

    def survive(self, *edits: tuple[str, Callable[[str], str]]) -> int:
        """How many of the names are still there once files were edited and committed; the files come back."""
        for path, edit in edits:
            old = (self.folder / path).read_text()
            assert edit(old) != old, f"nothing is changed in {path}"
            (self.folder / path).write_text(edit(old))
        self.commit()
        found = self.names()
        self.git("reset", "-q", "--hard", "HEAD~1")
        assert len(found) == 21
        count = len(found & self.before)
        print(f"{count} of {len(self.before)} names survive")
        return count


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, clean_environment, run_module) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"), clean_environment(), run_module)


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit: the first place that matches a pattern."""
    return lambda text: re.sub(old, new, text, count=1, flags=re.MULTILINE | re.DOTALL)


def reversed_lists(text: str) -> str:
    """dvc.yaml with the deps and params of each stage the other way round."""
    pipeline = yaml.safe_load(text)
    for stage in pipeline["stages"].values():
        for key in ("deps", "params"):
            stage[key] = stage.get(key, [])[::-1]
    return yaml.safe_dump(pipeline, sort_keys=False)


def file_by_file(text: str) -> str:
    """dvc.yaml with each file of stages/split/ in place of the folder."""
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "stages/split").glob("*.py"))
    return text.replace("      - stages/split/\n", "".join(f"      - {file}\n" for file in files))


IMAGES = "stages/common/images.py"
ONLY_TEXT = {
    "a comment": [(IMAGES, swap(r"^PAPER = ", "# a remark\nPAPER = "))],
    "a docstring": [(IMAGES, swap(r'(def listing\(.*?""").*?"""', r'\1Other words."""'))],
    "formatting": [(IMAGES, swap(r"^PAPER = \((.*?)\)", r"PAPER = (\n    \1,\n)"))],
    "a range of upscale": [("stages/upscale/params.py", swap(r"\ble=(\d+)", r"le=1\1"))],
    "a key of stylize": [
        ("params.yaml", swap(r"^(stylize:.*?)$", r"\1\n  further: 1")),
        (
            "stages/stylize/params.py",
            swap(r"(class StylizeParams\(Section\):\n.*?)(^    \w+: )", r"\1    further: int\n\2"),
        ),
    ],
    "a description": [("dvc.yaml", swap(r"desc: The GAN", "desc: The network"))],
    "the order of lists": [("dvc.yaml", reversed_lists)],
    "a folder's files": [("dvc.yaml", file_by_file)],
    "a text beside code": [("stages/dedupe/ACCURACY.md", swap(r"^# ", "# About "))],
    "the code of a later stage": [("stages/track/__main__.py", swap(r"^def main", "OTHER = 1\n\n\ndef main"))],
}
DECISIVE = {
    "a constant": [(IMAGES, swap(r"^PAPER = \(250", "PAPER = (251"))],
    "the length of the training": [("params.yaml", swap(r"kimg: 1920\.0, ", "kimg: 1921.0, "))],
    "a param that is not the study's": [("params.yaml", swap(r"^(split:.*?)seed: 0", r"\1seed: 1"))],
    "the code of split": [("stages/split/nested.py", swap(r"return works\[:count\]", "return works[-count:]"))],
    "a command": [("dvc.yaml", swap(r"cmd: python -m stages.train$", "cmd: python -O -m stages.train"))],
}


@pytest.mark.slow
@pytest.mark.parametrize("edits", ONLY_TEXT.values(), ids=ONLY_TEXT)
def test_what_changes_no_result_changes_no_name(checkout, edits):
    assert checkout.survive(*edits) == 21


@pytest.mark.slow
@pytest.mark.parametrize("edits", DECISIVE.values(), ids=DECISIVE)
def test_what_can_change_a_result_changes_every_name(checkout, edits):
    assert checkout.survive(*edits) == 0


def test_what_decides_the_numbers_of_this_pipeline():
    stages = needed(PIPELINE, "evaluate")
    assert set(stages) == {"links", "inputs", "scrape", "dedupe", "split", "augment", "train", "generate", "evaluate"}
    files = sources(stages)
    assert {"stages/train", "stages/gan", "stages/common/params.py", "stages/evaluate"} <= set(files)
    written_by_the_user = ["data/corrections.csv", "data/inputs/scrape", "data/inputs/upscale"]  # or links to such
    assert [file for file in files if file.startswith("data/")] == written_by_the_user
    assert all((ROOT / file).exists() for file in files)
    values = followed(stages, params.flatten(yaml.safe_load((ROOT / "params.yaml").read_text())))
    assert {
        "split.train_works",
        "dedupe.enabled",
        "train.augmentation",
        "train.seed",
        "train.kimg",
        "generate.count",
    } <= set(values)
    assert not [key for key in values if key.startswith(("study.", "stylize.", "track."))]


def test_what_the_cells_of_this_pipeline_have_in_common():
    values = params.flatten(yaml.safe_load((ROOT / "params.yaml").read_text()))
    stages = needed(PIPELINE, "track")
    sizes = [values | {"split.train_works": works} for works in (9, 18)]
    assert set(shared(stages, sizes)) == {"links", "inputs", "scrape", "dedupe", "stylize", "upscale"}
    files = [values | {"dedupe.enabled": enabled} for enabled in (True, False)]
    assert set(shared(stages, files)) == {"links", "inputs", "scrape"}


@pytest.fixture
def names(stub, set_params, monkeypatch) -> Callable[..., set[str]]:
    """The names of the tiny repository's cells, with some params changed: names(train__width=8)."""
    monkeypatch.chdir(stub.folder)

    def named(**changes: object) -> set[str]:
        set_params(stub.folder, {key.replace("__", "."): value for key, value in changes.items()})
        return set(Session(stub.folder, params.load(), Paths.of("metrics")).cells)

    return named


SOURCE = '''
"""What it is for."""


class Empty:
    """Nothing."""


async def shown(value, width=3, *, rows=()):
    # a remark
    text = f"{value!r:>{width}}" f"" "a, type_params=[]" f"{width:{'' or 2}}{value=}"
    return [], print(), (lambda: text), [row for row in rows], f"", {}
'''


def test_every_version_of_python_names_code_alike():
    """The hash stands here: whichever version runs this, study.csv of another one counts for it."""
    expected = "6c3cb387e51ad019ec1508399001037ee772c650206af9e6edd81c9d1f63e173"
    assert digest(SOURCE) == expected
    assert digest(SOURCE.replace("# a remark", "#").replace("Nothing.", "No.")) == expected
    assert digest(SOURCE.replace("a, type_params=[]", "a")) != expected


def test_other_code_and_other_params_are_other_cells(stub, names):
    first = names()
    assert names(stylize__steps=1) == first, "no stage before evaluate reads it"
    assert names(train__width=8) == first, "the study sets it"
    assert names(study__cost_per_hour=1.0) == first
    second = names(study__changes={"train": {"width": 24}})
    stub.append("stage.py", "# more\n")
    stub.commit("a comment")
    assert names() == second
    stub.append("stage.py", "MORE = 1\n")
    stub.commit("code")
    assert len(first | second | names()) == 6


def test_an_input_in_git_names_the_cells_by_its_bytes(stub, names):
    text = (stub.folder / "dvc.yaml").read_text()
    (stub.folder / "dvc.yaml").write_text(text.replace("    - stage.py\n", "    - stage.py\n    - list.csv\n", 1))
    (stub.folder / "list.csv").write_text("# one\n")
    stub.commit("an input")
    first = names()
    stub.append("list.csv", "# two\n")
    with pytest.raises(UserError, match=r"list\.csv"):
        names()
    stub.commit("another input")
    assert not first & names()


def test_what_only_a_later_stage_reads_must_be_committed_and_names_no_cell(stub, names):
    text = (stub.folder / "dvc.yaml").read_text()
    later = "    - metrics/evaluate.json\n    - stage.py\n"
    assert later in text
    (stub.folder / "dvc.yaml").write_text(text.replace(later, f"{later}    - sketch\n"))
    (stub.folder / "sketch").mkdir()
    (stub.folder / "sketch/first.txt").touch()
    stub.commit("a sketch")
    first = names()
    (stub.folder / "sketch/mine.jpg").touch()
    with pytest.raises(UserError, match=r"this is not: sketch/mine\.jpg\. Commit it"):
        names()
    stub.commit("another sketch")
    assert names() == first


def test_pictures_of_the_user_s_own_name_the_cells_and_the_link_to_them_says_nothing(stub, names):
    stub.follow_own_files()
    first = names()
    assert names(upscale__model="mine.pth") == first, "no number depends on it"
    own = stub.folder / "pictures"
    own.mkdir()
    (own / "a.png").write_text("one")
    with_one = names(scrape__source="folder", scrape__path="pictures", upscale__model="")
    linking.make(stub.folder / linking.OUT / "scrape", own)
    assert names() == with_one, "a link that is not committed"
    stub.commit("the link")
    assert names() == with_one
    (own / "a.png").write_text("two")
    with_two = names()
    assert len(first | with_one | with_two) == 6
    assert names(scrape__source="museum", scrape__path="") == first


def test_in_a_clone_without_the_pictures_the_committed_fingerprint_names_the_cells(stub, names):
    stub.follow_own_files()
    own = stub.folder / "pictures"
    own.mkdir()
    (own / "a.png").write_text("one")
    here = names(scrape__source="folder", scrape__path="pictures")
    fingerprint = stub.folder / linking.OUT / "scrape.json"
    files.write_json(fingerprint, fingerprints.of(own))
    stub.commit("a run of mine")
    fingerprint.unlink()
    shutil.rmtree(own)
    assert names() == here
    assert not names(scrape__path="others") & here
    own.mkdir()
    assert not names(scrape__path="pictures") & here, "an empty folder is not a missing one"
    own.rmdir()
    fingerprint.write_text("<<<<<<< HEAD")
    stub.commit("a conflict")
    assert not names() & here


def test_a_cell_that_read_other_files_than_those_that_name_it_is_refused(tmp_path):
    (tmp_path / "data/inputs").mkdir(parents=True)
    (tmp_path / "data/inputs/scrape.json").write_text('{"files": 1, "sha256": "two"}')
    outside.check(tmp_path, {"scrape": "two"})
    outside.check(tmp_path, {})
    with pytest.raises(UserError, match=r"scrape\.path led to other files"):
        outside.check(tmp_path, {"scrape": "one"})


def test_committed_code_that_is_no_python_is_named(stub, names):
    stub.append("stage.py", "def\n")
    stub.commit("a slip")
    with pytest.raises(UserError, match=r"the committed stage\.py is no Python"):
        names()


def test_a_cell_that_starts_alone_has_nothing_in_common(stub, monkeypatch):
    monkeypatch.chdir(stub.folder)
    study = Session(stub.folder, params.load(), Paths.of("metrics"))
    several, alone = list(study.cells), list(study.cells)[-1:]
    assert all(job.shared for job in study._jobs(several, 2, "cache"))
    assert not study._jobs(alone, 2, "cache")[0].shared, "else its training would be no one's whose node may be lost"
