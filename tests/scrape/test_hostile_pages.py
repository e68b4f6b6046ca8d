"""Pages, lists and robots.txt full of tricks: they end as failures or plain pages, and lead to no forbidden address."""

import gzip
import os
from dataclasses import replace

import pytest
from loopback import ENTITIES, OK, QUICK, endless, query, raw, reply, stall

from stages.scrape import museum
from stages.scrape.addresses import FetchError, Refused
from stages.scrape.catalogue import failure
from stages.scrape.client import MAX_PAGE_BYTES, Client
from stages.scrape.interface import Gap, Record

ROBOTS = {
    "a delay of a year": (
        reply(b"User-agent: *\nCrawl-delay: 31536000\n"),
        Refused,
        "31536000 s between two requests|3.1536e",
    ),
    "a delay that is no number": (reply(b"User-agent: *\nCrawl-delay: nan\nDisallow: /a"), FetchError, "robots.txt"),
    "all forbidden": (reply(b"User-agent: *\nDisallow: /"), FetchError, "forbidden by the site's robots.txt"),
    "a broken server": (reply(b"", "500 Broken"), FetchError, "robots.txt cannot be read: the server answered 500"),
    "an endless one": (
        endless(OK + b"\r\n", b"User-agent: *\nAllow: /\n" * 1000),
        FetchError,
        "robots.txt cannot be read: larger than",
    ),
    "a silent one": (stall(b""), FetchError, "robots.txt cannot be read"),
    "a circle": (reply(b"", "302 Found", Location="/robots.txt"), type(None), ""),
    "a private one": (
        reply(b"", "302 Found", Location="http://10.0.0.1/robots.txt"),
        FetchError,
        "robots.txt cannot be read: .*private network",
    ),
    "XML entities": (reply(ENTITIES), type(None), ""),
    "stars that explode": (reply(b"User-agent: *\nDisallow: " + b"/*a" * 5000 + b"$"), type(None), ""),
    "no text": (reply(os.urandom(100_000)), type(None), ""),
}


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.timeout(20)
def test_a_robots_txt(server, name, connections):
    script, outcome, reason = ROBOTS[name]
    server.scripts |= {"/robots.txt": script, "/a": reply(b"here")}
    client = Client(replace(QUICK, timeout_s=0.5, total_s=1))
    if outcome is type(None):
        assert client.fetch(server.url("/a")) == b"here"
    else:
        for _ in range(2):
            with pytest.raises(outcome, match=reason):
                client.fetch(server.url("/a"))
        assert not server.asked["/a"]
    assert server.asked["/robots.txt"] <= 6 and set(connections) == {"127.0.0.1"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
def test_pages_full_of_tricks_are_only_pages(server, client, connections):
    server.scripts["/entities"] = reply(ENTITIES)
    server.scripts["/deep"] = reply(b"<div>" * 100_000 + b"<a class=set href=/x/>x</a>")
    server.scripts["/json"] = reply(b"[" * 200_000)
    server.scripts["/page"] = raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(MAX_PAGE_BYTES + 1)))
    assert "root:" not in client.page(server.url("/entities")).get_text()
    assert len(client.page(server.url("/entities")).get_text()) < 1000
    assert client.page(server.url("/deep")) is not None
    with pytest.raises(FetchError, match="not the JSON"):
        client.json(server.url("/json"))
    with pytest.raises(FetchError, match="larger than the limit of 16 MB"):
        client.page(server.url("/page"))
    assert set(connections) == {"127.0.0.1"}


def test_links_that_are_no_addresses_are_failures(server, client):
    """In a list, on a work's page, and as a picture's address."""
    broken = "http://[::1/x"
    server.scripts["/"] = reply(b'<a class="set" href="/all/">collection</a>')
    server.scripts["/all/"] = reply(
        f'<li class="work"><a href="{broken}">one</a></li><li class="work"><a href="/w/">two</a></li>'.encode()
    )
    server.scripts["/w/"] = reply(
        f'<a class="rendition" href="{broken}">large</a><a class="rendition">small</a>'.encode()
    )
    gap, record = museum.records(query(client, server.url("/")))
    assert isinstance(gap, Gap) and isinstance(record, Record)
    assert "not a valid address" in gap.reason and failure(record, "x")["image_url"] == broken
    with pytest.raises(FetchError, match="not a valid address"):
        client.fetch(record.image_url)


@pytest.mark.parametrize("following", ["/all/", "/", "/all/?page=2"])
def test_a_list_in_a_circle_ends(server, client, following):
    server.scripts["/"] = reply(b'<a class="set" href="/all/">collection</a>')
    server.scripts["/all/"] = server.scripts["/all/?page=2"] = reply(
        f'<a rel="next" href="{following}">next</a>'.encode()
    )
    if following == "/":
        assert not list(museum.records(query(client, server.url("/"))))
    else:
        with pytest.raises(FetchError, match="does not end"):
            list(museum.records(query(client, server.url("/"))))
    assert server.asked.total() <= 5


def test_there_are_enough_cases():
    assert len(ROBOTS) >= 11
