"""Servers that mean harm, or are merely broken: each case ends in a failed file or a clear stop, in time, and asks no forbidden address."""

import gzip
import itertools
import os
import socket
import time
import zlib

import pytest
from loopback import QUICK, picture, raw, reply

from stages.scrape import museum
from stages.scrape.addresses import FetchError, Refused, may_connect
from stages.scrape.catalogue import NotAPicture, examine, failure
from stages.scrape.fetch import PAGE_BYTES, Client, Manners

OK = b"HTTP/1.1 200 OK\r\n"


def drip(head: bytes, every: float = 0.2):
    """Send the head at once, then a byte now and then, never long enough apart for an idle limit."""

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            time.sleep(every)
            connection.sendall(b"x")

    return script


def stall(head: bytes):
    """Send the head, then nothing."""

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        time.sleep(30)

    return script


def endless(head: bytes, piece: bytes):
    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return script


BOMB = gzip.compress(bytes(40_000_000))
GZIP = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
SLOW = "in time|more than 0.8 s in all"
ANSWERS = {
    "nothing at all": (raw(b""), "broke off"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.0\r\n"), "broke off|failed"),
    "silence": (stall(b""), SLOW),
    "silence after the headers": (stall(OK + b"Content-Length: 9\r\n\r\n"), SLOW),
    "a status line that drips": (drip(b"HTTP/1.1 2"), SLOW),
    "a header that drips": (drip(OK + b"X-Slow: "), SLOW),
    "a body that drips": (drip(OK + b"Content-Length: 100000\r\n\r\n"), SLOW),
    "a chunk that drips": (drip(OK + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n"), SLOW),
    "endless headers": (endless(OK, b"X-More: more\r\n"), "broke off|failed"),
    "an endless header line": (endless(OK + b"X-Long: ", b"y" * 65536), "broke off|failed"),
    "endless interim answers": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), SLOW + "|broke off"),
    "an endless body": (endless(OK + b"\r\n", b"z" * 65536), "larger than the limit of 1 MB"),
    "endless chunks": (
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n" * 1000),
        "larger than the limit of 1 MB",
    ),
    "a body that announces too much": (stall(OK + b"Content-Length: 1000001\r\n\r\n"), "larger than the limit of 1 MB"),
    "a length beyond all numbers": (
        stall(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        "larger|broke off|failed",
    ),
    "a length that is no number": (raw(OK + b"Content-Length: -5\r\n\r\n"), "impossible length"),
    "a body cut short": (raw(OK + b"Content-Length: 100\r\n\r\nshort"), "broke off"),
    "chunks cut short": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nshort"), "broke off"),
    "chunks without sizes": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "broke off|failed"),
    "a gzip bomb": (raw(GZIP % len(BOMB) + BOMB), "larger than the limit of 1 MB"),
    "a gzip bomb in a gzip bomb": (
        raw((OK + b"Content-Encoding: gzip, gzip\r\n\r\n") + gzip.compress(BOMB)),
        "larger than the limit of 1 MB",
    ),
    "twenty layers of gzip": (
        raw(OK + b"Content-Encoding: " + b", ".join([b"gzip"] * 20) + b"\r\n\r\n" + BOMB),
        "compression|failed",
    ),
    "gzip that is none": (
        raw(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
        "compression is broken",
    ),
    "a wish for a password": (reply(b"", "401 Unauthorized"), "401 Unauthorized: it does not want"),
    "a closed door": (reply(b"", "403 Forbidden"), "403 Forbidden: it does not want"),
    "a redirect to a login": (reply(b"", "302 Found", Location="/users/sign-in?next=%2Fa"), "login page"),
    "a redirect in a circle": (reply(b"", "301 Moved", Location="/a"), "more than 5 redirects"),
    "a redirect to a file": (reply(b"", "302 Found", Location="file:///etc/passwd"), "only http and https"),
    "a redirect to ftp": (reply(b"", "302 Found", Location="ftp://127.0.0.1/a"), "only http and https"),
    "a redirect to a script": (reply(b"", "302 Found", Location="javascript:alert(1)"), "only http and https"),
    "a redirect to a broken address": (reply(b"", "302 Found", Location="http://[::1/"), "not a valid address"),
    "a redirect with a password": (
        reply(b"", "302 Found", Location="http://user:word@127.0.0.1/"),
        "user name or password",
    ),
    "a redirect nowhere": (reply(b"", "302 Found"), "answered 302"),
    "unchanged, though nothing was asked before": (reply(b"", "304 Not Modified"), "304, unchanged"),
    "a partial body": (reply(b"half", "206 Partial Content"), "answered 206"),
    "no content": (reply(b"", "204 No Content"), "answered 204"),
    "a status beyond all": (reply(b"", "999 Go Away"), "answered 999"),
    "an error, again and again": (reply(b"", "500 Broken"), "answered 500"),
    "a wait for a year": (reply(b"", "429 Slow Down", Retry_After="31536000"), "answered 429"),
    "a wait until nonsense": (reply(b"", "503 Busy", Retry_After="soon, maybe"), "answered 503"),
    "a wait until the past": (reply(b"", "503 Busy", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "answered 503"),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.timeout(20)
def test_an_answer_that_is_none(server, name):
    script, reason = ANSWERS[name]
    server.scripts["/a"] = script
    client = Client(
        Manners(**QUICK | {"most_bytes": 1_000_000, "total_s": 0.8, "timeout_s": 0.5, "longest_wait_s": 0.05})
    )
    started = time.monotonic()
    with pytest.raises(FetchError, match=reason) as caught:
        client.bytes(server.url("/a"))
    assert time.monotonic() - started < 6
    assert str(server.port) not in str(caught.value), "the reason is part of the metrics: the same in every run"
    assert server.asked["/a"] <= 6


def test_there_are_enough_cases():
    assert len(ANSWERS) + len(FORBIDDEN) + len(ROBOTS) + len(PICTURES) >= 25


FORBIDDEN = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "240.0.0.1",
    "[::]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:0.0.0.0]",
    "[2002:0a00:0001::1]", "[64:ff9b::a00:1]", "[2001:db8::1]", "167772161", "0x0a000001", "012.0.0.1", "10.1", "2852039166",
]  # fmt: skip
LOOPBACK = [
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "LOCALHOST",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_redirect_into_a_private_network_is_not_followed(server, client, connections, host):
    server.scripts["/a"] = reply(b"", "302 Found", Location=f"http://{host}/latest/meta-data/")
    with pytest.raises(FetchError, match="private network|host's name"):
        client.bytes(server.url("/a"))
    assert set(connections) == {"127.0.0.1"} and server.asked["/a"] == 1


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_is_closed_to_a_source_that_is_elsewhere(server, connections, host):
    server.scripts["/robots.txt"] = server.scripts["/a"] = reply(b"secret")
    with pytest.raises(FetchError, match="this machine"):
        Client(Manners(**QUICK | {"local": False})).bytes(f"http://{host}:{server.port}/a")
    assert not connections and not server.asked


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["93.184.216.34", "::ffff:10.0.0.1"], ["fe80::1%1"]],
    ids=str,
)
def test_a_name_that_resolves_to_a_forbidden_address_is_not_asked(monkeypatch, connections, answers):
    infos = [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    with pytest.raises(FetchError, match="private network"):
        Client(Manners(**QUICK | {"local": False})).bytes("http://museum.example/a")
    assert not connections


def test_a_name_is_resolved_once_for_a_connection(monkeypatch, connections):
    """DNS rebinding: the first look shows a public address, the second one this machine. There is no second look."""
    addresses = itertools.chain(["93.184.216.34"], itertools.repeat("127.0.0.1"))
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), 9))]
    )
    client = Client(Manners(**QUICK | {"local": False, "retries": 0, "timeout_s": 0.2}))
    with pytest.raises(FetchError):
        client.bytes("http://museum.example:9/a")
    assert connections == ["93.184.216.34"]
    with pytest.raises(FetchError, match="private network"):
        Client(client.manners).bytes("http://museum.example:9/a")
    assert connections == ["93.184.216.34"]


