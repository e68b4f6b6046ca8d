"""The borders of the rooms, and that dvc.yaml lists all that a stage reads: a missing dep is a stale result that nobody sees."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from stages.common import params, sections

ROOT = Path(__file__).resolve().parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
SOURCES = sorted((ROOT / "stages").rglob("*.py"))
KEYS = params.flatten(yaml.safe_load((ROOT / "params.yaml").read_text()))
OPENS = {"scrape": ["museum"]}  # the doors that a door opens as a program of its own
SECOND = {"sheet": "upscale"}  # a stage whose door is a further file of another one's room
DOORS = {
    name: ROOT / "stages" / (f"{SECOND[name]}/{name}.py" if name in SECOND else f"{name}/__main__.py")
    for name in [*STAGES, "museum"]
}


def imports(path: Path) -> set[Path]:
    """The files of stages/ that a file imports, with the packages' own __init__ left out (they hold a docstring only)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stages"):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("stages")]
        else:
            continue
        found |= {file for name in names if (file := ROOT / (name.replace(".", "/") + ".py")).is_file()}
        assert not any(alias.name == "*" for alias in node.names)
    return found


def closure(path: Path) -> set[Path]:
    """A file with all that it imports, directly or not."""
    found, waiting = set(), {path}
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= imports(file) - found
    return found


def room(path: Path) -> str:
    return path.relative_to(ROOT / "stages").parts[0]


def test_every_stage_is_a_room_with_a_door_and_a_description():
    assert list(STAGES) == [
        "scrape",
        "dedupe",
        "split",
        "augment",
        "train",
        "generate",
        "stylize",
        "upscale",
        "sheet",
        "evaluate",
        "track",
        "report",
    ]
    for name, stage in STAGES.items():
        assert stage["cmd"] == f"python -m stages.{f'{SECOND[name]}.{name}' if name in SECOND else name}"
        assert len(stage["desc"]) > 20
        assert DOORS[name].is_file()
        assert SECOND.get(name, name) in sections.Params.model_fields or name == "report", "which has no knobs"


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_every_file_that_it_imports_and_no_other(name):
    files = set().union(*(closure(DOORS[door]) for door in [name, *OPENS.get(name, [])]))
    listed = {dep for dep in STAGES[name]["deps"] if dep.startswith("stages/")}
    for file in files:
        relative = file.relative_to(ROOT).as_posix()
        assert any(relative == dep or (dep.endswith("/") and relative.startswith(dep)) for dep in listed), (
            f"{name} lacks {relative}"
        )
    for dep in listed:
        assert any(file.relative_to(ROOT).as_posix().startswith(dep) for file in files), (
            f"{name} lists {dep} but does not import it"
        )


def read_params(path: Path) -> set[str]:
    """The keys that a door reads of sections that it names: `train.seed`, `everything.train.seed`, `params.load().train.seed`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            owner = (
                ast.unparse(node.value)
                .removeprefix("everything.")
                .removeprefix("params.load().")
                .removeprefix("params.")
            )
            found.add(f"{owner}.{node.attr}")
    return found & set(KEYS)


@pytest.mark.parametrize("name", [name for name in STAGES if name not in ("track", "report")])
def test_a_stage_tracks_the_leaves_of_its_own_section_and_those_that_it_reads(name):
    tracked = set(STAGES[name]["params"])
    assert tracked <= set(KEYS), "leaves only, and only such as exist"
    assert {key for key in KEYS if key.startswith(name + ".")} - {
        f"{room}.{second}" for second, room in SECOND.items()
    } <= tracked
    for door in [name, *OPENS.get(name, [])]:
        assert read_params(DOORS[door]) <= tracked


@pytest.mark.parametrize("name", ["track", "report"])
def test_what_tells_of_the_whole_run_follows_every_section_and_every_metrics_file(name):
    assert set(STAGES[name]["params"]) == set(sections.Params.model_fields) - {"study"}, (
        "the study asks for results and decides none"
    )
    written = {
        item
        for stage in STAGES.values()
        for entry in stage.get("metrics", []) + stage.get("plots", [])
        for item in entry
    }
    assert written <= set(STAGES[name]["deps"])


def test_metrics_and_plots_are_in_git_not_in_the_cache():
    for stage in STAGES.values():
        for entry in stage.get("metrics", []) + stage.get("plots", []):
            assert all(options == {"cache": False} for options in entry.values())


def test_rooms_do_not_import_rooms():
    assert len(SOURCES) > 40
    for file in SOURCES:
        for other in map(room, imports(file)):
            assert other in {room(file), "common"} | (
                {"gan"} if room(file) in ("train", "generate", "track") else set()
            ), f"{file} imports {other}"


def test_only_doors_touch_params_metrics_and_progress_bars():
    for file in SOURCES:
        if file.name == "__main__.py" or file in DOORS.values() or room(file) == "common":
            continue
        text = file.read_text()
        for word in ("params.load(", "progress(", '"metrics'):
            assert word not in text, f"{file} uses {word}"


def test_every_file_says_what_it_is_for_and_is_short():
    for file in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]:
        text = file.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{file} does not say what it is for"
        assert len(text.splitlines()) <= 320, f"{file} is too long"


def test_dependencies_are_pinned_exactly():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) > 20
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line), line
