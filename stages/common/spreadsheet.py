"""Tables that the user writes, as text editors and spreadsheet programs save them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

DELIMITERS = ",;\t|"  # by which programs separate the columns, the usual one first
EXCEL_LINE = re.compile(r'"?sep=(.)"?\s*\r?\n', re.IGNORECASE)  # before the header, for Excel's eyes
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class BadTable(Exception):
    """A table cannot be read; the text names the file and says why."""


def text(path: Path) -> str:
    """The text of a file in UTF-8 or, as its first bytes say, UTF-16. Raises BadTable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadTable(f"{path} cannot be read: {error.strerror}") from error
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadTable(
            f"{path} is not UTF-8 text, nor UTF-16: save it as UTF-8 (Excel: CSV UTF-8; LibreOffice: Unicode)"
        ) from error


def csv_rows(
    path: Path, content: str, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV under its header with their numbers, by the columns' names (`column`), without white space.

    `content` is the text of the file. Raises BadTable, also where a column of `keys` is missing; `columns` are those
    that it may have.
    """
    said = EXCEL_LINE.match(content)
    lines, before = content[said.end() if said else 0 :], int(bool(said))
    delimiter, names = _header(path, lines, keys, columns, said.group(1) + DELIMITERS if said else DELIMITERS)
    reader = csv.reader(io.StringIO(lines, newline=""), strict=True, delimiter=delimiter)
    try:
        next(reader)
        for row in reader:
            values = [value.strip() for value in row]
            if any(values[len(names) :]):
                raise BadTable(
                    f"line {before + reader.line_num} of {path} has a column beyond the header: "
                    f"put a text with a {delimiter!r} in quotes"
                )
            values += [""] * (len(names) - len(values))
            named = zip(names, values, strict=False)
            yield before + reader.line_num, {name: value for name, value in named if name}
    except csv.Error as error:
        raise BadTable(f"line {before + reader.line_num} of {path} is not valid CSV: {error}") from error


def column(name: str) -> str:
    """A column's name as we write it: "Page URL" is page_url."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _header(
    path: Path, lines: str, keys: Sequence[str], columns: Sequence[str], delimiters: str
) -> tuple[str, list[str]]:
    """What separates the columns, and their names."""
    for delimiter in delimiters:
        try:
            names = next(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter), [])
        except csv.Error as error:
            raise BadTable(f"line 1 of {path} is not valid CSV: {error}") from error
        if set(keys) <= set(names := [column(name) for name in names]):
            return delimiter, names
    found = lines.strip().splitlines()
    missing = " and no ".join(map(repr, keys))
    raise BadTable(
        f"{path} has no column {missing}; its first line must name the columns, {', '.join(keys)} and any of "
        f"{', '.join(columns)}, " + (f"but it is {found[0][:200]!r}" if found else "but it is empty")
    )
