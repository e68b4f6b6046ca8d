"""Run the cells, several at a time, each in a process group of its own that ends when the study ends."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from stages.common.cli import UserError
from stages.study.cell import Job
from stages.study.node import tell

PATIENCE = 10.0  # seconds in which the cells of a killed study end


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold the lock `path`, which the cells inherit: nobody starts while a study, or a cell that it left, still runs.

    Gives the lock's file descriptor; raises UserError when another study does not end within PATIENCE.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        until = time.monotonic() + PATIENCE
        while not _locked(file):
            if time.monotonic() > until:
                raise UserError("another study runs in this checkout: wait for its end, or interrupt it")
            time.sleep(0.1)
        yield file.fileno()


def _locked(file: TextIO) -> bool:
    """Lock a file if nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def run(
    jobs: Iterable[Job], at_once: int, lock: int, folder: Path, on_end: Callable[[str, str | None], None]
) -> dict[str, str]:
    """Run all jobs; `on_end(name, None)` after one that went well, `on_end(name, reason)` after one that failed.

    The clones are made in folder/clones, the logs in folder/logs. However this ends, no process of a cell is left.
    Returns the reasons of those that failed, by name.
    """
    clones = folder / "clones"
    shutil.rmtree(clones, ignore_errors=True)  # a killed study's
    for needed in (clones, folder / "logs"):
        needed.mkdir(parents=True, exist_ok=True)
    waiting = list(jobs)[::-1]
    running: dict[int, tuple[Job, subprocess.Popen]] = {}
    failed: dict[str, str] = {}
    try:
        while waiting or running:
            for slot in range(at_once):
                if waiting and slot not in running:
                    job = replace(waiting.pop(), folder=str(clones / str(slot)))
                    running[slot] = (job, start(job, lock, log(folder, job.name)))
            time.sleep(0.1)
            for slot, (job, process) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[slot]
                end(process)
                if process.returncode:
                    failed[job.name] = reason(log(folder, job.name))
                on_end(job.name, failed.get(job.name))
    finally:
        for _, process in running.values():
            end(process)
        shutil.rmtree(clones, ignore_errors=True)
    return failed


def log(folder: Path, name: str) -> Path:
    """Where a cell says what it does."""
    return folder / "logs" / f"{name}.log"


def start(job: Job, lock: int, path: Path) -> subprocess.Popen:
    """The process of a cell, leader of its own group; it writes to a log.

    Its input is the pipe that tells it of the study's end.
    """
    with path.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "stages.study.cell"],
            cwd=job.root,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock],
        )
    tell(process, asdict(job))
    return process


def end(process: subprocess.Popen) -> None:
    """End what is left of a cell's processes. SIGKILL: whatever a stage keeps, it keeps in one step."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin, "start() gave it a pipe"
    process.stdin.close()


def reason(path: Path) -> str:
    """Why a cell failed: of its log the stage's own message, else an exception's, else DVC's, else the last line."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    for pattern in (r"error: ", r"[\w.]+(Error|Exception)\b", r"ERROR: "):
        if found := [number for number, line in enumerate(lines) if re.match(pattern, line)]:
            last = found[-1]
            return " ".join(lines[last : last + (2 if lines[last].endswith(":") else 1)])  # what a list begins with
    return lines[-1] if lines else "its process was ended"
