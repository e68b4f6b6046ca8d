"""Files of the stages: JSON, JSON lines, CSV, folders. Whole or not at all, the same bytes for the same values."""

import csv
import errno
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from stages.common.checkout import main_checkout
from stages.common.cli import UserError

PARTIAL = Path(".cache/partial")  # in the main checkout
DAY = 86_400.0  # seconds


def write_bytes(path: Path, data: bytes, durable: bool = True) -> None:
    """Write `data` to a temporary file, then rename it to `path`; on a failure the old file stays.

    Not `durable`: without waiting for the disk, for who can tell what a power cut has spoilt. Raises UserError when the
    disk refuses (full, read-only), naming the file and the cause.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(path, data, _partial(), durable)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _write(path, data, path.parent, durable)  # another file system, where nothing else can be renamed from
    except OSError as error:
        raise UserError(
            f"could not write {path}: {error.strerror or error}. The file that was there is unchanged. "
            "Free some disk space or make the folder writable, then run the same command again."
        ) from error


def _write(path: Path, data: bytes, place: Path, durable: bool) -> None:
    """Write by way of a temporary file in the folder `place`."""
    with tempfile.NamedTemporaryFile(dir=place, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; it takes the place of `path` when the block ends well, else the old folder stays."""
    with temporary_folder(path.name) as partial:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(partial, path)


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """An empty folder for the time of a block; `name` is for who finds it after a kill."""
    partial = Path(tempfile.mkdtemp(dir=_partial(), prefix=f"{name}."))
    partial.chmod(0o755)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _partial() -> Path:
    """Where everything lies that is not complete: git and DVC ignore it, and no stage reads there."""
    place = main_checkout() / PARTIAL
    place.mkdir(parents=True, exist_ok=True)
    _clear(place.resolve())
    return place


@cache
def _clear(place: Path) -> None:
    """Remove what a kill left there, a day later: by then it is nobody's any more. Once in a process is enough."""
    for left in place.iterdir():
        with suppress(FileNotFoundError):  # of another process, which is done with it
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


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
