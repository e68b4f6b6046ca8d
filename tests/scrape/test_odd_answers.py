"""Answers that no record expects: failed rows or a reason, never a traceback; and texts as a visitor reads them."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from loopback import OK, QUICK, picture, query, raw, reply

from stages.common import files
from stages.scrape import commons, wikiart
from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import examine, failure, row
from stages.scrape.client import Client
from stages.scrape.html_text import visible_text
from stages.scrape.interface import Gap, Record

INFO = {
    "url": "https://u.example/1.jpg",
    "descriptionurl": "https://c.example/1",
    "mime": "image/jpeg",
    "width": 4000,
    "thumburl": "https://u.example/960px-1.jpg",
    "thumbwidth": 960,
    "extmetadata": {name: {"value": "x"} for name in ("ObjectName", "DateTimeOriginal", "Artist", "LicenseShortName")},
}
FILES = [{"pageid": number, "title": f"File:{number}.jpg", "imageinfo": [INFO]} for number in (1, 2)]
CATEGORY = {"batchcomplete": True, "continue": {"gcmcontinue": "x"}, "query": {"pages": FILES}}
WORK = {"id": "1", "title": "A", "year": "1931", "image": "http://u.example/1.jpg!Large.jpg", "paintingUrl": "/en/x/a"}
WORKS = {"Paintings": [WORK | {"images": ["http://u.example/2.jpg"]}, WORK | {"id": "2"}], "AllPaintingsCount": 2}
ODD = (None, [], {}, 0, -1, "", "x", [None], {"a": None}, True, 1.5, float("inf"), ["a", 1], 10**30)
SOURCES = {
    "commons": (commons, CATEGORY, {"batchcomplete": True, "query": {"pages": []}}, {}),
    "wikiart": (wikiart, WORKS, {"Paintings": None}, {"artist": "x", "renditions": "original"}),
    "wikiart, a genre": (wikiart, WORKS, {"Paintings": None}, {"artist": "x", "genre": "x"}),
}


class Answers(Client):
    """A client that gets these values as JSON, and no page."""

    def __init__(self, *values: object):
        super().__init__(QUICK)
        self.values = iter(values)

    def json(self, url, accept=lambda value: value, headers=None, robots=True):
        return accept(next(self.values))

    def page(self, url, accept=lambda page: page):
        raise FetchError("no page")


def places(value: object, at: tuple = ()) -> Iterator[tuple]:
    """The ways to all parts of a JSON value."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*at, key))


def put(value: object, at: tuple, part: object) -> object:
    """A copy of a JSON value with another part at a place."""
    if not at:
        return part
    changed = copy.deepcopy(value)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]  # pyright: ignore[reportIndexIssue, reportOptionalSubscript] - `places` leads there
    inner[at[-1]] = part  # pyright: ignore[reportIndexIssue, reportOptionalSubscript] - likewise
    return changed


@pytest.mark.parametrize("name", SOURCES)
def test_any_part_of_an_answer_may_be_anything(name):
    """Every part of an answer is replaced by every odd value: no exception but FetchError, and no entry is lost."""
    source, answer, end, params = SOURCES[name]
    client, facts, tried = Answers(), examine(picture(), 1), 0
    for at in places(answer):
        for odd in ODD:
            tried += 1
            client.values = iter([put(answer, at, odd), end])
            try:
                found = list(source.records(query(client, "http://s.example/", **params)))
            except FetchError:
                continue
            for one in found:
                json.dumps(row(one, facts) if isinstance(one, Record) else failure(one, one.reason))
            is_in_an_entry = len(at) > at.index("pages") + 1 if "pages" in at else len(at) > 1
            assert len(found) >= 2 or not is_in_an_entry, f"{at} = {odd}: an entry is lost"
    assert tried > 200


def test_an_entry_that_is_null_is_a_failed_row(workspace, server):
    good = {"pageid": 1, "title": "File:One.jpg", "imageinfo": [INFO | {"url": server.url("/1.jpg")}]}
    odd = {"pageid": 2, "title": "File:Two.jpg", "imageinfo": [None]}
    body = json.dumps({"batchcomplete": True, "query": {"pages": [good, odd, None]}}).encode()
    scripts = server.scripts | {"/1.jpg": reply(picture())}

    class Scripts(dict):
        def get(self, target, default=None):
            return reply(body) if "api.php" in target else scripts.get(target, default)

    server.scripts = Scripts()
    workspace.set(scrape__source="commons", scrape__url=server.url("/"), scrape__renditions="original")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    summary = files.read_json(workspace.folder / "metrics/scrape.json")
    assert (summary["files"], [item["title"] for item in summary["failures"]]) == (1, ["Two.jpg", ""])


