"""The results that git and DVC's cache hold, each laid out as the stage found it: they rebuild a store."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc_data.index import DataIndexError

from stages.common.checkout import git
from stages.common.cli import UserError

RECEIPT = "data/track.json"  # what the stage writes: in the cache it tells that this result was logged once
# DVC raises these for a file or a folder that neither cache nor remote has.
LOST = (OSError, DataIndexError)


@dataclass(frozen=True)
class Revision:
    """A commit that may hold results; `experiment` is the name that DVC gave it, `base` the commit it started from."""

    commit: str
    base: str
    experiment: str | None = None

    def __str__(self) -> str:
        return self.experiment or self.commit[:7]


@dataclass
class Tally:
    """How many results were found, how many runs that added, and which could not be logged, with the reasons."""

    found: int = 0
    added: int = 0
    broken: list[str] = field(default_factory=list)

    def tell(self) -> None:
        """Say it; raises UserError for what could not be logged."""
        print(f"track: {self.found} results in commits and experiments, {self.added} of them were new to MLflow")
        if self.broken:
            raise UserError("\n  ".join(["these could not be logged, the others are:", *self.broken]))


def log_each(
    revisions: Iterable[Revision],
    paths: Sequence[str],
    log: Callable[[Path, str | None, str], tuple[bool, object]],
) -> Tally:
    """Lay out the paths of each revision that has results, and log them.

    `log` takes the folder, the experiment and the commit, and returns whether it added a run, and which it is.
    """
    tally = Tally()
    for revision in revisions:
        with tempfile.TemporaryDirectory() as folder:
            try:
                if lay_out(revision, paths, Path(folder)):
                    added, _ = log(Path(folder), revision.experiment, revision.base)
                    tally.found += 1
                    tally.added += added
            except (UserError, OSError) as error:
                tally.broken.append(f"{revision}: {error}")
            except KeyError as error:
                tally.broken.append(
                    f"{revision}: another version of this project wrote it, its metrics have no {error}; "
                    "run the experiment again"
                )
    return tally


def revisions() -> list[Revision]:
    """The commits that changed dvc.lock, then DVC's experiments, both oldest first."""
    commits = _git("log", "--reverse", "--format=%H", "--branches", "--tags", "HEAD", "--", "dvc.lock")
    pattern = "refs/exps/??/*/*"  # two digits of the base commit / its other 38 / the experiment's name
    refs = _git("for-each-ref", "--sort=creatordate", "--format=%(objectname) %(refname)", pattern)
    experiments = [(commit, ref.split("/")) for commit, ref in map(str.split, refs)]
    return [Revision(commit, commit) for commit in commits] + [
        Revision(commit, parts[2] + parts[3], parts[4]) for commit, parts in experiments
    ]


def lay_out(revision: Revision, paths: Iterable[str], folder: Path) -> bool:
    """Write those of the paths that the revision has into an empty folder; returns whether it is one that was logged.

    Git gives params and metrics, DVC's cache (or a remote) the rest. Raises UserError when the cache has lost a part,
    or DVC cannot read what the revision says of it.
    """
    files = DVCFileSystem(rev=revision.commit)
    try:
        files.read_bytes(RECEIPT)
    except LOST:
        return False
    except DvcException as error:
        raise UserError(
            f"its dvc.lock or dvc.yaml cannot be read ({str(error).splitlines()[0]}; a conflict of two branches?): "
            "its results are logged only if another commit has them"
        ) from error
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
    """The lines that a git command prints."""
    try:
        return git(Path("."), *arguments).splitlines()
    except UserError as error:
        raise UserError(
            f"git cannot say which results there are ({error}): run this in the repository's root"
        ) from error
