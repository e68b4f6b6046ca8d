"""Every stage killed (SIGKILL) before each of its changes of the file system, and started again. Prints Markdown.

    PYTHONPATH=.:tests python tests/bench/bench_injected_kills.py --folder /tmp --folder /dev/shm

The outputs must end with the bytes of a run that was left alone, with nothing beside them. A run is a forked process,
so that torch and MLflow are imported once; before each the stage's outputs are deleted, as DVC does. The changes
(opening to write, rename, chmod, mkdir, unlink and the like) are Python's audit events of the stage's own process.
"""

import argparse
import hashlib
import importlib
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import forking_python
import in_process
import surroundings
import yaml

ROOT = Path(__file__).resolve().parents[2]
SMALL: dict[str, dict[str, Any]] = {
    "museum": {"works": 8, "reserve": 14},
    "split": {"validation_works": 7, "test_works": 7},
    "augment": {"copies": 2},
    "train": {"resolution": 32, "width": 8, "latent": 16, "batch": 8, "kimg": 0.16, "sheet_kimg": 0.08}
    | {"evaluate_kimg": 0.08, "evaluate_pictures": 8},
    "generate": {"count": 25},
    "stylize": {"pixels": 64, "steps": 2, "styles": ["Sleep on Seven Crutches"], "save_every": 2},
    "upscale": {"tile": 32, "overlap": 8, "extra_formats": ["pdf", "tiff"], "sheet": True},
    "evaluate": {"kid_subsets": 5},
    "runtime": {"threads": 1, "kernels": "portable"},
}
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}
CHANGES |= {"os.utime", "shutil.rmtree", "shutil.copytree", "sqlite3.connect"}
WRITING = os.O_WRONLY | os.O_RDWR


class Changes:
    """Counts a process's changes below a folder; kills it before the `fatal` one, counted from 1."""

    def __init__(self, folder: Path, fatal: int | None):
        self.folder, self.fatal, self.process = str(folder), fatal, os.getpid()
        self.seen: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple) -> None:
        """Called by Python at each audit event."""
        if os.getpid() != self.process or not self._is_change(event, arguments):
            return
        self.seen.append(event)
        if len(self.seen) == self.fatal:
            os.kill(self.process, signal.SIGKILL)

    def _is_change(self, event: str, arguments: tuple) -> bool:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & WRITING):
                return False
        elif event in CHANGES:
            path = arguments[0]
        else:
            return False
        path = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return bool(path) and (not os.path.isabs(path) or path.startswith(self.folder)) and "__pycache__" not in path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", action="append", help="where to work: one on each file system")
    parser.add_argument("--stages", nargs="*", default=list(pipeline()), choices=list(pipeline()))
    parser.add_argument("--every", type=int, default=1, help="kill before every n-th change")
    parser.add_argument("--first", type=int, default=1, help="of them, counted from 1")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    forking_python.preload()
    for name in pipeline():
        importlib.import_module(module(name))
    print("| file system | stage | changes | killed before | outputs equal | not equal |\n|---|---|---|---|---|---|")
    failed = False
    for place in asked.folder or [tempfile.gettempdir()]:
        with tempfile.TemporaryDirectory(dir=place) as name:
            failed |= try_all(Path(name).resolve(), place, asked)
    sys.exit(failed)


def try_all(folder: Path, place: str, asked: argparse.Namespace) -> bool:
    """All stages in one place, a row each; whether one of them failed."""
    failed = False
    before = workspace(folder / "0")
    for number, name in enumerate(pipeline(), 1):
        after = folder / str(number)
        shutil.copytree(before, after, symlinks=True)
        changes = run(name, after)
        if name in asked.stages:
            numbers = range(asked.first, changes + 1, asked.every)
            wrong = killed(name, before, after, numbers, asked.jobs)
            equal = len(numbers) - len(wrong)
            print(f"| {place} | {name} | {changes} | {len(numbers)} | {equal} | {', '.join(wrong)} |", flush=True)
            failed |= bool(wrong)
        shutil.rmtree(before)
        before = after
    return failed


def killed(name: str, before: Path, after: Path, numbers: Sequence[int], jobs: int) -> list[str]:
    """The numbers of the changes after a kill before which the outputs were not the expected ones."""
    expected = contents(after)
    children = []
    for job in range(jobs):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            for number in numbers[job::jobs]:
                scratch = before.with_name(f"{before.name}-{number}")
                shutil.copytree(before, scratch, symlinks=True)
                run(name, scratch, fatal=number)
                again = run(name, scratch)
                if again < 0 or contents(scratch) != expected:
                    os.write(writing, f"{number} ".encode())
                shutil.rmtree(scratch)
            os._exit(0)
        os.close(writing)
        children.append((child, reading))
    found = []
    for child, reading in children:
        with os.fdopen(reading) as file:
            found += file.read().split()
        os.waitpid(child, 0)
    return sorted(found, key=int)


def run(name: str, folder: Path, fatal: int | None = None) -> int:
    """Delete a stage's outputs and run it; the number of its changes, or -1 when it was killed or failed."""
    for out in outputs(name):
        path = folder / out
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        changes = Changes(folder, fatal)
        done = in_process.run(module(name), folder=folder, environment=surroundings.clean_environment())
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
        os.write(writing, str(-1 if done.returncode else len(changes.seen)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = file.read()
    os.waitpid(child, 0)
    return int(told or -1)


def pipeline() -> dict[str, dict[str, Any]]:
    """The stages of dvc.yaml, in an order in which they can run."""
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def module(name: str) -> str:
    """What `python -m` runs."""
    return pipeline()[name]["cmd"].split()[-1]


def outputs(name: str) -> list[str]:
    """The paths that a stage writes."""
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in pipeline()[name].get(kind, [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def workspace(folder: Path) -> Path:
    """What git has of a checkout, with a small museum and a training of 20 steps."""
    for name in ("data/sketch", "data/inputs"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in ("data/corrections.csv", "dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, folder / name)
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    (folder / "params.yaml").write_text(
        yaml.safe_dump({key: section | SMALL.get(key, {}) for key, section in values.items()})
    )
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Every file below data/ and metrics/ by the hash of its bytes, and how many runs MLflow has."""
    files = [path for part in ("data", "metrics") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    found = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    store = folder / "mlflow.db"
    if store.exists():
        with sqlite3.connect(store) as connection:
            [runs] = connection.execute("select count(*) from runs where lifecycle_stage = 'active'").fetchone()
        found["runs"] = str(runs)
    return found


if __name__ == "__main__":
    main()
