"""The borders of the stage packages, and that dvc.yaml lists all that a stage reads: what is missing goes stale."""

import ast
import re
from pathlib import Path

import pytest
from closure import ROOT, SECOND, STAGES, STARTS, entry_point, imports, listed

from stages.common import params

SOURCES = sorted((ROOT / "stages").rglob("*.py"))
UNUSED = {  # of the sections that a stage reads, the keys that do not touch what it does
    "upscale": {"upscale.sheet"},
    "sheet": {
        key for key in params.known_keys() if re.fullmatch(r"upscale\.(pictures|paper|dpi|placement|\w+_\w+)", key)
    },
    "evaluate": {"runtime.precision", "runtime.kernels"},
}
LIBRARIES = {  # which packages use which library, beside common
    "augment": {"gan"},
    "split": {"metrics"},
    "train": {"gan", "metrics"},
    "generate": {"gan"},
    "evaluate": {"metrics"},
    "track": {"gan", "metrics"},
    "report": {"gan", "metrics"},
    "readme": {"metrics"},
    "study": {"gan", "inputs", "metrics", "scrape", "split"},
}
ENTRY_POINTS = [entry_point(name) for name in [*STAGES, "museum"]]


def package(path: Path) -> str:
    return path.relative_to(ROOT / "stages").parts[0]


def test_every_stage_is_a_package_with_an_entry_point_a_section_and_a_description():
    names = "links inputs scrape dedupe split stylize upscale augment train generate sheet evaluate track report"
    assert list(STAGES) == names.split()
    for name, stage in STAGES.items():
        assert stage["cmd"] == f"python -m stages.{f'{SECOND[name]}.{name}' if name in SECOND else name}"
        assert len(stage["desc"]) > 20
        assert entry_point(name).is_file()
        assert SECOND.get(name, name) in {*params.SECTIONS, "inputs", "report"}, "the last two have no section"


def test_every_section_is_owned_by_its_stage_package():
    for name in params.SECTIONS:
        kind = params.schema(name)
        assert kind.__name__ == f"{name.capitalize()}Params"
        assert kind.__module__ == ("stages.common.section" if name == "runtime" else f"stages.{name}.params")


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_every_file_that_it_imports_and_no_other(name):
    deps = [dep for dep in STAGES[name]["deps"] if dep.startswith("stages/")]
    assert deps == listed(name), "python tests/pipeline/closure.py prints the lists"


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_has_written_is_followed_as_a_whole(name):
    """DVC looks a part of a restored directory up in the directory that dvc.lock named before, and a clone lacks it."""
    folders = [out for stage in STAGES.values() for out in stage["outs"]]
    assert folders and not [dep for dep in STAGES[name]["deps"] for folder in folders if dep.startswith(f"{folder}/")]


def test_the_sheet_follows_the_same_of_the_user_s_own_files_as_the_print():
    sheet, upscale = (
        [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/inputs/")] for stage in ("sheet", "upscale")
    )
    assert sheet == upscale and sheet


def sections_read(path: Path) -> set[str]:
    """The sections that an entry point takes: `params.section(TrainParams)`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    kinds = [ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func).endswith(".section")]
    return {kind.removesuffix("Params").lower() for kind in kinds}


@pytest.mark.parametrize("name", [name for name in STAGES if name not in ("links", "inputs", "track", "report")])
def test_a_stage_follows_the_sections_that_it_takes(name):
    followed = set(STAGES[name]["params"])
    taken = set().union(*(sections_read(entry_point(start)) for start in [name, *STARTS.get(name, [])]))
    assert SECOND.get(name, name) in taken
    for section in taken - followed:
        keys = {key for key in params.known_keys() if key.startswith(f"{section}.")}
        assert keys - UNUSED[name] == followed & keys
    foreign = {key for key in followed if key.partition(".")[0] not in taken}
    expected = {"augment": {"train.preset", "train.resolution"}}
    assert foreign == expected.get(name, set())


@pytest.mark.parametrize("name", ["track", "report"])
def test_what_tells_of_the_whole_run_follows_every_section_and_every_metrics_file(name):
    assert set(STAGES[name]["params"]) == set(params.SECTIONS) - {"study"}, (
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


def test_stage_packages_do_not_import_each_other():
    assert len(SOURCES) > 40
    for file in SOURCES:
        allowed = {package(file), "common"} | LIBRARIES.get(package(file), set())
        assert set(map(package, imports(file))) <= allowed, file


def test_entry_points_are_thin():
    assert len(ENTRY_POINTS) == len(STAGES) + 1
    for file in [*ENTRY_POINTS, *(ROOT / "stages").glob("*/__main__.py")]:
        assert len(file.read_text().splitlines()) < 60, f"{file} does more than read params, call and write metrics"


def test_only_entry_points_touch_params_metrics_and_progress_bars():
    for file in SOURCES:
        if file.name == "__main__.py" or file in ENTRY_POINTS or package(file) == "common":
            continue
        text = file.read_text()
        for use in (r"\bparams\.load\(", r"(?<![\w.])progress\(", r'"metrics/'):
            assert not re.search(use, text), f"{file} uses {use}"


def test_pictures_from_outside_are_opened_in_one_place():
    """Pillow alone knows fewer kinds than `decode` registers, and refuses damage that `images` mends."""
    written = {"readme/pictures.py", "report/pictures.py", "museum/reproductions.py"}  # read what stages wrote
    own = {"common/decode.py", *written}
    found = {file.relative_to(ROOT / "stages").as_posix() for file in SOURCES if "Image.open(" in file.read_text()}
    assert found == own


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
