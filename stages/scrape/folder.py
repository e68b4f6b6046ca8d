"""The source `folder`: the user's own pictures, with an optional list of their titles."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stages.common.images import SUFFIXES
from stages.scrape.addresses import FetchError
from stages.scrape.interface import Gap, Query, Record
from stages.scrape.lists import has_genre, read_rows, record

TITLES = "titles.csv"  # columns: file (as seen from the folder), and any of those in lists.py


def records(query: Query) -> Iterator[Record | Gap]:
    """The first pictures of a folder and its subfolders, sorted by name; of the genre ("" = any) by the list of titles.

    Raises FetchError when there is no such folder, or its list cannot be read. A listed file that is missing is a gap.
    """
    folder = Path(query.address)
    if not folder.is_dir():
        raise FetchError(f"{folder} is not a folder")
    listed = {row["file"]: row for row in read_rows(folder / TITLES, "file")} if (folder / TITLES).exists() else {}
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("[!.]*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    for name in sorted(listed.keys() - set(names)):
        yield Gap(listed[name].get("title", ""), name, f"listed in {TITLES}, but not a picture in the folder")
    chosen = (name for name in names if has_genre(listed.get(name, {}), query.params.genre))
    for name in islice(chosen, query.params.limit or None):
        yield record(listed.get(name, {}), name, Path(name).stem)


def read(query: Query, picture: Record) -> bytes:
    """The bytes of one of the folder's pictures; raises FetchError when it cannot be read or is too large."""
    max_bytes = query.params.max_bytes
    try:
        with (Path(query.address) / picture.image_url).open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise FetchError(f"the file cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise FetchError(f"larger than the limit of {max_bytes / 1e6:g} MB")
    return data
