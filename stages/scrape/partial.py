"""A body that is arriving: what is there of it, kept as it comes, and how the next request goes on from there (RFC 9110, 14).

On disk it is a line of JSON that says which version of the body this is, and then the pieces as they came, each with its length, the
time that the body has taken so far, and the sha256 of all that is in the file before its own bytes end. What a kill, a power cut or a
second scrape at the same time has spoilt does not match its hash: the pieces before it count, and the rest is asked for again.
"""

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self

HEAD = struct.Struct("<Id")  # of a piece: its length in bytes, the seconds until its end
CHECK = hashlib.sha256().digest_size
STRONG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')  # RFC 9110, 8.8.3: an entity tag that is not marked as weak
SETTLED = timedelta(seconds=60)  # see _is_settled


@dataclass(frozen=True)
class Version:
    """Which body the pieces belong to, and its whole `length` in bytes."""

    address: str
    length: int
    etag: str
    modified: str

    @classmethod
    def of(cls, address: str, headers: Mapping[str, str]) -> Self | None:
        """The version that an answer with status 200 announces; None where a later request could not name it, or not its bytes.

        RFC 9110, 13.1.5: If-Range takes a strong entity tag, or without any entity tag a date that is as good as one.
        """
        etag, modified, length = (headers.get(name, "") for name in ("ETag", "Last-Modified", "Content-Length"))
        strong = STRONG.fullmatch(etag) if etag else _is_settled(modified, headers.get("Date", ""))
        if not strong or not length.isdecimal() or _is_coded(headers) or "Transfer-Encoding" in headers:
            return None
        return cls(address, int(length[:20]), etag, modified)

    def headers(self) -> dict[str, str]:
        """What the first answer said of this version; a 206 need not repeat it."""
        told = {"ETag": self.etag, "Last-Modified": self.modified}
        return {name: value for name, value in told.items() if value}

    def is_confirmed(self, headers: Mapping[str, str]) -> bool:
        """Whether a 206 is of this version: the tag must be there again (RFC 9110, 15.3.7), the date need not."""
        return headers.get("ETag", "") == self.etag and headers.get("Last-Modified", self.modified) == self.modified


class Partial:
    """The pieces of a body that have arrived: in memory, and in the file `path` where there is one and the body can be gone on with."""

    def __init__(self, path: Path | None = None):
        self.path = path
        self._empty()
        self._load()

    def conditions(self, address: str, most_bytes: int) -> dict[str, str]:
        """The request headers that ask an address for the rest of what is there; none where there is nothing to go on from."""
        version = self.version
        if not version or not self.size or version.address != address or version.length > most_bytes:
            return {}
        return {
            "Range": f"bytes={self.size}-",
            "If-Range": version.etag or version.modified,
            "Accept-Encoding": "identity",
        }

    def begin(self, version: Version | None) -> None:
        """Start anew; without a version nothing is kept beyond this answer."""
        self.forget()
        self.version = version

    def add(self, piece: bytes, seconds: float) -> None:
        """The next bytes, and the time that the body has taken so far.

        The piece that completes the body is not written: the whole goes to the store next.
        """
        self.pieces.append(piece)
        self.size += len(piece)
        self.seconds = seconds
        if self.path and self.version and self.size < self.version.length:
            with suppress(OSError):  # a disk that takes no more shows itself when the whole is stored
                self._write(self.path, self.version, piece)

    def body(self) -> bytes:
        """All that is there."""
        return b"".join(self.pieces)

    def is_continued(self, headers: Mapping[str, str]) -> bool:
        """Whether a 206 announces exactly the missing bytes, uncoded and of the same version (RFC 9110, 14.4 and 15.3.7.3)."""
        length = self.version.length
        rest = str(length - self.size)
        said = (headers.get("Content-Range", "").lower(), headers.get("Content-Length", rest))
        return (
            said == (f"bytes {self.size}-{length - 1}/{length}", rest)
            and not _is_coded(headers)
            and self.version.is_confirmed(headers)
        )

    def forget(self) -> None:
        """Remove what is there."""
        self._empty()
        if self.path:
            self.path.unlink(missing_ok=True)

    def _empty(self) -> None:
        self.version: Version | None = None
        self.pieces: list[bytes] = []
        self.size, self.seconds = 0, 0.0
        self.end = 0  # of the sound pieces in the file
        self.check = hashlib.sha256()

    def _write(self, path: Path, version: Version, piece: bytes) -> None:
        """Append a piece behind the sound ones, in one write."""
        first = len(self.pieces) == 1
        line = json.dumps(asdict(version)).encode() + b"\n" if first else b""
        head = HEAD.pack(len(piece), self.seconds)
        for part in (line, head, piece):
            self.check.update(part)
        if first:
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if first else "r+b", buffering=0) as file:
            file.seek(self.end)
            file.truncate()
            self.end += file.write(line + head + self.check.digest() + piece)

    def _load(self) -> None:
        """Read the file as far as it is sound."""
        try:
            data = self.path.read_bytes() if self.path else b""
            line, _, _ = data.partition(b"\n")
            version = Version(**json.loads(line))
        except (OSError, ValueError, TypeError):
            return
        self.end = len(line) + 1
        self.check.update(data[: self.end])
        while piece := self._sound(data, self.end):
            self.pieces.append(piece)
            self.size += len(piece)
            self.end += HEAD.size + CHECK + len(piece)
        self.version = version if self.pieces else None

    def _sound(self, data: bytes, at: int) -> bytes:
        """The piece there if it is whole and as it was written, else nothing."""
        middle, start = at + HEAD.size, at + HEAD.size + CHECK
        if len(data) <= start:
            return b""
        head, check = data[at:middle], data[middle:start]
        length, seconds = HEAD.unpack(head)
        piece = data[start : start + length]
        tried = self.check.copy()
        tried.update(head + piece)
        if tried.digest() != check:
            return b""
        self.check, self.seconds = tried, seconds
        return piece


def _is_coded(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Encoding", "identity").lower() != "identity"


def _is_settled(modified: str, date: str) -> bool:
    """Whether a Last-Modified is a strong validator (RFC 9110, 8.8.2.2): so long before the answer that a second change would show in it.

    A second is enough between two times of one clock; the minute is for clocks that differ.
    """
    try:
        return parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= SETTLED
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two has no time zone
        return False
