"""The source `urls`: the user's own list of addresses, one picture a line."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stages.scrape.interface import Query, Record
from stages.scrape.lists import has_genre, read_rows, record


def records(query: Query) -> Iterator[Record]:
    """The first addresses of the genre ("" = any) in a CSV or JSON-lines list with the column `url`.

    Raises FetchError when the list cannot be read.
    """
    rows = (row for row in read_rows(Path(query.address), "url") if has_genre(row, query.params.genre))
    for row in islice(rows, query.params.limit or None):
        yield record(row, row["url"])
