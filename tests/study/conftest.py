"""The tiny repository as fixtures."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from stub import PIPELINE, ROOT, STAGE, Stub


@pytest.fixture(scope="session")
def make_stub(tmp_path_factory, clean_environment, set_params, run_module) -> Callable[[Path], Stub]:
    """Make the repository in a folder: the copy of one, as DVC takes a second to begin it."""
    first = Stub(tmp_path_factory.mktemp("stub"), clean_environment(), run_module)
    folder = first.folder
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    grid = {"train_works": [9], "deduplicated": [True, False], "augmentation": ["none"], "orders": [0], "seeds": [0]}
    others = {"changes": {"train": {"width": 16}, "runtime": {"threads": 1}}, "jobs": 2}
    set_params(folder, {f"study.{key}": values for key, values in (grid | others).items()})
    (folder / "stage.py").write_text(STAGE)
    (folder / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
    (folder / ".gitignore").write_text(
        "/pages\n/ran.log\n/study.log\n/wait\n/fail\n/.cache/\n/.resume/\n/data/\n__pycache__/\n"
    )
    (folder / ".dvcignore").write_text("/.cache/\n")
    identity = "git config user.name Test && git config user.email test@example.org"
    first.run("bash", "-c", f"git init -q && {identity} && python -m dvc init -q")
    (folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
    first.commit("start")

    def copy(target: Path) -> Stub:
        shutil.copytree(folder, target, dirs_exist_ok=True)
        return Stub(target, first.environment, run_module)

    return copy


@pytest.fixture
def stub(tmp_path, make_stub) -> Stub:
    return make_stub(tmp_path)
