"""What git knows: the present code, and the experiments that were run (DVC keeps each as a commit in refs/exps/)."""

import os
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from stages.common.checkout import git
from stages.common.cli import UserError

EXPERIMENTS = "refs/exps"
ORIGIN_ANSWERS = 60.0  # seconds
AT_ONCE = 500  # refs in one command line


def code(root: Path, paths: Sequence[str]) -> str:
    """The present commit; raises UserError when something at the paths, or dvc.yaml, is not committed.

    Experiments start from a commit: what is not in it would be missing from every cell.
    """
    status = git(root, "status", "--porcelain", "--untracked-files=all", "--", *paths, "dvc.yaml")
    changed = [line[3:] for line in status.splitlines()]
    if changed:
        shown = ", ".join(changed[:5]) + (", ..." if len(changed) > 5 else "")
        raise UserError(
            f"the study runs what is committed, but this is not: {shown}. "
            "Commit it or take it back (params.yaml alone may differ)"
        )
    return git(root, "rev-parse", "HEAD").strip()


def tree(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """git's hash of each file at or below the paths in the present commit, by the file's path."""
    entries = git(root, "ls-tree", "-r", "-z", "HEAD", "--", *paths).split("\0")
    return {path: about.split()[2] for about, path in (entry.split("\t", 1) for entry in entries if entry)}


def blobs(root: Path, hashes: Sequence[str]) -> list[bytes]:
    """The contents of files by git's hashes, in their order; one process of git for all."""
    command = ["git", "-C", str(root), "cat-file", "--batch"]
    rest = subprocess.run(command, input="\n".join(hashes).encode(), capture_output=True, check=True).stdout
    found = []
    for _ in hashes:
        head, _, rest = rest.partition(b"\n")  # hash, kind, bytes
        size = int(head.split()[2])
        found.append(rest[:size])
        rest = rest[size + 1 :]
    return found


def experiments(root: Path) -> dict[str, str]:
    """The commit of each experiment by its name, on whatever commit it is based; of equal names the newest."""
    form = "--format=%(objectname) %(refname)"
    lines = git(root, "for-each-ref", "--sort=committerdate", form, EXPERIMENTS).splitlines()
    return {reference.rpartition("/")[2]: commit for commit, reference in (line.split() for line in lines)}


def ask_origin(root: Path, *arguments: str) -> str:
    """The output of a git command that talks to `origin`; raises UserError with what git said, or when it is late."""
    command, environment = ["git", "-C", str(root), *arguments], os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=ORIGIN_ANSWERS)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"`origin` did not answer in {ORIGIN_ANSWERS:.0f} s") from error
    if done.returncode:
        raise UserError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def published(root: Path, names: Collection[str]) -> dict[str, str]:
    """Of these experiments those that `origin` has: the ref of each by its name."""
    lines = ask_origin(root, "ls-remote", "--quiet", "origin", f"{EXPERIMENTS}/*").splitlines() if names else []
    refs = [line.split("\t")[1] for line in lines]
    return {name: ref for ref in refs if (name := ref.rpartition("/")[2]) in names}


def fetch(root: Path, refs: Sequence[str]) -> None:
    """Bring experiments here from `origin`, by their refs."""
    for number in range(0, len(refs), AT_ONCE):
        some = [f"+{ref}:{ref}" for ref in refs[number : number + AT_ONCE]]
        ask_origin(root, "fetch", "--quiet", "--no-tags", "origin", *some)


def unlock(root: Path) -> None:
    """Remove the locks that cells left which were killed while git wrote their refs.

    For who holds the study's lock: nobody else writes those refs then.
    """
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
