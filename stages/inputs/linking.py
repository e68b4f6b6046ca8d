"""A link to a file or folder outside of git and DVC, on which a stage depends: DVC hashes what it leads to."""

import os
from collections.abc import Iterator, Mapping
from os.path import expanduser  # leaves an unknown user as it is: the stage that reads there says so
from pathlib import Path
from typing import Any

from stages.common import files
from stages.common.checkout import main_checkout
from stages.common.cli import UserError
from stages.inputs import fingerprints

OUT = Path("data/inputs")
NAMED = {"scrape": "scrape.path", "upscale": "upscale.model"}  # links, and the params that say what they lead to
NOTHING = "nothing.json"  # a fingerprint of no file; it never changes


def targets(chosen: Mapping[str, Any]) -> Iterator[tuple[str, Path | None]]:
    """The links with what the params (`chosen`, by section.key) name."""
    for name, key in NAMED.items():
        yield name, main_checkout() / expanduser(chosen[key]) if chosen[key] else None


def make(place: Path, target: Path | None) -> Path | None:
    """Let `place` lead to a file or a folder; where there is none, to a file beside it that says so.

    It is a link in any case: git, as DVC's experiments use it, cannot put a file in the place of a link to a folder.
    A folder with something that is no readable file, or whose name is no text, is not linked, since DVC fails at such
    things; then returns the first of them. Raises UserError where a folder has taken the link's place.
    """
    if place.is_dir() and not place.is_symlink():  # DVC would go on with the copies, and not see the user's own files
        raise UserError(
            f"{place} is a folder, but must be a link: an experiment of an earlier version of this project was "
            f"applied, which held copies of what {NAMED.get(place.name, 'params.yaml')} named. Move the folder away, "
            "run `python -m stages.inputs.links`, then the same command again"
        )
    nothing = place.with_name(NOTHING)
    if not nothing.exists():
        files.write_json(nothing, fingerprints.of(None))
    there = target is not None and (target.is_file() or target.is_dir())
    unreadable = next(filter(_is_unreadable, _paths(target)), None) if target and there else None
    partial = place.with_name(f".{place.name}")  # never none: without it DVC would not start
    partial.unlink(missing_ok=True)
    partial.symlink_to(target.resolve() if target and there and not unreadable else NOTHING)
    partial.replace(place)
    return unreadable


def _paths(target: Path) -> list[Path]:
    """All files of a folder, of linked folders only their link; or the file itself."""
    if target.is_file():
        return [target]
    return [Path(folder) / name for folder, _, names in os.walk(target) for name in sorted(names)]


def _is_unreadable(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8
        return True
    return not (path.is_file() and os.access(path, os.R_OK))
