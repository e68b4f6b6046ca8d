"""The source `wikiart`: lists and pages of every known shape, and a thousand works from the list to dedupe."""

import io
import json
from collections import Counter

import numpy as np
import pytest
from loopback import Gallery, all_records, query, reply
from PIL import Image
from wikiart_site import GENRES, RENDITIONS, Site

from stages.common import files
from stages.scrape import wikiart
from stages.scrape.addresses import FetchError, Refused
from stages.scrape.interface import Gap, Record

LISTED = "/en/x/mode/all-paintings?json=2&layout=new&page={}&resultType=masonry"


def serve(server, *pages: list[dict] | None) -> None:
    for number, items in enumerate([*pages, []], start=1):
        server.scripts[LISTED.format(number)] = reply(json.dumps({"Paintings": items}).encode())


def read(client, server, renditions: str = "original", **changes: object) -> list[Record | Gap]:
    return list(wikiart.records(query(client, server.url("/"), artist="x", renditions=renditions, **changes)))


def item(number: int, **changes: object) -> dict[str, object]:
    image = f"http://uploads{number}.example/w{number}.jpg!Large.jpg"
    return {
        "id": str(number),
        "title": f"Work {number}",
        "year": "1931",
        "image": image,
        "paintingUrl": f"/en/x/w{number}",
    } | changes


def test_the_list_is_read_until_it_is_empty(server, client):
    odd = item(3, _id="3", id=None, title="Work 1", year=None, image="http://uploads.example/caf%C3%A9(1).jpg")
    serve(server, [item(1), item(2, image=None)], [odd, item(1)], None)
    found = read(client, server)
    assert [(one.title, one.year, one.image_url) for one in found if isinstance(one, Record)] == [
        ("Work 1", "1931", "http://uploads1.example/w1.jpg"),
        ("Work 1", "", "http://uploads.example/caf%C3%A9(1).jpg"),
    ]
    for one in found:
        if isinstance(one, Record):
            assert one.work is None and one.set == "collection" and one.page_url.startswith(server.url("/en/x/"))
    assert [one.title for one in found if isinstance(one, Gap)] == ["Work 2"] * 2, "no page, no picture"
    assert "X-Requested-With: XMLHttpRequest" in next(request for request in server.requests if "page=1" in request)
    assert [one.title for one in read(client, server, limit=1)] == ["Work 1"]
    assert server.asked["/en/x/w1"] == 0, "the page of a work is not asked when the list says enough"


def test_a_list_that_repeats_its_last_page_ends(server, client):
    serve(server, [item(1)])
    server.scripts[LISTED.format(2)] = server.scripts[LISTED.format(1)]
    assert len(read(client, server)) == 1


def test_alternate_scans_are_originals_too(server, client):
    serve(
        server,
        [item(1, images=["//other.example/w1-b.jpg!Large.jpg", None, {"odd": 1}, "http://uploads1.example/w1.jpg"])],
    )
    assert [(one.rendition, one.image_url) for one in all_records(read(client, server))] == [
        ("original", "http://uploads1.example/w1.jpg"),
        ("scan 2", "http://other.example/w1-b.jpg"),
    ]


