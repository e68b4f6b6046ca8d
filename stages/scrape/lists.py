"""Lists that the user writes: CSV with a header, or JSON lines; each line as a dict of texts."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from stages.scrape.addresses import FetchError
from stages.scrape.interface import Record

COLUMNS = {"title", "year", "technique", "page_url", "rendition", "rights", "work", "set", "genre"}
SETS = ("collection", "reserve")


def read_rows(path: Path, key: str) -> Iterator[dict[str, str]]:
    """The lines of a list whose column `key` is the file or address.

    Raises FetchError, naming the line, for what cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FetchError(f"{path} is not UTF-8 text") from error
    is_json = path.suffix.lower() in (".jsonl", ".ndjson")
    for number, row in _json_rows(path, text) if is_json else _csv_rows(path, text, key):
        _check(row, key, f"line {number} of {path}")
        yield row


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
    )


def has_genre(row: dict[str, str], genre: str) -> bool:
    """Whether a line is of a genre; "" is any."""
    return not genre or row.get("genre", "").casefold() == genre.casefold()


def _check(row: dict[str, str], key: str, line: str) -> None:
    if unknown := row.keys() - COLUMNS - {key}:
        columns = ", ".join(sorted(COLUMNS))
        raise FetchError(f"{line} has the unknown column {min(unknown)!r}; the columns are {key}, {columns}")
    if row.get("set") and row["set"] not in SETS:
        raise FetchError(f"{line} has the set {row['set']!r}, but it must be one of {', '.join(SETS)}")
    if not row.get(key):
        raise FetchError(f"{line} has no {key!r}")


def _csv_rows(path: Path, text: str, key: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers."""
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, strict=True, restkey="a column beyond the header", restval="")
    try:
        if key not in (reader.fieldnames or ()):
            raise FetchError(f"{path} has no column {key!r}; its first line must name the columns")
        for row in reader:
            yield reader.line_num, {name.strip(): str(value).strip() for name, value in row.items() if name.strip()}
    except csv.Error as error:
        raise FetchError(f"line {reader.line_num} of {path} is not valid CSV: {error}") from error


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with their numbers, without the empty ones."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield number, {name: "" if value is None else str(value) for name, value in row.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise FetchError(f"line {number} of {path} is not a JSON object") from error
