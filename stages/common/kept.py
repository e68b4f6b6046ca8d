"""Entries of .cache/ and .resume/: bytes behind a line with their sha256; a damaged or foreign one counts as absent.

What a disk, a power cut or a hand has changed would otherwise become a number or a picture that nobody doubts. The
checksum also covers the entry's name, so that an entry under another one's name is foreign.
"""

import hashlib
from pathlib import Path

from stages.common.files import write_bytes

DIGITS = 64  # of a sha256


def write(path: Path, data: bytes) -> None:
    """Keep data, whole or not at all; raises UserError as `write_bytes` does."""
    write_bytes(path, sealed(path.name, data))


def read(path: Path) -> bytes | None:
    """What `write` kept there, or None where there is nothing, or not what was written."""
    try:
        return opened(path.name, path.read_bytes())
    except OSError:
        return None


def sealed(name: str, data: bytes) -> bytes:
    """The bytes of an entry."""
    return _digest(name, data) + b"\n" + data


def opened(name: str, entry: bytes) -> bytes | None:
    """The data of an entry, or None where the checksum is another one."""
    data = entry[DIGITS + 1 :]
    return data if entry[: DIGITS + 1] == _digest(name, data) + b"\n" else None


def _digest(name: str, data: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\n")
    digest.update(data)
    return digest.hexdigest().encode()