MODEL = (
    '{"ImageThumbnailsModel":[{"Thumbnails":[{"Name":"Large","Width":750,"Height":500,"SizeKB":90.5,'
    '"Url":"http://cdn.example/a.jpg!Large.jpg"}]}]}'
)
ESCAPED = MODEL.replace('"', "&quot;")
LAYOUTS = {
    "escaped": f"thumbnailSizesModel = {ESCAPED}",
    "with a semicolon": f"thumbnailSizesModel = {ESCAPED};",
    "among others": f"init(); thumbnailSizesModel={ESCAPED}; other = {{}};",
    "escaped twice": f"thumbnailSizesModel = {ESCAPED.replace('&', '&amp;')};",
    "with a broken escape": f"thumbnailSizesModel = {ESCAPED.replace('&quot;Name&quot;', '&ququot;Name&ququot;')};",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_renditions_of_the_page_s_model(server, client, layout):
    serve(server, [item(1)])
    script = LAYOUTS[layout]
    article = "<article><h3>Other title</h3></article>"
    page = f'<main ng-controller="ArtworkViewCtrl" ng-init="{script}">{article}</main>'
    server.scripts["/en/x/w1"] = reply(page.encode())
    found = all_records(read(client, server, renditions="all"))
    assert [(one.rendition, one.image_url) for one in found] == [
        ("original", "http://uploads1.example/w1.jpg"),
        ("scan 2", "http://cdn.example/a.jpg"),
        ("large", "http://cdn.example/a.jpg!Large.jpg"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        "",
        "thumbnailSizesModel = ",
        "thumbnailSizesModel = {]",
        "thumbnailSizesModel = [[[",
        'thumbnailSizesModel = {"ImageThumbnailsModel": 7}',
    ],
)
def test_a_page_without_a_readable_model_shows_its_picture(server, client, script):
    serve(server, [item(1, image=None, title="", year=1931)])
    shown = "<h1>Named by the page</h1><img itemprop=image src='//cdn.example/a.jpg!HD.jpg'>"
    page = f"<main ng-controller=ArtworkViewCtrl ng-init='{script}'>{shown}</main>"
    server.scripts["/en/x/w1"] = reply(page.encode())
    found = all_records(read(client, server, renditions="all"))
    assert [(one.title, one.year, one.rendition, one.image_url) for one in found] == [
        ("Named by the page", "1931", "original", "http://cdn.example/a.jpg"),
        ("Named by the page", "1931", "hd", "http://cdn.example/a.jpg!HD.jpg"),
    ]


def test_a_page_out_of_reach_is_a_gap_and_the_list_s_picture_stays(server, client):
    serve(server, [item(1)])
    gap, record = read(client, server, renditions="all")
    assert isinstance(gap, Gap) and isinstance(record, Record)
    assert "404" in gap.reason and record.image_url == "http://uploads1.example/w1.jpg"
    server.scripts["/en/x/w1"] = reply(b"", "403 Forbidden")
    with pytest.raises(Refused, match="403"):
        read(client, server, renditions="all")


def test_genre_is_read_from_the_page(server, client):
    serve(server, [item(1), item(2)])
    server.scripts["/en/x/w1"] = reply(b"<span itemprop=genre>Portrait</span>")
    server.scripts["/en/x/w2"] = reply(b"<span itemprop=genre>landscape</span>")
    assert [one.title for one in read(client, server, genre="portrait")] == ["Work 1"]


def test_the_plain_list_of_titles_is_the_way_round(server, client):
    server.scripts[LISTED.format(1)] = reply(b"<html>the list has moved</html>")
    line = '<li class="painting-list-text-row"><a href="/en/x/w{0}">Work {0}</a>, <span>193{0}</span></li>'
    server.scripts["/en/x/all-works/text-list"] = reply(
        f"<ul>{line.format(1)}{line.format(2)}<li class=painting-list-text-row></li></ul>".encode()
    )
    server.scripts["/en/x/w1"] = reply(b'<img itemprop="image" src="http://cdn.example/1.jpg">')
    found = read(client, server)
    assert [(one.title, one.year, one.image_url) for one in found if isinstance(one, Record)] == [
        ("Work 1", "1931", "http://cdn.example/1.jpg")
    ]
    assert {one.title for one in found if isinstance(one, Gap)} == {"Work 2"}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>please log in</html>",
        b"[]",
        b"7",
        b'{"Paintings": 7}',
        b'{"Paintings": ["a"]}',
        b'{"other": []}',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_no_list_is_explained(server, client, body):
    server.scripts[LISTED.format(1)] = reply(body)
    with pytest.raises(FetchError, match=r"page 1 .* not the JSON"):
        read(client, server)


def painted(number: int, width: int) -> bytes:
    """A small picture of colored patches that no other number has, for the works that are asked for."""
    if GENRES[number % 3] != "portrait":
        return b"not asked for"
    patches = Image.fromarray(np.random.default_rng(number).integers(0, 256, (12, 16, 3), np.uint8)).resize(
        (208, 156), Image.Resampling.BICUBIC
    )
    edge = 40 + width // 2  # the smallest rendition must be large enough to be compared
    data = io.BytesIO()
    patches.resize((edge, edge * 3 // 4), Image.Resampling.BOX).save(data, "JPEG", quality=85)
    return data.getvalue()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_thousand_works_from_list_to_works(workspace):
    """The list and pages of 1,050 works, the files of those of one genre, and from 120 works' files the works again."""
    gallery = Gallery({})
    site = Site(1050, gallery.url(""), gallery.url("").replace("127.0.0.1", "localhost"), painted)
    gallery.files = site.files
    workspace.set(scrape__source="wikiart", scrape__url=gallery.url(), scrape__genre="portrait", scrape__connections=8)
    try:
        done = workspace.open("scrape")
    finally:
        gallery.close()
    assert done.returncode == 0, done.stderr
    assert sum("/en/salvador-dali/" in path and "mode" not in path for path in gallery.asked) == 1050
    portraits = [number for number in range(1050) if GENRES[number % 3] == "portrait"]
    shown = [number for number in portraits if number not in site.without_picture]
    rows = files.read_jsonl(workspace.folder / "data" / "raw" / "catalogue.jsonl")
    counts = Counter(row["rendition"] for row in rows)
    even = [number for number in shown if number % 2 == 0]
    assert counts["original"] == len(shown) and counts["scan 2"] == len(site.with_two_scans & set(shown))
    assert counts["portrait"] == len(even) and counts["hd"] == len([number for number in even if number % 5])
    assert counts["large"] == len(shown)
    assert set(counts) == {"original", "scan 2", *(name.lower() for name in RENDITIONS)}
    summary = files.read_json(workspace.folder / "metrics" / "scrape.json")
    missing = len([number for number in even if number % 5 == 0])
    assert summary["failed"] == missing + len(set(portraits) & site.without_picture)
    assert summary["files"] == len(rows) > 1000
    assert (summary["source"], summary["collection"]) == ("salvador-dali on WikiArt", "salvador-dali")
    assert sum("404" in item["reason"] for item in summary["failures"]) == missing

    asked = set(list(dict.fromkeys(row["page_url"] for row in rows))[:120])  # works enough, in a third of the time
    rows = [row for row in rows if row["page_url"] in asked]
    files.write_jsonl(workspace.folder / "data" / "raw" / "catalogue.jsonl", rows)
    workspace.set(dedupe__details=False)  # two thirds of the time, and there are no details here
    done = workspace.open("dedupe")
    assert done.returncode == 0, done.stderr
    works = files.read_jsonl(workspace.folder / "data" / "works" / "works.jsonl")
    assert len(works) == files.read_json(workspace.folder / "metrics" / "dedupe.json")["works"] == len(asked)
    by_file = {row["file"]: row for row in rows}
    for work in works:
        pages = {by_file[file]["page_url"] for file in work["duplicates"]}
        assert pages == {work["page_url"]}, "all renditions of one work, and of one only"
        assert by_file[work["file"]]["rendition"] == "original"
    assert sum(1 + len(work["duplicates"]) for work in works) == len(rows)
