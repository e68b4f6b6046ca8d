"""The checkout that a stage works for, and git in it."""

import os
import subprocess
from pathlib import Path

from stages.common.cli import UserError


def main_checkout() -> Path:
    """The main checkout, also from the copy in which DVC runs a queued experiment: what outlasts it lies there."""
    return Path(os.environ.get("DVC_ROOT") or ".")


def git(root: Path, *arguments: str) -> str:
    """The output of a git command; raises UserError with what git said."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"git {arguments[0]} failed in {root}: {done.stderr.strip()}")
    return done.stdout