def test_public_addresses_may_be_asked():
    assert all(
        may_connect(ip, False)
        for ip in (
            "93.184.216.34",
            "8.8.8.8",
            "2606:2800:220:1:248:1893:25c8:1946",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        )
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.jpg",
        "//x/a",
        "ftp://x/a",
        "file:///a",
        "data:image/png;base64,AA",
        "http://",
        "http://[",
        "http://x:99999/",
        "gopher://x",
    ],
)
def test_what_is_no_web_address_is_not_asked(client, connections, url):
    with pytest.raises(FetchError):
        client.bytes(url)
    assert not connections


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><r>&a;&c;</r>'
ROBOTS = {
    "a delay of a year": (
        reply(b"User-agent: *\nCrawl-delay: 31536000\n"),
        Refused,
        "31536000 s between two requests|3.1536e",
    ),
    "a delay that is no number": (reply(b"User-agent: *\nCrawl-delay: nan\nDisallow: /a"), FetchError, "robots.txt"),
    "all forbidden": (reply(b"User-agent: *\nDisallow: /"), FetchError, "forbidden by the site's robots.txt"),
    "a broken server": (reply(b"", "500 Broken"), FetchError, "forbidden by the site's robots.txt"),
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
    client = Client(Manners(**QUICK | {"timeout_s": 0.5, "total_s": 1}))
    if outcome is type(None):
        assert client.bytes(server.url("/a")) == b"here"
    else:
        for _ in range(2):
            with pytest.raises(outcome, match=reason):
                client.bytes(server.url("/a"))
        assert not server.asked["/a"]
    assert server.asked["/robots.txt"] <= 6 and set(connections) == {"127.0.0.1"}


@pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
def test_pages_full_of_tricks_are_only_pages(server, client, connections):
    server.scripts["/entities"] = reply(ENTITIES)
    server.scripts["/deep"] = reply(b"<div>" * 100_000 + b"<a class=set href=/x/>x</a>")
    server.scripts["/json"] = reply(b"[" * 200_000)
    server.scripts["/page"] = raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(PAGE_BYTES + 1)))
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
    gap, record = museum.records(client, server.url("/"), 0, True)
    assert "not a valid address" in gap.reason and failure(record, "x")["image_url"] == broken
    with pytest.raises(FetchError, match="not a valid address"):
        client.bytes(record.image_url)


