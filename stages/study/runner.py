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
from dataclasses import replace
from pathlib import Path

from stages.common.cli import UserError
from stages.study.cell import Job

PATIENCE = 10.0  # seconds in which the cells of a killed study end


@contextmanager
def alone(path: Path) -> Iterator[int]:
    """Hold the lock `path`, which the cells inherit: nobody starts while a study, or a cell that it left, still runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise UserError("another study runs in this checkout: wait for its end, or interrupt it") from error
                time.sleep(0.1)
        yield file.fileno()


def run(jobs: Iterable[Job], at_once: int, lock: int, folder: Path, report: Callable[[Job, str | None], None]) -> None:
    """Run all jobs; `report(job, None)` after one that went well, `report(job, reason)` after one that failed.

    The clones are made in folder/clones, the logs in folder/logs. However this ends, no process of a cell is left.
    """
    clones = folder / "clones"
    shutil.rmtree(clones, ignore_errors=True)  # a killed study's
    for part in (clones, folder / "logs"):
        part.mkdir(parents=True, exist_ok=True)
    waiting, running = list(jobs)[::-1], {}
    try:
        while waiting or running:
            for slot in range(at_once):
                if waiting and slot not in running:
                    job = waiting.pop()
                    running[slot] = (
                        job,
                        start(replace(job, folder=str(clones / str(slot))), lock, log(folder, job.name)),
                    )
            time.sleep(0.1)
            for slot, (job, process) in list(running.items()):
                if process.poll() is not None:
                    del running[slot]
                    end(process)
                    report(job, reason(log(folder, job.name)) if process.returncode else None)
    finally:
        for _, process in running.values():
            end(process)
        shutil.rmtree(clones, ignore_errors=True)


def log(folder: Path, name: str) -> Path:
    """Where a cell says what it does."""
    return folder / "logs" / f"{name}.log"


def start(job: Job, lock: int, path: Path) -> subprocess.Popen:
    """The process of a cell, leader of its own group; it writes to a log, and its input is the pipe that tells it of the study's end."""
    with path.open("wb") as file:
        command = [sys.executable, "-m", "stages.study.cell", job.json()]
        return subprocess.Popen(
            command,
            cwd=job.root,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock],
        )


def end(process: subprocess.Popen) -> None:
    """End what is left of a cell's processes. SIGKILL: whatever a stage keeps, it keeps in one step."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()


def reason(path: Path) -> str:
    """Why a cell failed: of its log the stage's own message, else an exception's, else DVC's, else the last line."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    for pattern in (r"error: ", r"[\w.]+(Error|Exception)\b", r"ERROR: "):
        if found := [line for line in lines if re.match(pattern, line)]:
            return found[-1]
    return lines[-1] if lines else "its process was ended"
