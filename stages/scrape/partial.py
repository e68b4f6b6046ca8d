"""A partial download: what has arrived of a body, kept as it comes, and how the next request resumes it (RFC 9110, 14).

On disk it is a line of JSON that says which version of the body this is, and then the pieces as they came, each with
its length, the time that the body has taken so far, and the sha256 of all that is in the file before its own bytes end.
What a kill, a power cut or a second scrape at the same time has spoilt does not match its hash: the pieces before it
count, and the rest is asked for again.
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

PIECE_HEADER = struct.Struct("<Id")  # its length in bytes, the seconds until its end
DIGEST_SIZE = hashlib.sha256().digest_size
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')  # RFC 9110, 8.8.3: an entity tag that is not marked as weak
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
        """The version that a response with status 200 announces.

        None where a later request could not name the version, or not its bytes.

        RFC 9110, 13.1.5: If-Range takes a strong entity tag, or without any entity tag a date that is as good as one.
        """
        etag, modified = (headers.get(name, "") for name in ("ETag", "Last-Modified"))
        length = content_length(headers) or ""
        is_strong = STRONG_ETAG.fullmatch(etag) if etag else _is_settled(modified, headers.get("Date", ""))
        has_ranges = length.isdecimal() and not _is_encoded(headers) and "Transfer-Encoding" not in headers
        if not is_strong or not has_ranges:
            return None
        return cls(address, int(length[:20]), etag, modified)

    def headers(self) -> dict[str, str]:
        """What the first response said of this version; a 206 need not repeat it."""
        headers = {"ETag": self.etag, "Last-Modified": self.modified}
        return {name: value for name, value in headers.items() if value}

    def is_confirmed(self, headers: Mapping[str, str]) -> bool:
        """Whether a 206 is of this version: the tag must be there again (RFC 9110, 15.3.7), the date need not."""
        return headers.get("ETag", "") == self.etag and headers.get("Last-Modified", self.modified) == self.modified


class Partial:
    """The pieces of a body that have arrived.

    In memory, and in the file `path` where there is one and the body can be resumed.
    """

    def __init__(self, path: Path | None = None):
        self.path = path
        self._empty()
        self._load()

    def conditions(self, address: str, max_bytes: int) -> dict[str, str]:
        """The request headers that ask an address for the rest; none where there is nothing to resume."""
        version = self.version
        if not version or not self.size or version.address != address or version.length > max_bytes:
            return {}
        return {
            "Range": f"bytes={self.size}-",
            "If-Range": version.etag or version.modified,
            "Accept-Encoding": "identity",
        }

    def begin(self, version: Version | None) -> None:
        """Start anew; without a version nothing is kept beyond this response."""
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

    def is_continued_by(self, headers: Mapping[str, str]) -> bool:
        """Whether a 206 announces exactly the missing bytes (RFC 9110, 14.4 and 15.3.7.3).

        Without a content coding, and of the same version.
        """
        version = self.version
        if version is None or _is_encoded(headers) or not version.is_confirmed(headers):
            return False
        rest = str(version.length - self.size)
        expected = f"bytes {self.size}-{version.length - 1}/{version.length}"
        return headers.get("Content-Range", "").lower() == expected and content_length(headers) in (rest, None)

    def forget(self) -> None:
        """Remove what is there."""
        self._empty()
        if self.path:
            self.path.unlink(missing_ok=True)

    def _empty(self) -> None:
        self.version: Version | None = None
        self.pieces: list[bytes] = []
        self.size, self.seconds = 0, 0.0
        self.end = 0  # of the valid pieces in the file
        self.digest = hashlib.sha256()

    def _write(self, path: Path, version: Version, piece: bytes) -> None:
        """Append a piece behind the valid ones, in one write."""
        first = len(self.pieces) == 1
        line = json.dumps(asdict(version)).encode() + b"\n" if first else b""
        header = PIECE_HEADER.pack(len(piece), self.seconds)
        for data in (line, header, piece):
            self.digest.update(data)
        if first:
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if first else "r+b", buffering=0) as file:
            file.seek(self.end)
            file.truncate()
            self.end += file.write(line + header + self.digest.digest() + piece)

    def _load(self) -> None:
        """Read the file as far as it is valid."""
        try:
            data = self.path.read_bytes() if self.path else b""
            line, _, _ = data.partition(b"\n")
            version = Version(**json.loads(line))
        except (OSError, ValueError, TypeError):
            return
        self.end = len(line) + 1
        self.digest.update(data[: self.end])
        while piece := self._valid_piece(data, self.end):
            self.pieces.append(piece)
            self.size += len(piece)
            self.end += PIECE_HEADER.size + DIGEST_SIZE + len(piece)
        self.version = version if self.pieces else None

    def _valid_piece(self, data: bytes, at: int) -> bytes:
        """The piece there if it is whole and as it was written, else nothing."""
        header_end = at + PIECE_HEADER.size
        start = header_end + DIGEST_SIZE
        if len(data) <= start:
            return b""
        header, expected = data[at:header_end], data[header_end:start]
        length, seconds = PIECE_HEADER.unpack(header)
        piece = data[start : start + length]
        digest = self.digest.copy()
        digest.update(header + piece)
        if digest.digest() != expected:
            return b""
        self.digest, self.seconds = digest, seconds
        return piece


def content_length(headers: Mapping[str, str]) -> str | None:
    """The value of Content-Length, None where there is none; the same one several times counts once (RFC 9110, 8.6)."""
    values = (
        {value.strip() for value in headers["Content-Length"].split(",")} if "Content-Length" in headers else {None}
    )
    return values.pop() if len(values) == 1 else ", ".join(sorted(filter(None, values)))


def _is_encoded(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Encoding", "identity").lower() != "identity"


def _is_settled(modified: str, date: str) -> bool:
    """Whether a Last-Modified is a strong validator (RFC 9110, 8.8.2.2).

    It is when it lies so long before the response that a second change would show in it. A second is enough between
    two times of one clock; the minute is for clocks that differ.
    """
    try:
        return parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= SETTLED
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two has no time zone
        return False
