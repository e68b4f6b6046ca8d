"""When a download may be resumed, and what an answer must be to count as the rest (RFC 9110, 13.1.5, 14.4, 15.3.7)."""

import gzip

import pytest
from interrupted import (
    BODY,
    LENGTH,
    OLD,
    REST,
    TAG,
    THERE,
    WHOLE,
    answer,
    broken_off,
    cut,
    in_turn,
    partials,
    rest,
    sent,
    visitor,
)
from loopback import reply

from stages.scrape.addresses import FetchError
from stages.scrape.store import Store

NEW = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:59 GMT"}
VALIDATORS = {
    "a strong tag": (TAG, '"one"'),
    "a strong tag and a date": (TAG | OLD, '"one"'),
    "a date that is settled": (OLD, OLD["Last-Modified"]),
    "a date that is not": (NEW, None),
    "a date without the server's own": ({"Last-Modified": OLD["Last-Modified"]}, None),
    "a date without a zone": (OLD | {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 -0000"}, None),
    "a date that is none": (OLD | {"Last-Modified": "yesterday"}, None),
    "a weak tag": ({"ETag": 'W/"one"'}, None),
    "a weak tag and a date": ({"ETag": 'W/"one"'} | OLD, None),
    "a tag without quotes": ({"ETag": "one"}, None),
    "a tag in two parts": ({"ETag": '"one", "two"'}, None),
    "nothing": ({"Server": "old"}, None),
    "a compressed body": (TAG | {"Content-Encoding": "gzip"}, None),
    "a body of unknown length": (TAG | {"Transfer-Encoding": "chunked"}, None),
}


@pytest.mark.parametrize("name", VALIDATORS)
def test_only_a_strong_validator_allows_going_on(server, tmp_path, name):
    headers, validator = VALIDATORS[name]
    body = BODY[:THERE]
    if "Content-Encoding" in headers:
        body = gzip.compress(BODY)[:THERE]
    elif "Transfer-Encoding" in headers:
        body = b"9c40\r\n" + body
    server.scripts["/a"] = in_turn(answer("200 OK", LENGTH | headers, body), reply(b"", "500 Broken"))
    for reason in ("broke off", "500"):
        with pytest.raises(FetchError, match=reason):
            visitor(tmp_path).file(server.url("/a"))
        assert len(partials(tmp_path)) == (validator is not None)
    asked = sent(server.requests[-1])
    assert asked.get("If-Range") == validator and ("Range" in asked) == (validator is not None)


NOT_THE_REST = {
    "a range that starts later": rest(Content_Range="bytes 40001-99999/100000", Content_Length="59999", start=40_001),
    "a range that overlaps": rest(Content_Range="bytes 39999-99999/100000", Content_Length="60001", start=39_999),
    "the whole as a range": rest(Content_Range="bytes 0-99999/100000", Content_Length="100000", start=0),
    "a range that ends early": rest(Content_Range="bytes 40000-69999/100000", Content_Length="30000", end=70_000),
    "another length of the whole": rest(Content_Range="bytes 40000-99999/100001"),
    "an unknown length of the whole": rest(Content_Range="bytes 40000-99999/*"),
    "a range of pages": rest(Content_Range="pages 40000-99999/100000"),
    "a range of nonsense": rest(Content_Range="all of it"),
    "no range": rest(Content_Range=""),
    "several ranges": rest(Content_Range="", Content_Type="multipart/byteranges; boundary=x"),
    "another tag": rest(ETag='"two"'),
    "a weak tag": rest(ETag='W/"one"'),
    "no tag": rest(ETag=""),
    "another date": rest(Last_Modified="Thu, 22 Oct 2015 07:28:00 GMT"),
    "a compressed rest": rest(Content_Encoding="gzip"),
    "less than the range": rest(Content_Length="59999"),
    "more than the range": rest(Content_Length="60001"),
    "a byte more than the range": answer(
        "206 Partial Content", {"Content-Range": REST["Content-Range"]} | TAG, BODY[THERE:] + b"x"
    ),
    "a rest without end": answer("206 Partial Content", {"Content-Range": REST["Content-Range"]} | TAG, BODY * 10),
    "no such range": reply(b"", "416 Range Not Satisfiable", Content_Range="bytes */100"),
}


@pytest.mark.parametrize("name", NOT_THE_REST)
def test_an_answer_that_is_not_the_rest_is_a_fresh_start(server, tmp_path, name):
    first = cut(**TAG | OLD) if "date" in name else cut()
    server.scripts["/a"] = in_turn(first, NOT_THE_REST[name], WHOLE)
    assert visitor(tmp_path, retries=1).file(server.url("/a")) == BODY
    assert [sent(request).get("Range") for request in server.requests[1:]] == [None, "bytes=40000-", None]
    assert not partials(tmp_path)


@pytest.mark.parametrize("name", NOT_THE_REST)
def test_a_server_that_never_gives_the_whole_is_a_failure(server, tmp_path, name):
    broken_off(server, tmp_path, NOT_THE_REST[name])
    with pytest.raises(FetchError, match=r"answered (206|416)"):
        visitor(tmp_path, retries=3).file(server.url("/a"))
    assert server.asked["/a"] == 3 and not partials(tmp_path) and not Store(tmp_path).find(server.url("/a"))


def test_there_are_enough_cases():
    assert len(VALIDATORS) >= 14 and len(NOT_THE_REST) >= 20
