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
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-c", driver, json.dumps(order)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
