"""A fingerprint of a file or folder that lies outside of git and DVC."""

import hashlib
from pathlib import Path
from typing import TypedDict


class Fingerprint(TypedDict):
    """How many files there are, and the sha256 of their names and bytes ("" of none)."""

    files: int
    sha256: str


def of(path: Path | None) -> Fingerprint:
    """Of a file, or of all files of a folder but the hidden ones; of nothing where there is none."""
    if path is None or not path.exists():
        return {"files": 0, "sha256": ""}
    found = sorted(_visible(path)) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in found:
        name = file.relative_to(path).as_posix().encode("utf-8", "surrogateescape")
        digest.update(name + b"\0" + _content(file) + b"\n")
    return {"files": len(found), "sha256": digest.hexdigest()}


def _visible(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _content(path: Path) -> bytes:
    """The sha256 of a file's bytes; what cannot be read is said by the stage that needs it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b"cannot be read"
