"""The user's word: which files are one work and which are not, told by a list's column `work` or data/corrections.csv.

It counts more than any comparison. A line of the file is one correction:

    action,file,other
    same,scan.png,on the wall.jpg      these are one work
    different,yellow.png,blue.png      these are not
    drop,poster.jpg,                   this is no work
    keep,scan.png,                     of its work this file is the one to keep

A file is named as in data/raw/, as at its source (its address there, or the last part of it), or by its title, which
names all files that have it.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from stages.common.cli import UserError, nearest
from stages.common.records import CatalogueRow
from stages.dedupe.groups import Groups

COLUMNS = ["action", "file", "other"]
NEEDS = {"same": 2, "different": 2, "drop": 1, "keep": 1}  # how many names an action takes
Pairs = list[tuple[int, int]]


class Line(NamedTuple):
    """A correction as it is written."""

    where: str  # for messages
    action: str
    files: list[str]


@dataclass
class Corrections:
    """Of catalogue rows, by their places in `rows`."""

    rows: list[CatalogueRow]  # without those that were dropped
    same: Pairs = field(default_factory=list)
    different: Pairs = field(default_factory=list)
    kept: set[int] = field(default_factory=set)
    told: list[str] = field(default_factory=list)  # in words, those that found their files
    lost: list[str] = field(default_factory=list)  # those that did not


def read(path: Path, rows: Sequence[CatalogueRow]) -> Corrections:
    """The corrections of a file, none where it is not there; raises UserError for a line that cannot be understood."""
    lines = list(_lines(path))
    names = _names(rows)
    dropped = {item for line in lines if line.action == "drop" for item in names.get(line.files[0].casefold(), [])}
    found = Corrections([row for item, row in enumerate(rows) if item not in dropped])
    left = _names(found.rows)
    for line in lines:
        known = names if line.action == "drop" else left
        missing = [name for name in line.files if name.casefold() not in known]
        if missing:
            hint = nearest(missing[0], known)
            found.lost.append(f"{line.where}: no file of this collection is called {missing[0]!r}{hint}")
        else:
            found.told.append(f"{line.action}: {', '.join(line.files)}")
            _note(found, line, [known[name.casefold()] for name in line.files])
    if not found.rows:
        raise UserError(f"{path} drops every file of the collection: leave one")
    return found


def groups(corrections: Corrections) -> tuple[Groups, Pairs]:
    """What the user's word makes of the files before any is compared, and the pairs that it joined.

    Corrections count more than the works of a list. Raises UserError where they contradict each other.
    """
    rows = corrections.rows
    found = Groups(len(rows), corrections.different)
    joined = []
    for first, second in corrections.same:
        if not found.join(first, second):
            names = f"{rows[first]['file']} and {rows[second]['file']}"
            raise UserError(f"data/corrections.csv says that {names} are one work, and that they are not")
        joined.append((first, second))
    works: dict[str, list[int]] = {}
    for item, row in enumerate(rows):
        if row.get("told") and row["work"]:
            works.setdefault(row["work"], []).append(item)
    for work, items in works.items():
        found.tell(items, work)
    return found, joined + [pair for items in works.values() for pair in pairwise(items) if found.join(*pair)]


def _lines(path: Path) -> Iterator[Line]:
    """The corrections in their order."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="more", restval="")
        if reader.fieldnames is None or not {"action", "file"} <= set(reader.fieldnames):
            raise UserError(f"{path} must begin with the line {','.join(COLUMNS)}; it begins with {reader.fieldnames}")
        for row in reader:
            where, action = f"line {reader.line_num} of {path}", (row["action"] or "").strip()
            files = [name for column in COLUMNS[1:] if (name := (row.get(column) or "").strip())]
            if not action and not files:
                continue
            if action not in NEEDS:
                choices = ", ".join(NEEDS)
                raise UserError(f"{where} has the action {action!r}, but it must be one of {choices}")
            if len(files) != NEEDS[action] or row.get("more"):
                raise UserError(
                    f"{where}: {action} takes {NEEDS[action]} files, found {files} (quote a name with a comma)"
                )
            yield Line(where, action, files)


def _names(rows: Sequence[CatalogueRow]) -> dict[str, list[int]]:
    """The files by what they may be called, in lower case."""
    found: dict[str, list[int]] = {}
    for item, row in enumerate(rows):
        address = PurePosixPath(row.get("image_url", ""))
        called = {row["file"], str(address), address.name, address.stem, row["title"]}
        for name in {name.strip().casefold() for name in called if name.strip()}:
            found.setdefault(name, []).append(item)
    return found


def _note(found: Corrections, line: Line, files: list[list[int]]) -> None:
    """Put one correction where it belongs."""
    match line.action:
        case "same":
            found.same += pairwise([*files[0], *files[1]])
        case "different" if set(files[0]) & set(files[1]):
            raise UserError(f"{line.where}: both names mean the same file: name the files, as in data/raw/")
        case "different":
            found.different += [(one, two) for one in files[0] for two in files[1]]
        case "keep" if len(files[0]) > 1:
            raise UserError(f"{line.where}: the name means {len(files[0])} files: name one of them, as in data/raw/")
        case "keep":
            found.kept |= set(files[0])