@pytest.mark.parametrize("following", ["/all/", "/", "/all/?page=2"])
def test_a_list_in_a_circle_ends(server, client, following):
    server.scripts["/"] = reply(b'<a class="set" href="/all/">collection</a>')
    server.scripts["/all/"] = server.scripts["/all/?page=2"] = reply(
        f'<a rel="next" href="{following}">next</a>'.encode()
    )
    if following == "/":
        assert not list(museum.records(client, server.url("/"), 0, True))
    else:
        with pytest.raises(FetchError, match="does not end"):
            list(museum.records(client, server.url("/"), 0, True))
    assert server.asked.total() <= 5


def header_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any number of pixels."""
    small = bytearray(picture("PNG", pixels=(1, 1)))
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    return bytes(small)


PICTURES = {
    "nothing": b"",
    "HTML": b"<!doctype html><html><body>please log in</body></html>",
    "HTML behind the head of a JPEG": b"\xff\xd8\xff\xe0<html>",
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "SVG with entities": ENTITIES.replace(b"<r>", b"<svg>"),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd)(r)file\n",
    "GIF": picture("GIF", "L"),
    "a JPEG cut short": picture(pixels=(400, 300), color="red")[:-300],
    "a PNG cut short": picture("PNG", pixels=(400, 300))[:-40],
    "noise": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    "a PNG of 2500 megapixels": header_bomb(50_000, 50_000),
    "a PNG of the largest size": header_bomb(2**31 - 1, 2**31 - 1),
    "a JPEG that scans for ever": picture(pixels=(400, 300), progressive=True)[:-2]
    + b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00" * 100
    + b"\xff\xd9",
    "a PNG just above the limit": picture("PNG", "1", pixels=(1001, 1000)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_only_pretends_to_be_a_picture_fails(name):
    started = time.monotonic()
    with pytest.raises(NotAPicture):
        examine(PICTURES[name], 1.0)
    assert time.monotonic() - started < 1
