"""A download that breaks off is resumed, in the same run or in the next one, within the limits of one that does not."""

import random
import socket
import time
from dataclasses import replace

import pytest
from interrupted import (
    BODY,
    LENGTH,
    OLD,
    TAG,
    THERE,
    WHOLE,
    answer,
    broken_off,
    cut,
    in_turn,
    last,
    partials,
    rest,
    sent,
    visitor,
)
from loopback import QUICK, Script, picture, reply

from stages.common import files
from stages.scrape.addresses import FetchError
from stages.scrape.client import Client
from stages.scrape.partial import Partial, Version
from stages.scrape.store import Store

VERSION = Version("http://museum.example/a", 1000, '"one"', "")


def test_the_next_run_goes_on(server, tmp_path):
    broken_off(server, tmp_path, rest())
    assert visitor(tmp_path).file(server.url("/a")) == BODY
    asked = sent(server.requests[-1])
    assert (asked["Range"], asked["If-Range"], asked["Accept-Encoding"]) == ("bytes=40000-", '"one"', "identity")
    assert not partials(tmp_path)
    assert visitor(tmp_path, offline=True).file(server.url("/a")) == BODY and server.asked["/a"] == 2


@pytest.mark.parametrize("keeps", [True, False], ids=["with a store", "in memory"])
def test_another_try_of_the_same_run_goes_on(server, tmp_path, keeps):
    def stalled(connection: socket.socket, target: str) -> None:
        rest(end=70_000)(connection, target)
        time.sleep(1)

    server.scripts["/a"] = in_turn(cut(), reply(b"", "503 Busy"), stalled, last())
    client = Client(replace(QUICK, retries=3, timeout_s=0.3), Store(tmp_path) if keeps else None)
    assert client.file(server.url("/a")) == BODY
    assert [sent(request).get("Range") for request in server.requests[1:]] == [
        None,
        "bytes=40000-",
        "bytes=40000-",
        "bytes=70000-",
    ]
    assert not partials(tmp_path)


def test_what_arrives_is_on_the_disk_before_the_next_piece_comes(server, tmp_path):
    found = []

    def piecemeal(connection: socket.socket, _: str) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: "one"\r\n\r\n')
        for at in range(0, 90_000, 10_000):
            connection.sendall(BODY[at : at + 10_000])
            end = time.monotonic() + 1
            while time.monotonic() < end and not any(Partial(path).size == at + 10_000 for path in partials(tmp_path)):
                time.sleep(0.001)
            found.append(max(Partial(path).size for path in partials(tmp_path)))

    server.scripts["/a"] = piecemeal
    with pytest.raises(FetchError, match="broke off"):
        visitor(tmp_path).file(server.url("/a"))
    assert found == list(range(10_000, 100_000, 10_000))


@pytest.mark.parametrize("first", [TAG | OLD, OLD], ids=["a tag and a date", "a date"])
def test_the_rest_need_not_repeat_the_date_and_it_is_stored_all_the_same(server, tmp_path, first):
    server.scripts["/a"] = in_turn(cut(**first), rest(ETag=first.get("ETag", "")))
    assert visitor(tmp_path, retries=1).file(server.url("/a")) == BODY and server.asked["/a"] == 2
    kept = Store(tmp_path).find(server.url("/a"))
    assert kept is not None
    assert (kept.etag, kept.modified) == (first.get("ETag", ""), OLD["Last-Modified"])


def test_a_rest_of_unknown_length_that_breaks_off_is_gone_on_with(server, tmp_path):
    broken_off(server, tmp_path, rest(end=70_000, Content_Length=""), last())
    assert visitor(tmp_path, retries=1).file(server.url("/a")) == BODY


def test_a_changed_file_comes_anew(server, tmp_path):
    server.scripts["/a"] = in_turn(cut(ETag='"zero"'), answer("200 OK", LENGTH | TAG, BODY[:70_000]), last())
    assert visitor(tmp_path, retries=2).file(server.url("/a")) == BODY
    asked = [sent(request) for request in server.requests[1:]]
    assert [(one.get("Range"), one.get("If-Range")) for one in asked] == [
        (None, None),
        ("bytes=40000-", '"zero"'),
        ("bytes=70000-", '"one"'),
    ]


def test_the_limit_of_bytes_is_one_of_the_whole(server, tmp_path):
    broken_off(server, tmp_path, WHOLE)
    with pytest.raises(FetchError, match=r"larger than the limit of 0\.09 MB"):
        visitor(tmp_path, max_bytes=90_000).file(server.url("/a"))
    assert "Range" not in sent(server.requests[-1]) and not partials(tmp_path)


