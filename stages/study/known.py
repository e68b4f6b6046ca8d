"""What the tables in git know of cells that were run elsewhere or before: metrics/study.csv and those beside it.

A clone that has only these files goes on where the study stands, and draws it: a cell whose name is in the table is
done, as the name holds all that decides its result. What they know of cells that the present grid or code does not have
stays in them: in git it may be all that is left of these.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.common.cli import UserError
from stages.study import course
from stages.study.effects import Row
from stages.study.grid import FACTORS, Cell
from stages.study.table import SECONDS, TEXTS, columns

REMEDY = "take the committed file back (git checkout), or delete it: the cells that only it knows are then run again"
NO_ROWS = "\n"  # what `files.write_csv` writes of none


class Known:
    """The rows of the tables, by the name of the experiment."""

    def __init__(self, table: Path, evaluations: Path, seconds: Path, cells: Mapping[str, Cell]):
        """`cells`: those of the study by name; the files' rows of all others are `others`, by the file.

        Raises UserError for a file that is damaged.
        """
        self.rows: dict[str, dict[str, Any]] = {}
        self._evaluations: dict[str, list[dict[str, Any]]] = {}
        kinds = {table: columns(), evaluations: [*FACTORS, *course.COLUMNS, "experiment"], seconds: SECONDS}
        every = {path: read(path, expected) for path, expected in kinds.items()}
        self.others = {path: [row for row in rows if row["experiment"] not in cells] for path, rows in every.items()}
        taken = {row["experiment"]: row["seconds"] for row in every[seconds]}
        for row in every[table]:
            cell = cells.get(row["experiment"])
            if cell and all(row[factor] == getattr(cell, factor) for factor in FACTORS):
                self.rows[row["experiment"]] = row | {"seconds": taken.get(row["experiment"])}
        for row in every[evaluations]:
            self._evaluations.setdefault(row["experiment"], []).append(row)

    def evaluations(self, row: Row) -> list[dict[str, Any]]:
        """Of the training of a row, in order; none where they were not kept."""
        return self._evaluations.get(row["experiment"], [])


def read(path: Path, expected: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a table that `files.write_csv` wrote; none where there is no file.

    An empty field is None. Raises UserError for a file that is damaged or of another version, as it would be written
    over.
    """
    if not path.is_file():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")  # a spreadsheet program may have put a mark before it
        found = csv.DictReader(io.StringIO(text), strict=True)
        names = list(found.fieldnames or [])
        if names != list(expected) and text != NO_ROWS:
            differs = _difference(names, expected)
            raise UserError(f"{path} has other columns than this version writes ({differs}): {REMEDY}")
        return [_row(path, found.line_num, line) for line in found]
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): {REMEDY}") from error


def _difference(names: Sequence[str], expected: Sequence[str]) -> str:
    """In words, of two headers that differ."""
    sides = {
        "unknown": [repr(name[:40]) for name in names if name not in expected],
        "missing": [name for name in expected if name not in names],
    }
    told = [f"{side}: {', '.join(some[:5])}{', ...' * (len(some) > 5)}" for side, some in sides.items() if some]
    return "; ".join(told) or "in another order"


def _row(path: Path, number: int, line: Mapping[str | None, Any]) -> dict[str, Any]:
    if None in line or None in line.values():
        raise UserError(f"{path}, line {number}, has not as many fields as the table has columns: {REMEDY}")
    return {str(key): _value(f"{path}, line {number}, {key}", str(key), text) for key, text in line.items()}


def _value(place: str, key: str, text: str) -> Any:
    if key in TEXTS or not text:
        return text or None
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    raise UserError(f"{place}, is {text!r}, but must be a number: {REMEDY}")
