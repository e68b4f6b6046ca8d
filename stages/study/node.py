"""What runs on a node of a cluster: it clones the repository, and runs a cell as the study does on one machine.

Ray sends this module as it is (by value), so a node needs Python, Ray, git and what requirements.txt names, but no
checkout: this file imports the standard library alone. No disk is shared; what outlasts a cell goes to git and DVC.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SCRATCH = "STUDY_SCRATCH"  # environment variable of a node: the folder for clones and caches
TEMPORARY_FAILURE = 75  # exit code of a cell that could not reach what others share (EX_TEMPFAIL of sysexits.h)
LOG_END = 1_000_000  # bytes of a log that are sent back
PAUSE = 20.0  # seconds before another attempt: Ray makes it at once, and as a rule on the same node
PATIENT = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]  # git does not wait forever
UNATTENDED = {"commit.gpgsign": "false", "core.hooksPath": "/dev/null"}  # a person's signature and hooks have no place
KEPT_DAYS = 30  # of a cell that was interrupted here and never went on
QUESTION = "/api/2.0/mlflow/experiments/search?max_results=1"  # to MLflow's server; /health answers to any name
FULL = re.compile(r"No space left on device|Errno 28")
CACHES = ("/.cache", "/.resume")  # in the clones, links to what the cells of this node share, or what a cell keeps


class Passing(OSError):
    """A failure that another attempt can help: a full disk, or an origin, a remote or a server that did not answer."""


class Claim:
    """A named actor: while it lives no other study runs the cell of its name. Ray ends it with the study."""

    def held(self) -> bool:
        return True


def run_cell(job: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    """Run a cell; returns its exit code and the end of its log.

    `job`: the fields of stages.study.cell.Job but for its folders; `environment`: what is set for its processes. Raises
    Passing, or another OSError, upon which Ray runs the task again, on this node or another.
    """
    base = scratch(job["origin"])
    place = base / "cells" / job["name"]
    try:
        with alone(place) as lock:
            if git("ls-remote", job["origin"], f"refs/exps/*/{job['name']}"):
                return {"code": 0, "log": "an earlier attempt has published it"}  # and was lost before it could say so
            try:
                root = tree(base, place, job["origin"], job["commit"])
                told = job | {"root": str(root), "folder": str(place / "clone"), "cache": str(base / "cache")}
                code, log = process(told, root, place / "log", lock, environment)
            finally:
                for made in ("clone", "checkout"):  # what takes room; `resume` stays for another attempt
                    shutil.rmtree(place / made, ignore_errors=True)
        if code == TEMPORARY_FAILURE or (code and FULL.search(log)):
            raise Passing(log)
    except OSError:
        time.sleep(PAUSE)
        raise
    if not code:
        shutil.rmtree(place, ignore_errors=True)
    return {"code": code, "log": log}


def scratch(origin: str) -> Path:
    """The folder of this node for a repository; what cells were interrupted long ago is removed."""
    home = os.environ.get(SCRATCH) or os.path.expanduser("~/.cache/study")
    base = Path(home) / hashlib.sha256(origin.encode()).hexdigest()[:12]
    (base / "cells").mkdir(parents=True, exist_ok=True)
    for place in (base / "cells").iterdir():
        with suppress(FileNotFoundError):  # a cell that ends just now
            if time.time() - place.stat().st_mtime > KEPT_DAYS * 86_400:
                shutil.rmtree(place, ignore_errors=True)
    return base


@contextmanager
def alone(place: Path) -> Iterator[int]:
    """Wait until no process of an earlier attempt at this cell is left; gives the lock, which the cell inherits."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(place)
        yield file.fileno()


