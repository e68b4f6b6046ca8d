"""The store of fetched bytes: bodies by their content, and for each address what it answered.

An entry is written whole or not at all (a temporary name, then a rename), so that a killed scrape leaves nothing half.
Both are checked when they are read, a body against its name, an answer against its checksum: what a power cut, a disk
or a hand has damaged is fetched again, and nothing is written with fsync. Bodies that are still arriving lie apart from
the others (partial.py).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from stages.common import kept
from stages.common.files import write_bytes
from stages.scrape.partial import Partial


@dataclass(frozen=True)
class Entry:
    """What an address answered: a body (by its sha256), or a final failure such as 404."""

    url: str
    sha256: str = ""
    failure: str = ""
    etag: str = ""
    modified: str = ""

    def conditions(self) -> dict[str, str]:
        """The headers that ask the server for the body only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}


class Store:
    """A folder of answers and bodies; several threads and processes may share it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def find(self, url: str) -> Entry | None:
        """What is kept of an address, or None."""
        try:
            return Entry(**json.loads(kept.read(self._answer_path(url)) or b""))
        except (ValueError, TypeError):
            return None

    def body(self, entry: Entry) -> bytes | None:
        """The bytes of an answer, or None when they are missing or damaged."""
        try:
            data = self._body_path(entry.sha256).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == entry.sha256 else None

    def keep(self, url: str, body: bytes, etag: str = "", modified: str = "") -> None:
        """Keep a body; the answer that names it comes second, so that it never names a missing one."""
        digest = hashlib.sha256(body).hexdigest()
        write_bytes(self._body_path(digest), body, durable=False)
        self._write_entry(Entry(url, sha256=digest, etag=etag, modified=modified))

    def keep_failure(self, url: str, reason: str) -> None:
        """Keep the fact that an address has nothing to give."""
        self._write_entry(Entry(url, failure=reason))

    def forget(self, url: str) -> None:
        """Ask again next time."""
        self._answer_path(url).unlink(missing_ok=True)

    def partial(self, url: str) -> Partial:
        """What has arrived of a body that is not kept yet."""
        return Partial(self.folder / "partial" / _key(url))

    def _write_entry(self, entry: Entry) -> None:
        path = self._answer_path(entry.url)
        write_bytes(path, kept.sealed(path.name, json.dumps(asdict(entry)).encode()), durable=False)

    def _answer_path(self, url: str) -> Path:
        key = _key(url)
        return self.folder / "answers" / key[:2] / f"{key[2:]}.json"

    def _body_path(self, digest: str) -> Path:
        return self.folder / "bodies" / digest[:2] / digest[2:]


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
