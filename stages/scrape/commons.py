"""The source `commons`: the pictures of a Wikimedia Commons category, through the MediaWiki programming interface."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin

from stages.scrape.addresses import FetchError
from stages.scrape.client import Client, NotJSON
from stages.scrape.html_text import visible_text
from stages.scrape.interface import Gap, Query, Record

API = "w/api.php"
THUMBNAIL_WIDTH = 960  # pixels; one of the few widths that the site makes
MAX_ANSWERS = 5000  # of 50 files each; more than any category fills
MIME_TYPES = [f"image/{kind}" for kind in ("jpeg", "png", "webp", "tiff", "gif", "bmp", "x-ms-bmp", "avif", "jxl")]
API_PARAMETERS = {
    "action": "query",
    "format": "json",
    "formatversion": "2",
    "generator": "categorymembers",
    "gcmtype": "file",
    "gcmlimit": "50",
    "prop": "imageinfo",
    "iiprop": "url|size|mime|sha1|extmetadata",
    "iiurlwidth": str(THUMBNAIL_WIDTH),
}


def records(query: Query) -> Iterator[Record | Gap]:
    """The first files of the category: the originals, and if all renditions are wanted, one of those that are larger.

    Raises FetchError when the interface cannot be had, or answers with an error.
    """
    given = 0
    for page in _pages(query.client, query.address, query.params.category):
        title = _text(page.get("title")).partition(":")[2]
        info = _dict(next(iter(_list(page.get("imageinfo"))), None))
        if gap := _gap(title, info):
            yield gap
        else:
            yield from _renditions(title, info, query.params.all_renditions)
            given += 1
        if given and given == query.params.limit:
            return


def _gap(title: str, info: dict[str, Any]) -> Gap | None:
    """Why a file cannot be used, if so."""
    if not _text(info.get("url")):
        return Gap(title, _text(info.get("descriptionurl")), "the site shows no file of this name")
    if info.get("mime") not in MIME_TYPES:
        kind = _text(info.get("mime")) or "something without a type"
        return Gap(title, _text(info["url"]), f"not a picture that can be used, but {kind}")
    return None


def _renditions(title: str, info: dict[str, Any], all_renditions: bool) -> Iterator[Record]:
    metadata = _metadata(info)
    yield _record(title, info, metadata, info["url"], "original")
    # The site enlarges a small original to the width that was asked for: such a thumbnail holds nothing new.
    is_smaller = _number(info.get("thumbwidth")) < _number(info.get("width"))
    if all_renditions and _text(info.get("thumburl")) and is_smaller:
        yield _record(title, info, metadata, info["thumburl"], f"{_number(info['thumbwidth'])} px")


def _record(title: str, info: dict[str, Any], metadata: dict[str, str], url: str, rendition: str) -> Record:
    year = re.search(r"\b\d{4}\b", metadata.get("DateTimeOriginal", ""))
    return Record(
        work=None,  # a file, not a work: a category holds several scans of one painting
        title=metadata.get("ObjectName") or title.rpartition(".")[0] or title,
        year=year.group() if year else "",
        technique=metadata.get("Medium", ""),
        page_url=_text(info.get("descriptionurl")),
        image_url=url,
        rendition=rendition,
        rights=_rights(metadata),
        set="collection",
    )


def _metadata(info: dict[str, Any]) -> dict[str, str]:
    """The file's `extmetadata` as plain text."""
    entries = _dict(info.get("extmetadata"))
    return {name: visible_text(_dict(entry).get("value")) for name, entry in entries.items()}


def _rights(metadata: dict[str, str]) -> str:
    license = " ".join(metadata[name] for name in ("LicenseShortName", "LicenseUrl") if metadata.get(name))
    rights = [license or metadata.get("UsageTerms", "") or "see the file's page"]
    for label, name in (("author", "Artist"), ("credit", "Credit")):
        if metadata.get(name):
            rights.append(f"{label}: {metadata[name]}")
    return "; ".join(rights)


def _pages(client: Client, address: str, category: str) -> Iterator[dict[str, Any]]:
    """The files of a category; a batch may be spread over several answers, each with a part of what was asked."""
    parameters = API_PARAMETERS | {"gcmtitle": f"Category:{category.removeprefix('Category:')}"}
    continuation: dict[str, str] = {}
    seen: set[str] = set()
    batch: dict[str, dict[str, Any]] = {}
    while len(seen) < MAX_ANSWERS:
        url = urljoin(address, f"{API}?{urlencode(sorted((parameters | continuation).items()))}")
        if url in seen:
            break
        seen.add(url)
        answer = _answer(client, url)
        pages = _list(_dict(answer.get("query")).get("pages"))
        if not pages:
            client.forget(url)  # the category may be filled another day
        for page in map(_dict, pages):
            known = batch.setdefault(str(page.get("pageid") or page.get("title") or f"entry {len(batch)}"), {})
            known |= {key: value for key, value in page.items() if value}
        if "batchcomplete" in answer:
            yield from batch.values()
            batch = {}
        if not isinstance(answer.get("continue"), dict):
            yield from batch.values()
            return
        continuation = {key: str(value) for key, value in answer["continue"].items()}
    raise FetchError("the category's list does not end: its continuation goes round in a circle, or on for ever")


def _answer(client: Client, url: str) -> dict[str, Any]:
    """An answer of the interface, which has rules of its own: robots.txt, written for crawlers, forbids all of /w/."""
    try:
        return client.json(url, _checked, robots=False)
    except NotJSON as problem:
        raise FetchError("the interface's answer is not the JSON that was expected") from problem


def _checked(answer: Any) -> dict[str, Any]:
    """An answer as it is; raises FetchError for an error, which the interface sends with status 200."""
    if not isinstance(answer, dict) or not isinstance(answer.get("query", {}) or {}, dict):
        raise FetchError("the interface's answer is not the JSON that was expected")
    if error := answer.get("error") or answer.get("errors"):
        info = _text(_dict(error).get("info")) or str(error)
        raise FetchError(f"the interface answers with an error: {info[:200]}")
    pages = _dict(answer.get("query")).get("pages", [])
    if not isinstance(pages, list) or (pages and not any(isinstance(page, dict) for page in pages)):
        raise FetchError("the interface answers with an error: pages of another shape")
    if not {"query", "batchcomplete", "continue"} & answer.keys():
        raise FetchError("the interface's answer has neither files nor an end")
    return answer


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
