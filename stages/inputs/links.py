"""A link to a file or folder outside of git and DVC, on which a stage depends: DVC hashes what it leads to."""

import os
from pathlib import Path

from stages.common import files
from stages.inputs import fingerprints


def make(place: Path, target: Path | None) -> Path | None:
    """Let `place` lead to a file or a folder; where there is none, a file there says so.

    A folder with something that is no readable file gets a file with its fingerprint instead, since DVC fails at such
    things; then returns the first of them.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        place.unlink()
    if target is None or not (target.is_file() or target.is_dir()):
        files.write_json(place, fingerprints.of(None))
        return None
    unreadable = next(filter(_is_unreadable, _paths(target)), None)
    if unreadable:
        files.write_json(place, fingerprints.of(target))
        return unreadable
    place.unlink(missing_ok=True)
    place.symlink_to(target.resolve())
    return None


def _paths(target: Path) -> list[Path]:
    """All files of a folder, of linked folders only their link; or the file itself."""
    if target.is_file():
        return [target]
    return [Path(folder) / name for folder, _, names in os.walk(target) for name in sorted(names)]


def _is_unreadable(path: Path) -> bool:
    return not (path.is_file() and os.access(path, os.R_OK))
