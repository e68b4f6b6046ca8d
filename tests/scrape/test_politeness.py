"""How polite the client is, seen from the server: rate, waits, names, conditional requests, and nothing asked twice."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import DEFAULTS, QUICK, Gallery, reply

from stages.scrape.addresses import FetchError, Refused
from stages.scrape.client import Client
from stages.scrape.download import fetch_in_order
from stages.scrape.interface import Record
from stages.scrape.rate_limit import RateLimiter
from stages.scrape.store import Store


def polite(**changes) -> Client:
    return Client(replace(QUICK, **changes))


def stored(folder: Path, **options) -> Client:
    return Client(QUICK, Store(folder), **options)


def test_the_visitor_says_who_it_is_and_how_to_reach_its_owner(server, client):
    server.scripts["/a"] = reply(b"here")
    client.fetch(server.url("/a"))
    for request in server.requests:
        assert "User-Agent: how-far-do-n-pictures-go/1.0 (tests@museum.example; " in request
        assert "cookie" not in request.lower() and "authorization" not in request.lower()


def test_a_contact_with_accents_is_sent(server):
    params = DEFAULTS.model_validate(DEFAULTS.model_dump() | {"contact": "José <a@b.example>"})
    server.scripts["/a"] = reply(b"here")
    polite(contact=params.contact).fetch(server.url("/a"))
    assert all("(José <a@b.example>; " in request for request in server.requests)


def test_without_a_contact_only_this_machine_is_asked(server, connections):
    server.scripts["/a"] = reply(b"here")
    client = polite(contact="")
    assert client.fetch(server.url("/a")) == b"here"
    with pytest.raises(Refused, match=r"scrape\.contact is empty"):
        client.fetch("http://museum.example/a")
    assert set(connections) == {"127.0.0.1"}


def test_one_rate_per_host_for_all_threads_together(server):
    server.scripts |= {f"/{number}": reply(b"here") for number in range(6)}
    client = polite(requests_per_second=20)
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(client.fetch, [server.url(f"/{number}") for number in range(6)])) == [b"here"] * 6
    assert time.monotonic() - started >= 6 / 20  # seven requests with robots.txt: six gaps


def test_the_rate_of_one_host_does_not_slow_another():
    limiter, started = RateLimiter(0.5), time.monotonic()
    for host in "abc":
        limiter.wait(host)
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nCrawl-delay: 0.25",
        "User-agent: how-far-do-n-pictures-go\nCrawl-delay: 0.25\n\nUser-agent: *\nDisallow: /",
    ],
)
def test_a_site_s_crawl_delay_lowers_the_rate(server, rules):
    server.scripts |= {"/robots.txt": reply(rules.encode()), "/a": reply(b"a"), "/b": reply(b"b")}
    client = polite(requests_per_second=1000)
    client.fetch(server.url("/a"))
    started = time.monotonic()
    client.fetch(server.url("/b"))
    assert time.monotonic() - started >= 0.2


def busy_once(status: str, **headers: str):
    """A script that is busy at first and answers the second time."""
    visits = iter([reply(b"", status, **headers), reply(b"here")])
    return lambda connection, target: next(visits)(connection, target)


def test_retry_after_is_obeyed(server):
    server.scripts["/a"] = busy_once("429 Slow Down", Retry_After="1")
    started = time.monotonic()
    assert polite().fetch(server.url("/a")) == b"here"
    assert 1 <= time.monotonic() - started < 3


def test_retry_after_is_obeyed_by_the_next_address_when_no_try_is_left(server):
    server.scripts |= {"/a": reply(b"", "429 Slow Down", Retry_After="1"), "/b": reply(b"here")}
    client = polite(retries=0)
    started = time.monotonic()
    with pytest.raises(FetchError, match="429 Slow Down"):
        client.fetch(server.url("/a"))
    assert client.fetch(server.url("/b")) == b"here"
    assert 1 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    "asked, told", [("120", "120"), ("9" * 400, "1000000000"), ("Fri, 31 Dec 9999 23:59:59 GMT", "")]
)
def test_a_server_that_asks_for_more_than_a_scrape_waits_is_left(server, asked, told):
    busy = reply(b"", "429 Slow Down", Retry_After=asked)
    server.scripts |= {"/a": busy, "/b": reply(b"here")}
    server.scripts["/from"] = reply(b"", "302 Found", Location=server.url("/b"))
    client = polite(retries=3)
    with pytest.raises(
        Refused, match=f"answered 429 Slow Down: 127.0.0.1 asks for a pause of {told}.* s, more than the 60"
    ):
        client.fetch(server.url("/a"))
    for path in ("/a", "/b"):
        with pytest.raises(Refused, match=f"not asked for: 127.0.0.1 asks for a pause of {told}"):
            client.fetch(server.url(path))
    with pytest.raises(Refused, match="not asked for"):
        client.fetch(server.url("/from").replace("127.0.0.1", "localhost"))
    assert (server.asked["/a"], server.asked["/b"], server.asked["/from"]) == (1, 0, 1)


def test_who_waits_for_a_turn_does_not_ask_a_host_that_was_left_meanwhile(server):
    server.scripts |= {"/a": reply(b"", "503 Busy", Retry_After="3600"), "/b": reply(b"here")}
    client = polite()
    client.fetch(server.url("/b"))
    client.slow_down(server.url("/"), 0.5)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.fetch, server.url("/a"))
        time.sleep(0.1)
        second = pool.submit(client.fetch, server.url("/b"))
        for visit in (first, second):
            with pytest.raises(Refused, match="asks for a pause of 3600 s"):
                visit.result()
    assert server.asked["/b"] == 1


def test_a_robots_txt_of_a_server_that_asks_for_too_long_a_pause(server):
    server.scripts |= {"/robots.txt": reply(b"", "503 Busy", Retry_After="3600"), "/a": reply(b"a")}
    client = polite()
    for _ in range(2):
        with pytest.raises(Refused, match="asks for a pause of 3600 s"):
            client.fetch(server.url("/a"))
    assert server.asked["/robots.txt"] == 1 and not server.asked["/a"]


def test_a_busy_server_is_left_alone_by_all_threads(server):
    times: list[float] = []

    def slow(connection, target):
        times.append(time.monotonic())
        (reply(b"", "429 Slow Down", Retry_After="1") if len(times) == 1 else reply(b"here"))(connection, target)

    server.scripts |= {"/a": slow, "/b": slow}
    client = polite()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.fetch, server.url("/a"))
        time.sleep(0.2)
        assert pool.submit(client.fetch, server.url("/b")).result() == first.result() == b"here"
    assert times[1] - times[0] >= 0.9


def test_waits_between_tries_grow(server):
    times: list[float] = []
    server.scripts["/a"] = lambda connection, target: (
        times.append(time.monotonic()),
        reply(b"", "502 Bad Gateway")(connection, target),
    )
    with pytest.raises(FetchError, match="502"):
        polite(retries=3, first_wait_s=0.1).fetch(server.url("/a"))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 4 and gaps[0] >= 0.05 and gaps[1] >= 0.1 and gaps[2] >= 0.2


def test_nothing_is_asked_twice(server, tmp_path):
    server.scripts |= {
        "/a": reply(b"here"),
        "/gone": reply(b"", "410 Gone"),
        "/robots.txt": reply(b"User-agent: *\nDisallow: /office"),
    }
    for _ in range(2):
        client = stored(tmp_path)
        assert client.fetch(server.url("/a")) == b"here"
        with pytest.raises(FetchError, match="410 Gone"):
            client.fetch(server.url("/gone"))
        with pytest.raises(FetchError, match=r"forbidden by the site's robots\.txt"):
            client.fetch(server.url("/office"))
    assert server.asked == {"/robots.txt": 1, "/a": 1, "/gone": 1}


def test_what_may_get_better_is_asked_again(server, tmp_path):
    server.scripts |= {"/a": reply(b"", "500 Broken"), "/json": reply(b"<html>", "200 OK")}
    with pytest.raises(FetchError, match="500"):
        stored(tmp_path).fetch(server.url("/a"))
    with pytest.raises(FetchError, match="not the JSON"):
        stored(tmp_path).json(server.url("/json"))
    server.scripts |= {"/a": reply(b"here"), "/json": reply(b"[1]")}
    assert stored(tmp_path).fetch(server.url("/a")) == b"here" and stored(tmp_path).json(server.url("/json")) == [1]


def test_a_refresh_asks_for_changes_only(server, tmp_path):
    server.scripts["/a"] = reply(b"old", ETag='"1"', Last_Modified="Wed, 21 Oct 2015 07:28:00 GMT")
    assert stored(tmp_path).fetch(server.url("/a")) == b"old"
    server.scripts["/a"] = reply(b"", "304 Not Modified")
    assert stored(tmp_path, refresh=True).fetch(server.url("/a")) == b"old"
    assert 'If-None-Match: "1"' in server.requests[-1] and "If-Modified-Since: Wed, 21 Oct 2015" in server.requests[-1]
    server.scripts["/a"] = reply(b"new", ETag='"2"')
    assert stored(tmp_path, refresh=True).fetch(server.url("/a")) == b"new"
    assert stored(tmp_path).fetch(server.url("/a")) == b"new" and server.asked["/a"] == 3


def test_a_damaged_body_is_fetched_again(server, tmp_path):
    server.scripts["/a"] = reply(b"here", ETag='"1"')
    stored(tmp_path).fetch(server.url("/a"))
    (body,) = (path for path in (tmp_path / "bodies").rglob("*") if path.is_file())
    body.write_bytes(b"her")
    with pytest.raises(FetchError, match="not in the store"):
        stored(tmp_path, offline=True).fetch(server.url("/a"))
    assert stored(tmp_path).fetch(server.url("/a")) == b"here"
    assert "If-None-Match" not in server.requests[-1] and server.asked["/a"] == 2
    for answer in (tmp_path / "answers").rglob("*.json"):
        answer.write_text("{")
    assert stored(tmp_path).fetch(server.url("/a")) == b"here" and server.asked["/a"] == 3


def test_offline_asks_nobody(server, tmp_path, connections):
    server.scripts["/a"] = reply(b"here")
    stored(tmp_path).fetch(server.url("/a"))
    connections.clear()
    offline = stored(tmp_path, offline=True)
    assert offline.fetch(server.url("/a")) == b"here"
    with pytest.raises(FetchError, match=r"not in the store of fetched files, and scrape\.offline is true"):
        offline.fetch(server.url("/b"))
    assert not connections


def record(url: str) -> Record:
    return Record(None, "", "", "", "", url, "", "", "collection")


def test_downloads_come_in_order_and_a_few_at_a_time():
    gallery = Gallery({f"/{number}": str(number).encode() for number in range(40)}, delay=0.01)
    try:
        client = polite()
        records = [record(gallery.url(f"/{number}")) for number in [*range(40), 0, 1]]
        results = list(fetch_in_order(records, lambda item: client.fetch(item.image_url), 3))
    finally:
        gallery.close()
    assert [int(result) for _, result in results] == [*range(40), 0, 1] and [item for item, _ in results] == records
    assert gallery.busiest == 3
    assert set(gallery.asked.values()) == {1}, "two records of one address are one download"


def test_a_refusal_ends_the_downloads():
    started: list[str] = []
    lock = threading.Lock()

    def work(item: Record) -> None:
        with lock:
            started.append(item.image_url)
        time.sleep(0.01)
        if item.image_url.endswith("/5"):
            raise Refused("go away")

    with pytest.raises(Refused):
        list(fetch_in_order([record(f"http://museum.example/{number}") for number in range(1000)], work, 2))
    assert len(started) < 50
