"""Lists that the user writes: CSV with a header, or JSON lines; each line as a dict of texts."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.scrape.addresses import FetchError
from stages.scrape.interface import LeftOut, Record

COLUMNS = ("title", "year", "technique", "page_url", "rendition", "rights", "work", "set", "genre")
SETS = ("collection", "reserve")
DELIMITERS = ",;\t|"  # by which programs separate the columns, the usual one first
EXCEL_LINE = re.compile(r'"?sep=(.)"?\s*\r?\n', re.IGNORECASE)  # before the header, for Excel's eyes
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class List:
    """The rows of a list, and its columns that are not used."""

    rows: list[dict[str, str]]
    left_out: list[LeftOut]


def read_list(path: Path, key: str) -> List:
    """A list whose column `key` is the file or address; columns may have any order and case, and further names.

    Raises FetchError, naming the line, for what cannot be read.
    """
    text = _decoded(path)
    is_json = path.suffix.lower() in (".jsonl", ".ndjson")
    rows, unused = [], {}
    for number, row in _json_rows(path, text) if is_json else _csv_rows(path, text, key):
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


def _decoded(path: Path) -> str:
    """The text of a list in UTF-8 or, as its first bytes say, UTF-16."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error.strerror}") from error
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FetchError(
            f"{path} is not UTF-8 text, nor UTF-16: save it as UTF-8 (Excel: CSV UTF-8; LibreOffice: Unicode)"
        ) from error


def _check(row: dict[str, str], key: str, line: str) -> None:
    if row.get("set") and row["set"] not in SETS:
        raise FetchError(f"{line} has the set {row['set']!r}, but it must be one of {', '.join(SETS)}")
    if not row.get(key):
        raise FetchError(f"{line} has no {key!r}")


def _csv_rows(path: Path, text: str, key: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers."""
    said = EXCEL_LINE.match(text)
    lines, before = text[said.end() if said else 0 :], int(bool(said))
    delimiter, names = _header(path, lines, key, said.group(1) + DELIMITERS if said else DELIMITERS)
    reader = csv.reader(io.StringIO(lines, newline=""), strict=True, delimiter=delimiter)
    try:
        next(reader)
        for row in reader:
            values = [value.strip() for value in row]
            if any(values[len(names) :]):
                raise FetchError(f"line {before + reader.line_num} of {path} has a column beyond the header")
            values += [""] * (len(names) - len(values))
            named = zip(names, values, strict=False)
            yield before + reader.line_num, {name: value for name, value in named if name}
    except csv.Error as error:
        raise FetchError(f"line {before + reader.line_num} of {path} is not valid CSV: {error}") from error


def _header(path: Path, lines: str, key: str, delimiters: str) -> tuple[str, list[str]]:
    """What separates the columns, and their names; raises FetchError where the column `key` is not among them."""
    for delimiter in delimiters:
        try:
            names = next(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter), [])
        except csv.Error as error:
            raise FetchError(f"line 1 of {path} is not valid CSV: {error}") from error
        if key in (names := [_column(name) for name in names]):
            return delimiter, names
    found = lines.strip().splitlines()
    raise FetchError(
        f"{path} has no column {key!r}; its first line must name the columns, {key} and any of {', '.join(COLUMNS)}, "
        + (f"but it is {found[0][:200]!r}" if found else "but it is empty")
    )


def _column(name: str) -> str:
    """A column's name as we write it: "Page URL" is page_url."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers, without the empty ones."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield number, {_column(name): "" if value is None else str(value) for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise FetchError(f"line {number} of {path} is not a JSON object") from error
