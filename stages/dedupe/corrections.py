"""The user's word: which files are one work and which are not, told by a list's column `work` or data/corrections.csv.

It counts more than any comparison. A line of the file is one correction:

    action,file,other
    same,scan.png,on the wall.jpg      these are one work
    different,yellow.png,blue.png      these are not
    drop,poster.jpg,                   this is no work
    keep,scan.png,                     of its work this file is the one to keep

A file is named as in data/raw/, as at its source (its whole address there, or the last part of it, also without its
ending), or by its title. The first of these that fits counts. A title names all files that have it, all else one file.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from stages.common import spreadsheet
from stages.common.cli import UserError, nearest
from stages.common.records import CatalogueRow
from stages.dedupe.groups import Groups

COLUMNS = ["action", "file", "other"]
NEEDS = {"same": 2, "different": 2, "drop": 1, "keep": 1}  # how many names an action takes
Pairs = list[tuple[int, int]]
Names = list[dict[str, list[int]]]  # the rows by the keys of what they are called, kind by kind as in `_called`
TITLE = 3  # place of the titles in that
OWN_HOST = re.compile(r"https?://(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(?=/)", re.IGNORECASE)  # which catalogues drop
SHOWN = 5  # files that a message names


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
    names = _names(rows)
    lines = [(line, [_meant(line, name, names, rows) for name in line.files]) for line in _lines(path)]
    dropped = {item for line, meant in lines if line.action == "drop" for item in meant[0]}
    places = {item: place for place, item in enumerate(item for item in range(len(rows)) if item not in dropped)}
    found = Corrections([rows[item] for item in places])
    for line, meant in lines:
        if line.action != "drop":
            meant = [[places[item] for item in items if item in places] for items in meant]
        if all(meant):
            found.told.append(f"{line.action}: {', '.join(line.files)}")
            _note(found, line, meant)
        else:
            missing = line.files[meant.index([])]
            hint = nearest(missing, chain(*_names(found.rows)))
            found.lost.append(f"{line.where}: no file of this collection is called {missing!r}{hint}")
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
    told = _alike(row["work"] if row.get("told") else None for row in rows)
    for work, items in told.items():
        found.tell(items, work)
    return found, joined + [pair for items in told.values() for pair in pairwise(items) if found.join(*pair)]


def join_equal(found: Groups, rows: Sequence[CatalogueRow]) -> Pairs:
    """Join the files of the same bytes, and return the pairs that were not one work yet.

    Raises UserError where the user's word keeps such files apart: a work is named by its bytes.
    """
    pairs = [pair for items in _alike(row["sha256"] for row in rows).values() for pair in pairwise(items)]
    new = [(first, second) for first, second in pairs if found.root(first) != found.root(second)]
    for first, second in new:
        if not found.join(first, second):
            names = " and ".join(f"{rows[item]['image_url']} ({rows[item]['title']})" for item in (first, second))
            raise UserError(
                f"{names} are the same picture, byte for byte, but data/corrections.csv or the column `work` of your "
                "list says that they are two works: name one work in both lines, or drop one of the files in "
                "data/corrections.csv"
            )
    return new


def _alike(values: Iterable[str | None]) -> dict[str, list[int]]:
    """The places of each value, but of none."""
    found: dict[str, list[int]] = {}
    for item, value in enumerate(values):
        if value:
            found.setdefault(value, []).append(item)
    return found


def _lines(path: Path) -> Iterator[Line]:
    """The corrections in their order."""
    if not path.is_file():
        return
    try:
        for number, row in spreadsheet.csv_rows(path, spreadsheet.text(path), COLUMNS[:2], COLUMNS[2:]):
            if line := _line(f"line {number} of {path}", row):
                yield line
    except spreadsheet.BadTable as error:
        raise UserError(str(error)) from error


def _line(where: str, row: Mapping[str, str]) -> Line | None:
    """None of an empty one."""
    action, files = row["action"], [name for column in COLUMNS[1:] if (name := row.get(column, ""))]
    if not action and not files:
        return None
    if action not in NEEDS:
        raise UserError(f"{where} has the action {action!r}, but it must be one of {', '.join(NEEDS)}")
    if len(files) != NEEDS[action]:
        raise UserError(f"{where}: {action} takes {NEEDS[action]} files, found {files}")
    return Line(where, action, files)


def _names(rows: Sequence[CatalogueRow]) -> Names:
    """The rows by what they may be called."""
    found: Names = [{}, {}, {}, {}, {}]
    for item, row in enumerate(rows):
        for names, name in zip(found, _called(row), strict=True):
            if key := _key(name):
                names.setdefault(key, []).append(item)
    return found


def _called(row: CatalogueRow) -> tuple[str, str, str, str, str]:
    """What a file may be called; what comes first is looked up first."""
    address = row.get("image_url", "")
    path = PurePosixPath(address)  # which makes one slash of two
    return row["file"], address, path.name, row["title"], path.stem


def _meant(line: Line, name: str, names: Names, rows: Sequence[CatalogueRow]) -> list[int]:
    """The rows that a name means; raises UserError where it fits several files and is no title."""
    key = _key(name)
    if match := OWN_HOST.match(name):
        key = _key(name[match.end() :].partition("#")[0])
    kind = next((kind for kind, known in enumerate(names) if key in known), TITLE)
    items = names[kind].get(key, [])
    files = {rows[item]["file"]: rows[item].get("image_url", "") for item in items}
    if len(files) > 1 and kind != TITLE:
        found = ", ".join(f"{file} ({address})" for file, address in islice(files.items(), SHOWN))
        more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
        raise UserError(
            f"{line.where}: {name!r} means {len(files)} files, {found}{more}: name one of them, as in data/raw/ or by "
            "its whole address"
        )
    return items


def _key(name: str) -> str:
    """Equal for what people take for the same name: in any case, however its accents are composed, as spaced."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _note(found: Corrections, line: Line, files: list[list[int]]) -> None:
    """Put one correction where it belongs."""
    match line.action:
        case "same":
            found.same += pairwise([*files[0], *files[1]])
        case "different" if set(files[0]) & set(files[1]):
            raise UserError(f"{line.where}: both names mean the same file: name the files, as in data/raw/")
        case "different":
            found.different += [(one, two) for one in files[0] for two in files[1]]
        case "keep" if (count := len({found.rows[item]["file"] for item in files[0]})) > 1:
            raise UserError(f"{line.where}: the name means {count} files: name one of them, as in data/raw/")
        case "keep":
            found.kept |= set(files[0])
