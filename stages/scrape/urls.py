"""Source "urls": the user's own list of addresses, one picture a line."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stages.scrape.catalogue import Record
from stages.scrape.tables import is_of, lines, record


def records(path: Path, limit: int, genre: str) -> Iterator[Record]:
    """The first `limit` addresses (0 = all) of a genre ("" = any) in a CSV or JSON-lines list with the column `url`.

    Raises FetchError when the list cannot be read.
    """
    for row in islice((row for row in lines(path, "url") if is_of(genre, row)), limit or None):
        yield record(row, row["url"])
