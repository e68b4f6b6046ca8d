"""Source "folder": the user's own pictures, with an optional list of their titles."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stages.common.images import SUFFIXES
from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import Gap, Record
from stages.scrape.tables import is_of, lines, record

TITLES = "titles.csv"  # columns: file (as seen from the folder), and any of those in tables.py


def records(folder: Path, limit: int, genre: str) -> Iterator[Record | Gap]:
    """The first `limit` pictures (0 = all) of a folder and its subfolders, sorted by name; of a genre ("" = any) by the list of titles.

    Raises FetchError when there is no such folder, or its list cannot be read. A listed file that is not there is a gap.
    """
    if not folder.is_dir():
        raise FetchError(f"{folder} is not a folder")
    listed = {row["file"]: row for row in lines(folder / TITLES, "file")} if (folder / TITLES).exists() else {}
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("[!.]*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    for name in sorted(listed.keys() - set(names)):
        yield Gap(listed[name].get("title", ""), name, f"listed in {TITLES}, but not a picture in the folder")
    chosen = (name for name in names if is_of(genre, listed.get(name, {})))
    for name in islice(chosen, limit or None):
        yield record(listed.get(name, {}), name, Path(name).stem)


def read(folder: Path, name: str, most_bytes: int) -> bytes:
    """The bytes of one of the folder's pictures; raises FetchError when it cannot be read or is too large."""
    try:
        with (folder / name).open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FetchError(f"the file cannot be read: {error.strerror}") from error
    if len(data) > most_bytes:
        raise FetchError(f"larger than the limit of {most_bytes / 1e6:g} MB")
    return data