@pytest.mark.parametrize("runs", [1, 4])
def test_the_limit_of_time_is_one_of_the_whole(server, tmp_path, runs):
    """A server that breaks off again and again has no more time for a body than one that drips."""
    sent_bytes = []

    def dripping(connection: socket.socket, _: str) -> None:
        at = sum(sent_bytes)
        going_on = {"Content-Range": f"bytes {at}-99999/100000", "Content-Length": str(100_000 - at)}
        answer("206 Partial Content" if at else "200 OK", (going_on if at else LENGTH) | TAG, b"")(connection, "")
        for start in range(at, at + 3000, 1000):
            time.sleep(0.1)
            connection.sendall(BODY[start : start + 1000])
        sent_bytes.append(3000)

    server.scripts["/a"] = dripping
    reasons = []
    for _ in range(runs):
        with pytest.raises(FetchError) as caught:
            visitor(tmp_path, retries=4 // runs - 1, total_s=0.8).file(server.url("/a"))
        reasons.append(str(caught.value))
        if "in all" in reasons[-1]:
            break
    assert reasons[-1] == "the answer took more than 0.8 s in all"
    assert 1 <= len(sent_bytes) <= 2, "0.3 s, 0.3 s, and what is left"
    assert not partials(tmp_path), "the next visit starts anew"


def test_a_fresh_start_has_all_the_time(server, tmp_path):
    def slow(start: Script, end: bytes) -> Script:
        return lambda connection, target: (start(connection, target), time.sleep(0.6), connection.sendall(end))

    head = answer("200 OK", LENGTH | TAG, BODY[:THERE])
    server.scripts["/a"] = in_turn(slow(head, BODY[THERE:70_000]), slow(head, BODY[THERE:]))
    assert visitor(tmp_path, retries=1, total_s=1.0).file(server.url("/a")) == BODY


def test_a_part_belongs_to_the_address_that_gave_it(server, tmp_path, connections):
    to_b, to_c = (reply(b"", "302 Found", Location=path) for path in ("/b", "/c"))
    server.scripts |= {"/a": to_b, "/b": in_turn(cut(), rest(end=70_000)), "/c": WHOLE}
    for _ in range(2):
        with pytest.raises(FetchError, match="broke off"):
            visitor(tmp_path).file(server.url("/a"))
    assert [sent(request).get("Range") for request in server.requests if "/a " in request] == [None, None]
    assert [sent(request).get("Range") for request in server.requests if "/b " in request] == [None, "bytes=40000-"]
    server.scripts["/a"] = reply(b"", "302 Found", Location="http://10.0.0.1/b")
    with pytest.raises(FetchError, match="private network"):
        visitor(tmp_path).file(server.url("/a"))
    server.scripts["/a"] = to_c
    assert visitor(tmp_path).file(server.url("/a")) == BODY
    assert "Range" not in sent(server.requests[-1]) and not partials(tmp_path) and set(connections) == {"127.0.0.1"}


def test_offline_a_part_is_nothing(server, tmp_path):
    broken_off(server, tmp_path, WHOLE)
    with pytest.raises(FetchError, match="not in the store"):
        visitor(tmp_path, offline=True).file(server.url("/a"))
    assert server.asked["/a"] == 1 and len(partials(tmp_path)) == 1


@pytest.mark.parametrize("end", ["404 Not Found", "304 Not Modified"])
def test_an_answer_without_a_body_ends_a_part(server, tmp_path, end):
    """With a refresh, whose first answer was another version."""
    server.scripts["/a"] = reply(b"before", ETag='"zero"')
    visitor(tmp_path).file(server.url("/a"))
    server.scripts["/a"] = in_turn(cut(), reply(b"", end))
    with pytest.raises(FetchError, match="broke off"):
        visitor(tmp_path, refresh=True).file(server.url("/a"))
    if end.startswith("404"):
        with pytest.raises(FetchError, match="404"):
            visitor(tmp_path, refresh=True).file(server.url("/a"))
    else:
        assert visitor(tmp_path, refresh=True).file(server.url("/a")) == b"before"
    asked = sent(server.requests[-1])
    assert (asked["If-None-Match"], asked["If-Range"]) == ('"zero"', '"one"') and not partials(tmp_path)


def test_the_type_is_that_of_the_whole(workspace, server):
    """In the stage itself: a picture that comes in two answers, and a page with a picture's first bytes."""
    sound = picture(pixels=(400, 300), color="red")
    page = sound[:500].ljust(1000, b" ") + b"<html></html>"
    for path, body in (("/sound.jpg", sound), ("/page.jpg", page)):
        first = answer("200 OK", {"Content-Length": str(len(body))} | TAG, body[:500])
        shown = {"Content-Range": f"bytes 500-{len(body) - 1}/{len(body)}"}
        server.scripts[path] = in_turn(first, answer("206 Partial Content", shown | TAG, body[500:]))
    (workspace.folder / "list.csv").write_text(f"url\n{server.url('/sound.jpg')}\n{server.url('/page.jpg')}\n")
    workspace.set(scrape__source="urls", scrape__path="list.csv")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    (row,) = files.read_jsonl(workspace.folder / "data" / "raw" / "catalogue.jsonl")
    assert (workspace.folder / "data" / "raw" / row["file"]).read_bytes() == sound
    (failure,) = files.read_json(workspace.folder / "metrics" / "scrape.json")["failures"]
    assert failure["image_url"] == "/page.jpg" and "not a whole picture" in failure["reason"]
    assert server.asked["/sound.jpg"] == server.asked["/page.jpg"] == 2


def test_a_damaged_part_counts_up_to_the_damage(tmp_path):
    path = tmp_path / "partial" / "a"
    part = Partial(path)
    part.begin(VERSION)
    for number in range(3):
        part.add(bytes([number]) * 10, number / 10)
    sound = path.read_bytes()
    assert Partial(path).body() == part.body() and Partial(path).seconds == 0.2
    for at in range(len(sound)):
        for data in (sound[:at], sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :]):
            path.write_bytes(data)
            found = Partial(path)
            assert found.size < 30 and part.body().startswith(found.body())
            assert (found.version == VERSION) == bool(found.size)
            if not found.size:
                found.begin(VERSION)
            found.add(part.body()[found.size : found.size + 7], 1.0)
            assert Partial(path).body() == part.body()[: found.size], "and can be gone on with"


def test_two_that_write_the_same_part_spoil_nothing(tmp_path):
    path, moments = tmp_path / "a", random.Random(0)
    body = BODY[:900]
    for _ in range(50):
        parts = [Partial(path), Partial(path)]
        for part in parts:
            part.begin(VERSION)
        while any(part.size < 800 for part in parts):
            part = moments.choice(parts)
            part.add(body[part.size : part.size + moments.randint(1, 50)], moments.random())
            assert body.startswith(Partial(path).body())
