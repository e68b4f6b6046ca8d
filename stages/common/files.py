"""Files of the stages: JSON, JSON lines, CSV, folders. Whole or not at all, the same bytes for the same values."""

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.common.cli import UserError


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to a temporary name beside `path`, then rename; on a failure the old file stays.

    Raises UserError when the disk refuses (full, read-only), naming the file and the cause.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"could not write {path}: {error.strerror or error}. The file that was there is unchanged. "
            "Free some disk space or make the folder writable, then run the same command again."
        ) from error


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; it takes the place of `path` when the block ends well, else the old folder stays."""
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write one JSON object with sorted keys; floats are rounded to 6 significant digits, NaN becomes null."""
    write_bytes(path, (json.dumps(_plain(values), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, keys in the order given."""
    write_bytes(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that share their keys as CSV with a header; without rows the file is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(row) for row in rows)
    write_bytes(path, text.getvalue().encode())


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote."""
    return json.loads(_text(path))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read a JSON-lines file that an earlier stage wrote."""
    return [json.loads(line) for line in _text(path).splitlines()]


def read_csv(path: Path) -> list[dict[str, float]]:
    """Read a CSV of numbers that `write_csv` wrote, without empty fields and without rows that have nothing else."""
    rows = [
        {key: float(value) for key, value in row.items() if value} for row in csv.DictReader(io.StringIO(_text(path)))
    ]
    return [row for row in rows if row]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there: run `dvc repro`, which runs the stage that writes it") from error


def _plain(value: Any) -> Any:
    """JSON-ready copy: floats to 6 significant digits (null when not finite), so a report never shows noise digits."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if abs(value) < float("inf") else None
    return value
