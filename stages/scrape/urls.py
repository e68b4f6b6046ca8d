"""The source `urls`: the user's own list of addresses, one picture a line."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stages.scrape.interface import LeftOut, Query, Record
from stages.scrape.lists import has_genre, read_list, record


def records(query: Query) -> Iterator[Record | LeftOut]:
    """The first addresses of the genre ("" = any) in a CSV or JSON-lines list with the column `url`.

    Raises FetchError when the list cannot be read.
    """
    found = read_list(Path(query.address), "url")
    yield from found.left_out
    rows = (row for row in found.rows if has_genre(row, query.params.genre))
    for row in islice(rows, query.params.limit or None):
        yield record(row, row["url"])