def tree(base: Path, place: Path, origin: str, commit: str) -> Path:
    """A clone of the repository at a commit, which is the cell's main checkout here; by way of the node's mirror."""
    mirror, root = base / "mirror.git", place / "checkout"
    with open(base / "mirror.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        git("init", "--quiet", "--bare", str(mirror))
        for left in mirror.rglob("*.lock"):  # by a git that was killed
            left.unlink()
        if not has(mirror, commit):
            refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
            git("-C", str(mirror), "fetch", "--quiet", "--prune", origin, *refs, keep=file.fileno())
    shutil.rmtree(root, ignore_errors=True)
    git("clone", "--quiet", "--shared", "--no-checkout", str(mirror), str(root))
    git("-C", str(root), "checkout", "--quiet", "--detach", commit)
    with (root / ".git/info/exclude").open("a") as exclude:
        exclude.write("\n".join([*CACHES, ""]))  # as links they are not the folders that .gitignore names
    for name, target in zip(CACHES, (base / "kept", place / "resume"), strict=True):
        target.mkdir(exist_ok=True)
        (root / name[1:]).symlink_to(target)
    return root


def git(*arguments: str, keep: int | None = None) -> str:
    """What git says; raises Passing when it fails, as when the repository cannot be reached.

    `keep`: the file descriptor of a lock that it holds, too, in case this process is killed meanwhile.
    """
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}  # nobody is there to type a password
    kept = [keep] if keep is not None else []
    settings = [word for key, value in UNATTENDED.items() for word in ("-c", f"{key}={value}")]
    command = ["git", *PATIENT, *settings, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, pass_fds=kept)
    if done.returncode:
        raise Passing(f"error: git failed on {os.uname().nodename}: {done.stderr.strip()}")
    return done.stdout


def has(mirror: Path, commit: str) -> bool:
    """Whether a commit is there."""
    return not subprocess.run(["git", "-C", str(mirror), "cat-file", "-e", commit], capture_output=True).returncode


def process(job: dict[str, Any], root: Path, path: Path, lock: int, environment: dict[str, str]) -> tuple[int, str]:
    """Run the cell's process, which ends when this one does: the code, and the end of the log.

    A shell lies between them: Ray kills the children of a task that it ends, and of a cell that is killed itself the
    children would live on. So the shell is killed, and the cell sees that its pipe is closed.
    """
    with path.open("wb") as log:
        running = subprocess.Popen(
            ["sh", "-c", '"$0" -m stages.study.cell; exit $?', sys.executable],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            start_new_session=True,
            pass_fds=[lock],
        )
    tell(running, job)
    try:
        code = running.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    return code, path.read_bytes()[-LOG_END:].decode("utf-8", "replace")


def tell(cell: subprocess.Popen, job: dict[str, Any]) -> None:
    """Tell a cell's process its job: not by its command line, which all users of the machine can read.

    The pipe stays open: when it is closed, however this process ends, the cell ends (cell.end_with_the_study).
    """
    assert cell.stdin, "it was given a pipe"
    with suppress(BrokenPipeError):  # it could not even start; its log says why
        cell.stdin.write(json.dumps(job).encode() + b"\n")
        cell.stdin.flush()


def about(origin: str, packages: list[str], server: str, trial: str) -> dict[str, Any]:
    """What a node has: Python, the versions of packages (None: not there), and what it cannot reach, and why.

    `server`: of MLflow; `trial`: a file on DVC's remote if that is a folder, else nothing.
    """
    unreachable = {"origin": cannot_push(origin), "the MLflow server": cannot_ask(server)}
    if trial and not os.path.exists(trial):
        unreachable["DVC's remote"] = f"it is a folder, and there is no {trial}"
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "packages": {name: version(name) for name in packages},
        "unreachable": {name: why for name, why in unreachable.items() if why},
    }


def cannot_push(origin: str) -> str:
    """Why git cannot write to `origin`, or nothing; nothing is written."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            git("init", "--quiet", folder)
            author = ["-c", "user.name=study", "-c", "user.email=study@localhost"]
            git("-C", folder, *author, "commit", "--quiet", "--allow-empty", "-m", "trial")
            git("-C", folder, "push", "--quiet", "--dry-run", origin, f"HEAD:refs/exps/{os.urandom(8).hex()}")
        except OSError as error:
            return str(error)
    return ""


def cannot_ask(server: str) -> str:
    """Why a server of MLflow does not answer, or not to this name of it, or nothing."""
    try:
        urllib.request.urlopen(f"{server.rstrip('/')}{QUESTION}", timeout=10).close()
    except (OSError, ValueError) as error:  # ValueError: no address at all
        if getattr(error, "code", None) != 401:  # it wants a password, which the cells have
            return str(error)
    return ""


def version(name: str) -> str | None:
    """Of an installed package."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
