"""What the tests share: a workspace with its own params.yaml, and a way to run a stage as DVC does."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import in_process
import pytest
import surroundings

surroundings.forget_outer(os.environ)  # a test must not reach the user's MLflow server, or an outer git or DVC
os.environ.setdefault("OMP_NUM_THREADS", "1")  # several tests run at a time; read when torch is imported
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # plain `pytest` puts only the tests' folders there
gc.disable()  # until the tests are imported: a million objects that stay, looked through again and again


class Workspace:
    """A folder with params.yaml in which stages can be run."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        surroundings.set_params(folder, {"runtime.threads": 1, "runtime.kernels": "portable"})

    def set(self, **changes: object) -> None:
        """Keys with "__" for the dot: set(train__kimg=1.0)."""
        surroundings.set_params(self.folder, {key.replace("__", "."): value for key, value in changes.items()})

    def open(self, stage: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Do here what `python -m stages.<stage>` does, in this process: without importing torch once more."""
        return in_process.run(
            f"stages.{stage}", folder=self.folder, environment=surroundings.clean_environment(**environment)
        )

    def process(self, stage: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m stages.<stage>` here, for what shows only in a process of its own."""
        command = [sys.executable, "-m", f"stages.{stage}"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=surroundings.clean_environment(**environment),
            capture_output=True,
            text=True,
            timeout=600,
        )

    def start(self, script: Path) -> subprocess.Popen:
        """Run a script here, to be interrupted."""
        return subprocess.Popen(
            [sys.executable, script],
            cwd=self.folder,
            env=surroundings.clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fails(self, stage: str, *words: str) -> str:
        """Open a stage that must end with exit code 1 and one message that has all the words, without a traceback."""
        return self.failed(self.open(stage), *words)

    def failed(self, done: subprocess.CompletedProcess[str], *words: str) -> str:
        """Likewise of one that has ended."""
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        for word in words:
            assert word in done.stderr, f"{word!r} is not in: {done.stderr}"
        return done.stderr


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: some tests wait, for servers and for the end of other processes."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_finish() -> None:
    """What was imported is garbage in no test: the collector leaves it alone from here on."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest file first, so that no process is left alone with it; skip what was not asked for or needs a GPU.

    test_pipeline.py comes when the first run that it shares with that file is done. Torch is imported only if something
    needs a GPU.
    """
    before = {"common", "dedupe"}  # some two minutes of tests
    items.sort(
        key=lambda item: {"test_readme_commands.py": 0, "test_pipeline.py": 2}.get(
            item.path.name, 1 if item.path.parent.name in before else 3
        )
    )
    for item in items:
        if item.get_closest_marker("long") and "long" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="long: pytest -m long"))
    needy = [item for item in items if item.get_closest_marker("cuda")]
    if needy:
        import torch

        if not torch.cuda.is_available():
            for item in needy:
                item.add_marker(pytest.mark.skip(reason="no GPU with CUDA"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def workspace_at():
    """Workspaces that outlast a test: workspace_at(folder)."""
    return Workspace


@pytest.fixture(scope="session")
def clean_environment():
    return surroundings.clean_environment


@pytest.fixture(scope="session")
def set_params():
    return surroundings.set_params


@pytest.fixture(scope="session")
def run_module():
    """`in_process.run`, for the tests that have no workspace."""
    return in_process.run
