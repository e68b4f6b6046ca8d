"""The results that git and DVC's cache hold, each laid out as the stage found it: what a deleted store is rebuilt from."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dvc.api import DVCFileSystem
from dvc_data.index import DataIndexError

from stages.common.cli import UserError

RECEIPT = "data/track.json"  # what the stage writes: in the cache it tells that this result was logged once
LOST = (OSError, DataIndexError)  # what DVC raises for a file or a folder that neither cache nor remote has


@dataclass(frozen=True)
class Revision:
    """A commit that may hold results; `experiment` is the name that DVC gave it, `base` the commit that it started from."""

    commit: str
    base: str
    experiment: str | None = None

    def __str__(self) -> str:
        return self.experiment or self.commit[:7]


def revisions() -> list[Revision]:
    """The commits that changed dvc.lock, then DVC's experiments, both oldest first."""
    commits = _git("log", "--reverse", "--format=%H", "--branches", "--tags", "HEAD", "--", "dvc.lock")
    refs = _git(
        "for-each-ref", "--sort=creatordate", "--format=%(objectname) %(refname)", "refs/exps/??/*/*"
    )  # refs/exps/<2>/<38>/<name>
    experiments = [(commit, ref.split("/")) for commit, ref in map(str.split, refs)]
    return [Revision(commit, commit) for commit in commits] + [
        Revision(commit, parts[2] + parts[3], parts[4]) for commit, parts in experiments
    ]


def lay_out(revision: Revision, paths: Iterable[str], folder: Path) -> bool:
    """Write those of the paths that the revision has into an empty folder; returns whether it is one that was logged.

    Git gives params and metrics, DVC's cache (or a remote) the rest. Raises UserError when the cache has lost a part.
    """
    files = DVCFileSystem(rev=revision.commit)
    try:
        files.read_bytes(RECEIPT)
    except LOST:
        return False
    for path in paths:
        try:
            if files.exists(path):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                files.get(path, str(folder / path), recursive=files.isdir(path))
        except LOST as error:
            raise UserError(
                f"its {path} is not in DVC's cache any more: run `dvc fetch`, or the experiment again"
            ) from error
    return True


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"git cannot say which results there are ({done.stderr.strip()}): run this in the repository's root"
        )
    return done.stdout.splitlines()
