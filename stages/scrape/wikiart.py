"""The source `wikiart`: an artist's works through the site's list of all paintings, and what their pages add.

Alternate scans and renditions are found there. The pictures are other people's: check the rights of each before you use
it for more than looking.
"""

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import count
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag

from stages.scrape.addresses import FetchError, Refused, join
from stages.scrape.client import Client, NotJSON
from stages.scrape.interface import Gap, Query, Record

LIST = "en/{artist}/mode/all-paintings?json=2&layout=new&page={page}&resultType=masonry"
TEXT_LIST = "en/{artist}/all-works/text-list"
MAX_LIST_PAGES = 5000  # more pages than any artist's list has
RENDITION = re.compile(r"!(\w+)(\.\w+)?$")  # what is behind "!" names a smaller rendition
MAIN = "main[ng-controller=ArtworkViewCtrl][ng-init]"  # of a work's page
MODEL = re.compile(r"thumbnailSizesModel\s*=\s*")


def records(query: Query) -> Iterator[Record | Gap]:
    """The pictures of the first works of the genre ("" = any): the original scans, or each rendition if all are wanted.

    Work pages are visited only where the list does not say enough.

    Raises FetchError when the list cannot be had or read.
    """
    genre, all_renditions = query.params.genre, query.params.all_renditions
    given = 0
    for item in _items(query.client, query.address, query.params.artist):
        if isinstance(item, Gap):
            yield item
            continue
        link = _text(item.get("paintingUrl"))
        page_url = join(query.address, link) if link else ""
        page = None
        if page_url and (all_renditions or genre or not _text(item.get("image"))):
            try:
                page = query.client.page(page_url, _work_page)
            except Refused:
                raise
            except FetchError as error:
                yield Gap(_text(item.get("title")), page_url, f"the work's page: {error}")
        if genre and not page_url and not _text(item.get("genre")):
            yield Gap(_text(item.get("title")), query.address, "the list names no page that would tell its genre")
        if genre and not _has_genre(genre, item, page):
            continue
        pictures = _pictures(item, page, page_url or query.address, all_renditions)
        if not pictures:
            yield Gap(_text(item.get("title")), page_url or query.address, "the site shows no picture of the work")
            continue
        for rendition, url in pictures:
            yield _record(item, page, page_url, rendition, url)
        given += 1
        if given == query.params.limit:
            return


def _work_page(page: BeautifulSoup) -> BeautifulSoup:
    """A work's page as it is; raises FetchError for one that has nothing of a work: an error page."""
    if not page.select(f"{MAIN}, img[itemprop=image], [itemprop=genre], article h3"):
        raise FetchError("not a work's page")
    return page


def _record(item: dict, page: BeautifulSoup | None, page_url: str, rendition: str, url: str) -> Record:
    heading = page.select_one("article h3, h1") if page else None
    return Record(
        work=None,  # an upload, not a work: the site shows several uploads of one painting
        title=_text(item.get("title")) or (heading.get_text(" ", strip=True) if heading else ""),
        year=_text(item.get("year")),
        technique="",
        page_url=page_url,
        image_url=url,
        rendition=rendition,
        rights="see the work's page",
        set="collection",
    )


def _items(client: Client, address: str, artist: str) -> Iterator[dict[str, Any] | Gap]:
    """The list's entries, each once, page by page until a page brings nothing new.

    Where there is no JSON, those of the plain list of titles.
    """
    seen: set[str] = set()
    announced = 0
    for number in count(1):
        url = join(address, LIST.format(artist=quote(artist), page=number))
        try:
            paintings, total = client.json(url, _paintings, headers={"X-Requested-With": "XMLHttpRequest"})
        except NotJSON as error:
            if number == 1 and (rows := list(_titles(client, address, artist))):
                yield from rows
                return
            raise FetchError(f"page {number} of the list of works is not the JSON that was expected") from error
        except FetchError as error:
            if number == 1 or not client.offline:
                raise
            yield Gap("", url, f"page {number} of the list of works: {error}")
            return
        announced = max(announced, total)
        odd = [item for item in paintings if not isinstance(item, dict)]
        fresh = {key: item for item in paintings if isinstance(item, dict) and (key := _key(item)) not in seen}
        if odd and len(odd) == len(paintings):
            raise FetchError(f"page {number} of the list of works is not the JSON that was expected")
        for _ in odd:
            yield Gap("", url, "an entry of the list that is none")
        if not fresh:
            if not paintings and (number == 1 or len(seen) != announced):
                client.forget(url)  # the end of the list, or of the site's patience: nobody says which
            if not paintings and len(seen) < announced:
                reason = f"the list announces {announced} works, but it ended after {len(seen)}"
                yield Gap("", url, reason)
            return
        if number == MAX_LIST_PAGES:
            raise FetchError(f"the list of works does not end: it has more than {MAX_LIST_PAGES} pages")
        seen |= fresh.keys()
        yield from fresh.values()


