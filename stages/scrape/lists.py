"""Lists that the user writes: CSV with a header, or JSON lines; each line as a dict of texts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.common import spreadsheet
from stages.scrape.addresses import FetchError
from stages.scrape.interface import LeftOut, Record

COLUMNS = ("title", "year", "technique", "page_url", "rendition", "rights", "work", "set", "genre")
SETS = ("collection", "reserve")


@dataclass(frozen=True)
class List:
    """The rows of a list, and its columns that are not used."""

    rows: list[dict[str, str]]
    left_out: list[LeftOut]


def read_list(path: Path, key: str) -> List:
    """A list whose column `key` is the file or address; columns may have any order and case, and further names.

    Raises FetchError, naming the line, for what cannot be read.
    """
    rows, unused = [], {}
    for number, row in _lines(path, key):
        unused |= dict.fromkeys(row.keys() - {key, *COLUMNS})
        known = {name: value for name, value in row.items() if name not in unused}
        if any(row.values()):  # a line of nothing but commas says nothing
            _check(known, key, f"line {number} of {path}")
            rows.append(known)
    return List(rows, [LeftOut(name, f"a column of {path.name} that is not used") for name in sorted(unused)])


def record(row: dict[str, str], image_url: str, title: str = "") -> Record:
    """The record of a line; `title` is for a line without one."""
    return Record(
        work=row.get("work") or None,
        title=row.get("title") or title,
        year=row.get("year", ""),
        technique=row.get("technique", ""),
        page_url=row.get("page_url", ""),
        image_url=image_url,
        rendition=row.get("rendition") or "original",
        rights=row.get("rights") or "as the user knows",
        set=row.get("set") or "collection",
        told=bool(row.get("work")),
    )


def has_genre(row: dict[str, str], genre: str) -> bool:
    """Whether a line is of a genre; "" is any."""
    return not genre or row.get("genre", "").casefold() == genre.casefold()


def _lines(path: Path, key: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers."""
    try:
        text = spreadsheet.text(path)
        is_json = path.suffix.lower() in (".jsonl", ".ndjson")
        yield from _json_rows(path, text) if is_json else spreadsheet.csv_rows(path, text, [key], COLUMNS)
    except spreadsheet.BadTable as error:
        raise FetchError(str(error)) from error


def _check(row: dict[str, str], key: str, line: str) -> None:
    if row.get("set") and row["set"] not in SETS:
        raise FetchError(f"{line} has the set {row['set']!r}, but it must be one of {', '.join(SETS)}")
    if not row.get(key):
        raise FetchError(f"{line} has no {key!r}")


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers, without the empty ones."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield number, {spreadsheet.column(name): "" if value is None else str(value) for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise FetchError(f"line {number} of {path} is not a JSON object") from error
