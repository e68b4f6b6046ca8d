"""Source "wikiart": an artist's works through the site's list of all paintings, in their original size.

The pictures are other people's: check the rights of each before you use it for more than looking.
"""

from collections.abc import Iterator
from itertools import count, islice
from urllib.parse import urljoin

from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import Record
from stages.scrape.fetch import Client, NotJSON

ADDRESS = "https://www.wikiart.org/"
LIST = "en/{artist}/mode/all-paintings?json=2&layout=new&page={page}&resultType=masonry"


def records(client: Client, address: str, artist: str, limit: int) -> Iterator[Record]:
    """The first `limit` works (0 = all) that have a picture; raises FetchError when a list page cannot be had or read."""
    works = (item for item in _items(client, address, artist) if item.get("image"))
    for item in islice(works, limit or None):
        yield Record(
            work=None,  # an upload, not a work: the site shows several uploads of one painting
            title=item.get("title", ""),
            year=str(item.get("year") or ""),
            technique="",
            page_url=urljoin(address, item.get("paintingUrl", "")),
            image_url=item["image"].partition("!")[0],  # the part behind "!" names a smaller rendition
            rendition="original",
            rights="see the work's page",
            set="collection",
        )


def _items(client: Client, address: str, artist: str) -> Iterator[dict]:
    """The list's entries, page by page until a page is empty."""
    for page in count(1):
        url = urljoin(address, LIST.format(artist=artist, page=page))
        try:
            paintings = client.json(url, {"X-Requested-With": "XMLHttpRequest"}).get("Paintings")
        except (NotJSON, AttributeError) as error:
            raise FetchError(f"page {page} of the list of works is not the JSON that was expected") from error
        if not paintings:
            return
        yield from paintings
