"""Packages that a benchmark compares with.

They are installed into a throw-away folder, and run in processes of their own, which see it before ours.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def install(folder: Path, packages: Sequence[str]) -> None:
    """The packages alone: what they need is listed too, or is here already (torch)."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(folder), *packages], check=True
    )


def run(folder: Path, driver: str, order: dict[str, Any], threads: int) -> dict[str, Any]:
    """What a driver, the text of a program, prints last, as JSON; it gets the order as its argument.

    Raises SystemExit with its words where it fails.
    """
    done = subprocess.run(
        _command(driver, order), env=_environment(folder, threads), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


class Peer:
    """A driver that stays: it prints a line of JSON when it is ready, and one more for each line that it is given.

    What it says besides goes to `log`. Raises SystemExit with that where it fails.
    """

    def __init__(self, folder: Path, driver: str, order: dict[str, Any], threads: int, log: Path) -> None:
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                _command(driver, order),
                env=_environment(folder, threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.ready = self._told()

    def turn(self) -> Any:
        """What it prints after one more line."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)
        return self._told()

    def close(self) -> None:
        self._process.communicate()

    def _told(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise SystemExit(self._log.read_text())
        return json.loads(line)


def _command(driver: str, order: dict[str, Any]) -> list[str]:
    return [sys.executable, "-c", driver, json.dumps(order)]


def _environment(folder: Path, threads: int) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": str(threads)}
