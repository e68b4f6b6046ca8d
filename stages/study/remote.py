"""What the study itself keeps on DVC's remote: a trial file before the first cell, and trainings that are not finished.

DVC opens the remote with its own settings and credentials, whatever kind it is (S3, ssh, a folder, ...).
"""

import io
import re
import tarfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.common.checkout import git
from stages.common.cli import UserError

FOLDER = "study"  # on the remote
POLL = 5.0  # seconds between two looks at a training's saved states


class Remote:
    """DVC's default remote of a checkout; raises UserError, with DVC's words, when there is none."""

    def __init__(self, checkout: Path):
        from dvc.exceptions import DvcException  # takes a second, which only the cells of a cluster need
        from dvc.repo import Repo

        try:
            with Repo(str(checkout)) as repo:
                opened = repo.cloud.get_remote()
        except DvcException as error:
            raise UserError(
                f"the nodes of a cluster share data by a DVC remote, but: {error}. "
                "`dvc remote add --default store s3://...` makes one; commit .dvc/config"
            ) from error
        self.name, self.fs, self.path = opened.name, opened.fs, opened.path

    def place(self, name: str) -> str:
        """The path of a file of the study."""
        return self.fs.join(self.path, FOLDER, name)

    def write(self, name: str, data: bytes) -> None:
        """Write a file: whole or not at all."""
        path, fresh = self.place(name), self.place(f"{name}.{uuid.uuid4().hex}")
        self.fs.makedirs(self.fs.parent(path), exist_ok=True)
        self.fs.pipe_file(fresh, data)
        self.fs.mv(fresh, path)

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        try:
            return self.fs.cat_file(self.place(name))
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self.fs.exists(self.place(name)):
            self.fs.rm_file(self.place(name))


def check(checkout: Path, commit: str) -> None:
    """Write a file to the remote, read and remove it; raises UserError when that fails, or the nodes have another."""
    remote, name = Remote(checkout), f"trial-{uuid.uuid4().hex}"
    committed = git(checkout, "show", f"{commit}:.dvc/config")
    if f'remote "{remote.name}"' not in committed or not re.search(
        rf"remote\s*=\s*{re.escape(remote.name)}\s", committed
    ):
        raise UserError(
            f"DVC's default remote is {remote.name!r} here, but not in the committed .dvc/config, which is what the "
            "nodes of a cluster have: `dvc remote add --default ...` without --local or --global; commit .dvc/config"
        )
    try:
        remote.write(name, name.encode())
        found = remote.read(name)
        remote.remove(name)
    except Exception as error:  # whatever the file system's own library raises
        raise UserError(
            f"DVC's remote {remote.name!r} cannot be written ({type(error).__name__}: {error}). Put its address or its "
            "credentials right (`dvc push` must work here and on every node)"
        ) from error
    if found != name.encode():
        raise UserError(f"DVC's remote {remote.name!r} gave back other bytes than were written: use another one")


def push_uncached(checkout: Path) -> None:
    """Push the outputs with `cache: false`, such as metrics, which `dvc push --run-cache` leaves out (DVC 3.67).

    Without them a stage that has any would run again on the next node, though the run cache knows it.
    """
    from dvc.repo import Repo

    with Repo(str(checkout)) as repo:
        outs = [out for stage in repo.index.stages for out in stage.outs if not out.use_cache]
        failed = repo.cloud.push({out.hash_info for out in outs if out.hash_info}).failed
    if failed:
        raise UserError(f"DVC's remote did not take {len(failed)} of the small outputs")


@contextmanager
def trial(checkout: Path) -> Iterator[str]:
    """The path of a file on a remote that is a folder, for as long as it is asked for; nothing of any other remote."""
    remote, name = Remote(checkout), f"trial-{uuid.uuid4().hex}"
    if remote.fs.protocol != "local":
        yield ""
        return
    remote.write(name, b"seen?")
    try:
        yield remote.place(name)
    finally:
        remote.remove(name)


@contextmanager
def kept_on_the_remote(checkout: Path, states: Path, name: str) -> Iterator[None]:
    """Meanwhile, whatever is saved below the folder `states` goes to the remote, and what was there is fetched first.

    So a cell whose node was lost goes on elsewhere. In the end it is removed there, unless the cell failed. A remote
    that does not answer is told, and harms no training.
    """
    remote, file = Remote(checkout), f"{name}.tar"
    with told("was not fetched from"):
        _unpack(remote.read(file), states)
    ended = threading.Event()
    sender = threading.Thread(target=_send_changes, args=(remote, file, states, ended), daemon=True)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()
    with told("was not removed from"):
        remote.remove(file)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what went wrong with a state, and go on."""
    try:
        yield
    except Exception as error:  # whatever the file system's own library raises
        print(f"warning: the training's state {what} DVC's remote: {error}", flush=True)


def _send_changes(remote: Remote, file: str, states: Path, ended: threading.Event) -> None:
    """Send the saved states each time they have changed; what cannot be sent is told, and tried again."""
    sent: list[tuple[str, int, int]] = []
    while not ended.wait(POLL):
        marks = _marks(states)
        if marks and marks != sent:
            with told("was not sent to"):
                remote.write(file, _packed(states))
                sent = marks


def _marks(states: Path) -> list[tuple[str, int, int]]:
    """What tells whether files have changed."""
    found = []
    for path in sorted(states.rglob("*")):
        try:
            about = path.stat()
        except FileNotFoundError:
            continue  # a stage has just put a newer one in its place
        if path.is_file():
            found.append((str(path), about.st_mtime_ns, about.st_size))
    return found


def _packed(states: Path) -> bytes:
    """The files of a folder. Each has a checksum of its own: one that was caught in the middle counts as absent."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for path in sorted(states.rglob("*")):
            try:
                if path.is_file():
                    archive.add(path, path.relative_to(states).as_posix())
            except FileNotFoundError:
                continue
    return data.getvalue()


def _unpack(data: bytes | None, states: Path) -> None:
    """Put files where there are none of these names; a damaged archive counts as none."""
    if data is None or any(states.rglob("*.pt")):
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(states, filter="data")
    except tarfile.TarError as error:
        print(f"warning: the state on DVC's remote is damaged ({error}): the training starts anew", flush=True)
