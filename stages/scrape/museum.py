"""The source `museum`: lists, work pages and renditions of a museum's site, read from its HTML."""

from collections.abc import Iterator
from itertools import islice

from bs4 import BeautifulSoup, Tag

from stages.scrape.addresses import FetchError, Refused, join
from stages.scrape.client import Client
from stages.scrape.interface import Gap, Query, Record

MAX_LIST_PAGES = 5000  # more pages than any museum's list has: a site that goes on for ever


def records(query: Query) -> Iterator[Record | Gap]:
    """The renditions (all, or the first alone) of the first works of each set.

    Raises FetchError when a list cannot be had; a work whose page is missing is a gap.
    """
    client = query.client
    for link in _sets(client, query.address):
        works = _works(client, join(query.address, _href(link)))
        for title, work_url in islice(works, query.params.limit or None):
            try:
                page = client.page(work_url, _work_page)
            except Refused:
                raise
            except FetchError as error:
                yield Gap(title, work_url, str(error))
                continue
            renditions = _renditions(page, work_url, link.get_text())
            yield from islice(renditions, None if query.params.all_renditions else 1)


def _sets(client: Client, url: str) -> list[Tag]:
    """The links to the museum's sets; a page without any is asked for again at the next visit."""
    links = client.page(url).select("a.set[href]")
    if not links:
        client.forget(url)
    return links


def _work_page(page: BeautifulSoup) -> BeautifulSoup:
    """A work's page as it is; raises FetchError for a page that shows no picture."""
    if not page.select("a.rendition[href]"):
        raise FetchError("the work's page shows no picture")
    return page


def _works(client: Client, url: str | None) -> Iterator[tuple[str, str]]:
    """Titles and addresses of the works of a set, list page by list page."""
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) == MAX_LIST_PAGES:
            raise FetchError("the list of works does not end: its next pages go round in a circle, or on for ever")
        seen.add(url)
        page = client.page(url)
        if not page.select("li.work a[href], a[rel=next][href]"):
            client.forget(url)  # an error page, perhaps
        for link in page.select("li.work a[href]"):
            yield link.get_text(), join(url, _href(link))
        following = page.select_one("a[rel=next][href]")
        url = join(url, _href(following)) if following else None


def _renditions(page: BeautifulSoup, url: str, set_name: str) -> Iterator[Record]:
    """The files of a work's page, the official photograph first; another museum's page may call none so."""
    knows = page.select_one("a.rendition.official") is not None
    facts = {
        term.get_text(): detail.get_text() for term in page.select("dt") if (detail := term.find_next_sibling("dd"))
    }
    for link in page.select("a.rendition[href]"):
        yield Record(
            work=url.rstrip("/").rsplit("/", 1)[-1],
            title=page.h1.get_text() if page.h1 else "",
            year=facts.get("Year", ""),
            technique=facts.get("Technique", ""),
            page_url=url,
            image_url=join(url, _href(link)),
            rendition=link.get_text(),
            rights=facts.get("Rights", ""),
            set="reserve" if set_name == "reserve" else "collection",
            faithful="official" in (link.get("class") or []) if knows else None,
        )


def _href(link: Tag) -> str:
    return str(link["href"])
