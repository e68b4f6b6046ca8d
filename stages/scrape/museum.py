"""Source "museum": lists, work pages and renditions of a museum's site, read from its HTML."""

from collections.abc import Iterator
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from stages.scrape.catalogue import Record
from stages.scrape.fetch import Client


def records(client: Client, address: str, limit: int) -> Iterator[Record]:
    """Every rendition of the first `limit` works of each set (0 = of all); raises FetchError when a page cannot be had."""
    for link in client.page(address).select("a.set"):
        for number, work_url in enumerate(_works(client, urljoin(address, link["href"]))):
            if limit and number >= limit:
                break
            yield from _renditions(client.page(work_url), work_url, link.get_text())


def _works(client: Client, url: str | None) -> Iterator[str]:
    """Addresses of the work pages of a set, list page by list page."""
    while url:
        page = client.page(url)
        for link in page.select("li.work a"):
            yield urljoin(url, link["href"])
        following = page.select_one("a[rel=next]")
        url = urljoin(url, following["href"]) if following else None


def _renditions(page: BeautifulSoup, url: str, set_name: str) -> Iterator[Record]:
    facts = {term.get_text(): term.find_next_sibling("dd").get_text() for term in page.select("dt")}
    for link in page.select("a.rendition"):
        yield Record(
            work=url.rstrip("/").rsplit("/", 1)[-1],
            title=page.h1.get_text(),
            year=facts.get("Year", ""),
            technique=facts.get("Technique", ""),
            page_url=url,
            image_url=urljoin(url, link["href"]),
            rendition=link.get_text(),
            rights=facts.get("Rights", ""),
            set=set_name,
        )
