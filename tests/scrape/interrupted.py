"""For the tests of downloads that break off.

A body of which the first bytes arrive, and what a server may answer to the request for the rest.
"""

import random
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest
from loopback import QUICK, Script, raw

from stages.scrape.addresses import FetchError
from stages.scrape.client import Client
from stages.scrape.store import Store

BODY = random.Random(0).randbytes(100_000)
THERE = 40_000  # bytes that arrive before the first answer breaks off
LENGTH = {"Content-Length": "100000"}
TAG = {"ETag": '"one"'}
OLD = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Thu, 22 Oct 2015 07:28:00 GMT"}
REST = {"Content-Range": "bytes 40000-99999/100000", "Content-Length": "60000"}


def answer(status: str, headers: dict[str, str], body: bytes) -> Script:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *(f"{key}: {value}" for key, value in headers.items())]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def cut(**headers: str) -> Script:
    """An answer that breaks off after the first bytes of the body."""
    return answer("200 OK", LENGTH | (headers or TAG), BODY[:THERE])


def rest(start: int = THERE, end: int = len(BODY), **changes: str) -> Script:
    """The missing bytes as they should come, apart from the changes; a header that is changed to "" is left out."""
    headers = REST | TAG | {name.replace("_", "-"): value for name, value in changes.items()}
    return answer("206 Partial Content", {name: value for name, value in headers.items() if value}, BODY[start:end])


def last() -> Script:
    """The last 30,000 bytes."""
    return rest(70_000, Content_Range="bytes 70000-99999/100000", Content_Length="30000")


WHOLE = answer("200 OK", LENGTH | TAG, BODY)


def in_turn(*scripts: Script) -> Script:
    """One script after the other, and then the last one again and again."""
    visits = chain(scripts, repeat(scripts[-1]))
    return lambda connection, target: next(visits)(connection, target)


def visitor(folder: Path, offline: bool = False, refresh: bool = False, **changes) -> Client:
    """A client without further tries, apart from the changes."""
    return Client(replace(QUICK, **{"retries": 0} | changes), Store(folder), offline, refresh)


def partials(folder: Path) -> list[Path]:
    return list((folder / "partial").glob("*"))


def broken_off(server, folder: Path, *scripts: Script) -> None:
    """A first visit, which breaks off; the scripts are for the visits after it."""
    server.scripts["/a"] = in_turn(cut(), *scripts)
    with pytest.raises(FetchError, match="broke off"):
        visitor(folder).file(server.url("/a"))
    assert len(partials(folder)) == 1


def sent(request: str) -> dict[str, str]:
    """The headers of a request."""
    return dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if line)
