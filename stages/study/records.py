"""What git and DVC know: the present code, and the experiments that were run (DVC keeps each as a commit under refs/exps/)."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from stages.common.checkout import git
from stages.common.cli import UserError

EXPERIMENTS = "refs/exps"


def code(root: Path, paths: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The present commit, and git's hash of each file and folder in it; raises UserError when something there is not committed.

    Experiments start from a commit: what is not in it would be missing from every cell.
    """
    paths = list(paths)
    changed = [
        line[3:]
        for line in git(root, "status", "--porcelain", "--untracked-files=all", "--", *paths, "dvc.yaml").splitlines()
    ]
    if changed:
        shown = ", ".join(changed[:5]) + (", ..." if len(changed) > 5 else "")
        raise UserError(
            f"the study runs what is committed, but this is not: {shown}. Commit it or take it back (params.yaml alone may differ)"
        )
    lines = git(root, "ls-tree", "HEAD", "--", *paths).splitlines()
    hashes = {path: about.split()[2] for about, path in (line.split("\t") for line in lines)}
    return git(root, "rev-parse", "HEAD").strip(), hashes


def experiments(root: Path) -> dict[str, str]:
    """The commit of each experiment by its name, on whatever commit it is based; of equal names the newest."""
    lines = git(
        root, "for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname)", EXPERIMENTS
    ).splitlines()
    return {reference.rpartition("/")[2]: commit for commit, reference in (line.split() for line in lines)}


def unlock(root: Path) -> None:
    """Remove the locks that cells left which were killed while git wrote their refs; for who holds the study's lock: nobody else writes those."""
    folder = root / git(root, "rev-parse", "--git-common-dir").strip() / EXPERIMENTS
    for lock in folder.rglob("study-*.lock"):
        lock.unlink()


def content(root: Path, commit: str, path: str) -> str | None:
    """A file of a commit, or None where it has none."""
    done = subprocess.run(["git", "-C", str(root), "show", f"{commit}:{path}"], capture_output=True, text=True)
    return None if done.returncode else done.stdout


def message(root: Path, commit: str) -> str:
    """A commit's message."""
    return git(root, "log", "-1", "--format=%B", commit).strip()
