"""A program that a test starts: how it is started, waited for, found among all processes, ended with its children."""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

MARK = "TEST_SERVICE"  # in the environment of a program, and so of its children
PATIENCE = 120.0  # seconds to start in, on a machine with much else to do


class Service(ABC):
    """What starts in a `with` and leaves no process after it; `missing` says what this machine lacks for it."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    @classmethod
    def missing(cls) -> str:
        """Why it cannot be had on this machine, for a skip; nothing when it can."""
        return ""

    def start(self) -> Self:
        """Start, and wait until it answers; raises AssertionError with its log when it does not within PATIENCE."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    @abstractmethod
    def _start(self) -> None:
        """Start, and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End every process; may be called twice."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()


class Program:
    """A started program, in a session of its own; what it says is in the file `log`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str],
        cwd: Path,
        user: Mapping[str, Any] | None = None,
    ):
        """user: arguments `user`, `group`, `extra_groups` of Popen, to run as somebody else."""
        self.log, self.mark = log, f"{os.getpid()}-{time.monotonic_ns()}"
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=dict(environment) | {MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                **(user or {}),
            )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for it to be ready; raises AssertionError with its log when it ends, or is not within PATIENCE."""
        until = time.monotonic() + PATIENCE
        while not ready():
            assert self.process.poll() is None and time.monotonic() < until, self.said()
            time.sleep(0.05)

    def stop(self, politely: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
        """Ask it to end, then end what is left of it and of its children."""
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            self.process.send_signal(politely)
            self.process.wait(seconds)
        kill_all(lambda: marked(MARK, [self.mark]))
        self.process.wait()


def marked(key: str, values: Container[str], folders: Sequence[Path] = ()) -> list[psutil.Process]:
    """The processes that inherited key=one of values, or work in a folder, and all their children; no zombies."""
    found: dict[int, psutil.Process] = {}
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it may end while it is looked at
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            children.setdefault(process.ppid(), []).append(process)
            if process.environ().get(key, "") in values or _works_in(process, folders):
                found[process.pid] = process
    waiting = list(found)
    while waiting:  # whoever sets a title of its own overwrites what is shown of its environment
        for child in children.get(waiting.pop(), []):
            if child.pid not in found:
                found[child.pid] = child
                waiting.append(child.pid)
    return list(found.values())


def _works_in(process: psutil.Process, folders: Sequence[Path]) -> bool:
    return bool(folders) and any(Path(process.cwd()).is_relative_to(folder) for folder in folders)


def kill_all(find: Callable[[], list[psutil.Process]], seconds: float = 20) -> None:
    """SIGKILL to what `find` finds, until it finds nothing: whoever was starting a child has another round."""
    until = time.monotonic() + seconds
    while left := find():
        assert time.monotonic() < until, [process.cmdline() for process in left]
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=1)


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether anybody listens there."""
    with socket.socket() as one:
        return one.connect_ex((host, port)) == 0


def free_port() -> int:
    """A port of loopback that nobody listened on a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
