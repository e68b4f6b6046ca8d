"""Servers that mean harm, or are merely broken: each answer ends in a failure with its reason, in time."""

import gzip
import time
from dataclasses import replace

import pytest
from loopback import OK, QUICK, drip, endless, raw, reply, stall

from stages.scrape.addresses import FetchError
from stages.scrape.client import Client

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
    "endless early hints": (endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), SLOW + "|broke off"),
    "an endless body": (endless(OK + b"\r\n", b"z" * 65536), "larger than the limit of 1 MB"),
    "endless chunks": (
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", (b"32\r\n" + b"hello" * 10 + b"\r\n") * 1000),
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
    "a closed gate": (reply(b"", "403 Forbidden"), "403 Forbidden: it does not want"),
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
    client = Client(replace(QUICK, max_bytes=1_000_000, total_s=0.8, timeout_s=0.5, max_wait_s=0.05))
    started = time.monotonic()
    with pytest.raises(FetchError, match=reason) as caught:
        client.fetch(server.url("/a"))
    assert time.monotonic() - started < 6
    assert str(server.port) not in str(caught.value), "the reason is part of the metrics: the same in every run"
    assert server.asked["/a"] <= 6


def test_there_are_enough_cases():
    assert len(ANSWERS) >= 41
