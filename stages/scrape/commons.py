"""Source "commons": the pictures of a Wikimedia Commons category, through the MediaWiki programming interface."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin

from bs4 import BeautifulSoup

from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import Gap, Record
from stages.scrape.fetch import Client, NotJSON

ADDRESS = "https://commons.wikimedia.org/"
API = "w/api.php"
THUMBNAIL = 960  # pixels; one of the few widths that the site makes
ANSWERS = 5000  # of 50 files each; more than any category fills
TYPES = ("image/jpeg", "image/png", "image/webp", "image/tiff")
ASKED = {
    "action": "query", "format": "json", "formatversion": "2", "generator": "categorymembers", "gcmtype": "file", "gcmlimit": "50",
    "prop": "imageinfo", "iiprop": "url|size|mime|sha1|extmetadata", "iiurlwidth": str(THUMBNAIL),
}  # fmt: skip


def records(client: Client, address: str, category: str, limit: int, every: bool) -> Iterator[Record | Gap]:
    """The first `limit` files of a category (0 = all): the originals, with `every` also a rendition of those that are larger.

    Raises FetchError when the interface cannot be had, or answers with an error.
    """
    given = 0
    for page in _pages(client, address, category):
        title = _text(page.get("title")).partition(":")[2]
        info = next(iter(page.get("imageinfo") or []), {})
        if not _text(info.get("url")):
            yield Gap(title, _text(info.get("descriptionurl")), "the site shows no file of this name")
        elif info.get("mime") not in TYPES:
            yield Gap(
                title,
                _text(info["url"]),
                f"not a picture that can be used, but {_text(info.get('mime')) or 'something without a type'}",
            )
        else:
            yield from _renditions(title, info, every)
            given += 1
        if given and given == limit:
            return


def _renditions(title: str, info: dict[str, Any], every: bool) -> Iterator[Record]:
    facts = {
        name: _plain(entry.get("value"))
        for name, entry in (info.get("extmetadata") or {}).items()
        if isinstance(entry, dict)
    }
    year = re.search(r"\b\d{4}\b", facts.get("DateTimeOriginal", ""))

    def record(url: str, rendition: str) -> Record:
        return Record(
            work=None,  # a file, not a work: a category holds several scans of one painting
            title=facts.get("ObjectName") or title.rpartition(".")[0] or title,
            year=year.group() if year else "",
            technique=facts.get("Medium", ""),
            page_url=_text(info.get("descriptionurl")),
            image_url=url,
            rendition=rendition,
            rights=_rights(facts),
            set="collection",
        )

    yield record(info["url"], "original")
    # The site enlarges a small original to the width that was asked for: such a thumbnail holds nothing new.
    if every and _text(info.get("thumburl")) and _number(info.get("thumbwidth")) < _number(info.get("width")):
        yield record(info["thumburl"], f"{_number(info['thumbwidth'])} px")


def _rights(facts: dict[str, str]) -> str:
    license = " ".join(facts[name] for name in ("LicenseShortName", "LicenseUrl") if facts.get(name)) or facts.get(
        "UsageTerms", ""
    )
    named = [
        license or "see the file's page",
        *(f"{label}: {facts[name]}" for label, name in (("author", "Artist"), ("credit", "Credit")) if facts.get(name)),
    ]
    return "; ".join(named)


def _pages(client: Client, address: str, category: str) -> Iterator[dict[str, Any]]:
    """The files of a category; a batch may be spread over several answers, each with a part of what was asked."""
    asked = ASKED | {"gcmtitle": f"Category:{category.removeprefix('Category:')}"}
    going_on: dict[str, str] = {}
    seen: set[str] = set()
    batch: dict[str, dict[str, Any]] = {}
    while len(seen) < ANSWERS:
        url = urljoin(address, f"{API}?{urlencode(sorted((asked | going_on).items()))}")
        if url in seen:
            break
        seen.add(url)
        answer = _answer(client, url)
        for page in (answer.get("query") or {}).get("pages") or []:
            known = batch.setdefault(str(page.get("pageid")), {})
            known |= {key: value for key, value in page.items() if value}
        if "batchcomplete" in answer:
            yield from batch.values()
            batch = {}
        if not isinstance(answer.get("continue"), dict):
            yield from batch.values()
            return
        going_on = {key: str(value) for key, value in answer["continue"].items()}
    raise FetchError("the category's list does not end: its continuation goes round in a circle, or on for ever")


def _answer(client: Client, url: str) -> dict[str, Any]:
    """An answer of the interface, which has rules of its own: robots.txt, written for crawlers, forbids all of /w/."""
    try:
        answer = client.json(url, robots=False)
        error = answer.get("error")
        shaped = all(isinstance(page, dict) for page in (answer.get("query") or {}).get("pages") or [])
    except (NotJSON, AttributeError, TypeError) as problem:
        raise FetchError("the interface's answer is not the JSON that was expected") from problem
    if error or not shaped:
        raise FetchError(
            f"the interface answers with an error: {str((error or {}).get('info', 'pages of another shape'))[:200]}"
        )
    return answer


def _plain(value: object) -> str:
    """The text of a value that may be HTML."""
    return BeautifulSoup(str(value), "lxml").get_text(" ", strip=True) if value else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