def _paintings(answer: Any) -> tuple[list[Any], int]:
    """The entries of a page of the list, and how many the whole list has (0: unknown); raises NotJSON for others."""
    try:
        paintings, total = answer["Paintings"] or [], answer.get("AllPaintingsCount")
    except (KeyError, TypeError, AttributeError) as error:
        raise NotJSON("not the list of works") from error
    if not isinstance(paintings, list):
        raise NotJSON("not the list of works")
    return paintings, total if isinstance(total, int) else 0


def _title_lines(page: BeautifulSoup) -> list[Tag]:
    if not (lines := page.select("li.painting-list-text-row")):
        raise FetchError("no list of titles")
    return lines


def _titles(client: Client, address: str, artist: str) -> Iterator[dict[str, Any]]:
    """The entries of the site's plain list of titles; an empty one where there is no such list either."""
    try:
        lines = client.page(join(address, TEXT_LIST.format(artist=quote(artist))), _title_lines)
    except Refused:
        raise
    except FetchError:
        return
    for line in lines:
        if link := line.select_one("a[href]"):
            year = line.select_one("span")
            yield {
                "paintingUrl": link["href"],
                "title": link.get_text(strip=True),
                "year": year.get_text().strip(" ,") if year else "",
            }


def _pictures(item: dict, page: BeautifulSoup | None, page_url: str, all_renditions: bool) -> list[tuple[str, str]]:
    """Names and addresses of the work's pictures, each address once.

    First the original scans, then the renditions that the page lists.
    """
    images = item.get("images")
    alternates = images if isinstance(images, list) else []
    listed = [_text(item.get("image")), *map(_text, alternates)]
    renditions = _renditions(page) if page else []
    urls = [*listed, *(url for _, url in renditions)]
    originals = dict.fromkeys(RENDITION.sub("", join(page_url, url)) for url in urls if url)
    found = {url: f"scan {number}" if number > 1 else "original" for number, url in enumerate(originals, start=1)}
    if all_renditions:
        for name, url in renditions:
            found.setdefault(join(page_url, url), name)
    return [(name, url) for url, name in found.items()]


def _renditions(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Names and addresses of a work page's renditions: from its model where it has one, else its one picture."""
    main = page.select_one(MAIN)
    thumbnails = _thumbnails(str(main["ng-init"])) if main else []
    found = [(_text(item.get("Name")).lower(), _text(item.get("Url"))) for item in thumbnails]
    if not found:
        found = [_shown(picture) for picture in page.select("img[itemprop=image][src]")]
    return [(name or "rendition", url) for name, url in found if url]


def _shown(picture: Tag) -> tuple[str, str]:
    """Name and address of the rendition that an <img> shows."""
    url = str(picture["src"])
    name = RENDITION.search(url)
    return name.group(1).lower() if name else "original", url


def _thumbnails(script: str) -> list[dict[str, Any]]:
    """The thumbnails of a page's ng-init script; an unreadable script has none.

    The script may be escaped once more than HTML asks for, has been seen with a broken escape (`&ququot;`), and may go
    on behind the model.
    """
    text = unescape(script.replace("&ququot;", "&quot;"))
    start = MODEL.search(text)
    if not start:
        return []
    try:
        model, _ = json.JSONDecoder().raw_decode(text, start.end())
        entries = [item for scan in model["ImageThumbnailsModel"] for item in scan["Thumbnails"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [item for item in entries if isinstance(item, dict)]


def _has_genre(genre: str, item: dict, page: BeautifulSoup | None) -> bool:
    tags = page.select("[itemprop=genre]") if page else []
    names = [_text(item.get("genre")), *(tag.get_text(strip=True) for tag in tags)]
    return genre.casefold() in (name.casefold() for name in names)


def _key(item: dict) -> str:
    names = (_text(item.get(name)) for name in ("id", "_id", "paintingUrl", "image"))
    return next(filter(None, names), "") or json.dumps(item, sort_keys=True)


def _text(value: object) -> str:
    """Text or a number as text; anything else that a list may hold is nothing."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