def test_a_work_of_wikiart_without_a_page_is_no_failure_where_its_picture_is_listed():
    listed = {"Paintings": [{"id": "1", "title": "A  double   space", "image": "http://u.example/1.jpg"}]}
    (record,) = wikiart.records(query(Answers(listed, {"Paintings": None}), "http://s.example/", artist="x"))
    assert isinstance(record, Record) and (record.image_url, record.page_url) == ("http://u.example/1.jpg", "")
    assert row(record, examine(picture(), 1))["title"] == "A double space"
    twins = {"Paintings": [{"title": "A", "image": f"http://u.example/{number}.jpg"} for number in (1, 2)]}
    assert len(list(wikiart.records(query(Answers(twins, {"Paintings": None}), "http://s.example/", artist="x")))) == 2
    nothing = {"Paintings": [{"id": "1", "title": "A"}]}
    (gap,) = wikiart.records(query(Answers(nothing, {"Paintings": None}), "http://s.example/", artist="x"))
    assert isinstance(gap, Gap) and gap.reason == "the site shows no picture of the work"


VISIBLE = {
    '<div>The Blue <b>Egg</b>s</div><div style="display: none;">label QS:Len,"The Blue Egg"</div>': "The Blue Eggs",
    '<span style="color:red;DISPLAY : none">label QS:Lnl</span>Ei': "Ei",
    "<p hidden>title QS:P1476</p><p>One</p><p>Two</p>": "One Two",
    "<style>.a{}</style><script>x()</script><span style='visibility:hidden'>x</span>Egg<!-- no -->": "Egg",
    "circa 1665<br>Delft": "circa 1665 Delft",
    "Wheat &amp; field &eacute;": "Wheat & field é",
    "https://museum.example/?a=1&copy=2": "https://museum.example/?a=1&copy=2",
    "  two\n lines ": "two lines",
    "": "",
}


@pytest.mark.parametrize("value", VISIBLE)
def test_only_what_a_visitor_sees_is_text(value):
    assert visible_text(value) == VISIBLE[value]


def test_titles_have_no_entities_and_nothing_invisible():
    said = Record(
        None,
        "L&#39;\u00c9t\u00e9 &quot;a\u0300&quot;\u200e\u00ad\ufeff",
        "",
        "",
        "",
        "http://a.example/?x=1&copy=2",
        "",
        "",
        "c",
    )
    found = row(said, examine(picture(), 1))
    assert (found["title"], found["image_url"]) == ('L\'Été "à"', "http://a.example/?x=1&copy=2")
    assert row(replace(said, title="a\u200cb"), examine(picture(), 1))["title"] == "a\u200cb"


BODY = b"here" * 1000
LENGTHS = {
    "spaces": b"Content-Length:    4000   \r\n",
    "twice": b"Content-Length: 4000\r\nContent-Length: 4000\r\n",
    "twice in a line": b"Content-Length: 4000, 4000\r\n",
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.timeout(20)
def test_a_length_may_have_spaces_and_be_said_twice(server, client, name):
    def kept_open(connection, _):
        connection.sendall(OK + LENGTHS[name] + b"\r\n" + BODY)
        connection.recv(1)  # the answer ends by its length, not with the connection

    server.scripts["/a"] = kept_open
    assert client.fetch(server.url("/a")) == BODY


def test_two_lengths_that_differ_are_no_length(server, client):
    server.scripts["/a"] = raw(OK + b"Content-Length: 4000\r\nContent-Length: 7\r\n\r\n" + BODY)
    with pytest.raises(FetchError):
        client.fetch(server.url("/a"))


@pytest.mark.parametrize("status", [b"103 Early Hints", b"102 Processing", b"100 Continue"])
def test_interim_answers_are_passed_by(server, client, status):
    hints = b"HTTP/1.1 " + status + b"\r\nLink: </style.css>; rel=preload\r\n\r\n"
    server.scripts["/a"] = raw(hints * 3 + OK + b"Content-Length: 4000\r\n\r\n" + BODY)
    assert client.fetch(server.url("/a")) == BODY


LOCATIONS = {
    "raw UTF-8": "/œuvres/Café (1).jpg".encode(),
    "encoded": b"/%C5%93uvres/Caf%C3%A9%20(1).jpg",
    "relative": "../œuvres/Café (1).jpg".encode(),
    "with its host": "//{host}/œuvres/Café (1).jpg".encode(),
}


@pytest.mark.parametrize("name", LOCATIONS)
def test_a_redirect_may_lead_to_raw_letters(server, client, name):
    location = LOCATIONS[name].replace(b"{host}", f"127.0.0.1:{server.port}".encode())
    server.scripts["/deep/a"] = raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")
    server.scripts["/%C5%93uvres/Caf%C3%A9%20(1).jpg"] = reply(b"here")
    assert client.fetch(server.url("/deep/a")) == b"here"


def test_a_redirect_in_latin_1_is_what_it_looks_like(server, client):
    server.scripts["/a"] = raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /caf\xe9\r\n\r\n")
    server.scripts["/caf%C3%A9"] = reply(b"here")
    assert client.fetch(server.url("/a")) == b"here"
