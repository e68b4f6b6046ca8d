"""The process of one cell: a clone of its own, `dvc repro` in it, and the experiment into the main checkout.

Neither DVC's queue nor `dvc exp run --temp` is used: both take the workspace apart while an experiment is made (changes
stashed, HEAD detached, params.yaml rewritten), and a kill in that moment leaves it so; a killed queue shows its
experiment as running forever, and one queued twice runs twice. Here a kill leaves a clone that the next start throws
away. The one thing that changes in the main checkout is the experiment's ref, in one step at the end.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import yaml

from stages.common.checkout import git
from stages.common.cli import UserError, run_cli
from stages.common.params import flatten
from stages.study import outside
from stages.study.node import TEMPORARY_FAILURE, UNATTENDED
from stages.study.records import EXPERIMENTS
from stages.study.remote import kept_on_the_remote, push_uncached

LOCAL = ".dvc/config.local"
SHARED_LOCK = ".cache/study/shared.lock"


@dataclass(frozen=True)
class Job:
    """What a cell's process is told."""

    name: str  # of the experiment
    commit: str  # that it starts from
    params: str  # text of its params.yaml
    shared: list[str]  # the stages that do the same for every cell
    target: str  # the stage to reach
    own_files: dict[str, str]  # what names it of files outside of git, by their link
    root: str  # the main checkout
    cache: str  # DVC's cache, of the main checkout too
    folder: str = ""  # for the clone; what is there is thrown away
    origin: str = ""  # on a node of a cluster: the repository that gets the experiment, after DVC's remote got its data
    keep_progress: bool = False  # there: unfinished trainings go to DVC's remote too


def main() -> None:
    job = Job(**json.loads(sys.stdin.buffer.raw.readline()))  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=end_with_the_study, daemon=True).start()
    run(job)


def end_with_the_study() -> None:
    """Wait until the other end of the pipe is closed, as it is however the study ends; then end, with every child."""
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


def run(job: Job) -> None:
    """Make the experiment, in a clone that is removed at the end; exits with DVC's code when a stage fails."""
    folder, root = Path(job.folder), Path(job.root)
    shutil.rmtree(folder, ignore_errors=True)
    settings = [f"--config={key}={value}" for key, value in UNATTENDED.items()]
    git(root, "clone", "--quiet", "--shared", "--no-checkout", *settings, str(root), str(folder))
    git(folder, "checkout", "--quiet", "--detach", job.commit)
    for key in ("user.name", "user.email"):
        git(folder, "config", key, git_setting(root, key) or "study")
    configure(folder / LOCAL, root / LOCAL, job.cache)
    (folder / "params.yaml").write_text(job.params, encoding="utf-8")
    outside.link(folder, flatten(yaml.safe_load(job.params)))
    started = time.monotonic()
    # DVC_ROOT: trainings go on, pages and runs are kept in the main checkout.
    environment = {"DVC_ROOT": job.root, "DVC_EXP_NAME": job.name}
    repro = ["repro", "--pull"] if job.origin else ["repro"]  # others may have run some of its stages
    if job.shared:
        with in_turn(root / SHARED_LOCK):
            dvc(folder, *repro, *job.shared, **environment)
    with kept_on_the_remote(root, root / ".resume", job.name) if job.keep_progress else nullcontext():
        dvc(folder, *repro, job.target, **environment)
    outside.check(folder, job.own_files)
    message = f"study: {time.monotonic() - started:.0f} s"
    # Nothing is left to do but to record it.
    dvc(folder, "exp", "run", "--quiet", "--name", job.name, "--message", message, job.target)
    (reference,) = git(folder, "for-each-ref", "--format=%(refname)", f"{EXPERIMENTS}/**/{job.name}").split()
    if job.origin:
        publish(folder, job.origin, reference)
    else:
        git(folder, "push", "--quiet", str(root), f"{reference}:{reference}")
    shutil.rmtree(folder)


def publish(folder: Path, origin: str, reference: str) -> None:
    """Give back a cell's data, then its experiment; exits with TEMPORARY_FAILURE when somebody does not take them.

    What the cell has made stays in this node's cache: another attempt has little to do.
    """
    try:
        dvc(folder, "push", "--run-cache")
        push_uncached(folder)
        git(folder, "push", "--quiet", origin, f"{reference}:{reference}")
    except UserError as error:
        if not is_there(folder, origin, reference):
            print(f"error: {error}", file=sys.stderr)
            sys.exit(TEMPORARY_FAILURE)
    except SystemExit:  # DVC has said why
        sys.exit(TEMPORARY_FAILURE)
    except Exception as error:  # whatever the remote's own library raises
        print(f"error: DVC's remote: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(TEMPORARY_FAILURE)


def is_there(folder: Path, origin: str, reference: str) -> bool:
    """Whether somebody else has published the same cell, in whose place git takes no other."""
    try:
        return bool(git(folder, "ls-remote", origin, reference))
    except UserError:
        return False


def configure(target: Path, local: Path, cache: str) -> None:
    """DVC's settings of the clone: the main checkout's own, and its cache; to ask DVC for that takes seconds."""
    settings = RawConfigParser()
    settings.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]  # names as they are written
    settings.read(local, encoding="utf-8")
    if not settings.has_section("cache"):
        settings.add_section("cache")
    settings.set("cache", "dir", f'"{cache}"')
    with target.open("w", encoding="utf-8") as file:
        settings.write(file)


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait for the other cells: what all have in common the first one makes, and the others take it from the cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def git_setting(root: Path, key: str) -> str:
    """A setting of git in the main checkout, or nothing."""
    return subprocess.run(["git", "-C", str(root), "config", key], capture_output=True, text=True).stdout.strip()


def dvc(folder: Path, *arguments: str, **environment: str) -> None:
    """Run DVC in the clone with this Python first in PATH, without what an outer DVC passes on.

    Exits with DVC's code when it fails; DVC has said why.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=kept | {"PATH": path} | environment,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    run_cli(main)
