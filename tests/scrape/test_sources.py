"""The sources `commons`, `folder` and `urls`: from what they list to the same record."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback import all_records, picture, query, reply

from stages.common import files
from stages.scrape import commons, folder, urls
from stages.scrape.addresses import FetchError
from stages.scrape.interface import Gap, Record


def info(number: int, **changes: object) -> dict[str, object]:
    upload = f"https://upload.example/{number}/File_{number}.jpg"
    facts = {
        "ObjectName": f"<i>Wheat &amp; field</i> {number}",
        "DateTimeOriginal": "<div>June 1889<!-- x --></div>",
        "LicenseShortName": "Public domain",
        "Artist": '<a href="//x">Vincent van Gogh</a>',
    }
    return {
        "url": upload,
        "descriptionurl": f"https://commons.example/wiki/File:{number}",
        "mime": "image/jpeg",
        "width": 4000,
        "height": 3000,
        "thumburl": f"{upload}/960px-File.jpg",
        "thumbwidth": 960,
        "thumbheight": 720,
        "sha1": "0" * 40,
        "extmetadata": {name: {"value": value, "source": "x"} for name, value in facts.items()},
    } | changes


def page(number: int, **changes: object) -> dict[str, object]:
    return {"pageid": number, "ns": 6, "title": f"File:File {number}.jpg", "imageinfo": [info(number, **changes)]}


def answers(server, *bodies: dict | bytes) -> None:
    """The interface answers its requests with these in turn.

    The continuation of each must come back in the next request.
    """
    queue = iter(bodies)

    def script(connection, target):
        query = {key: value[0] for key, value in parse_qs(urlsplit(target).query).items()}
        assert query["gcmtitle"] == "Category:Paintings of wheat" and query["generator"] == "categorymembers"
        body = next(queue)
        reply(body if isinstance(body, bytes) else json.dumps(body).encode())(connection, target)

    class Scripts(dict):
        def get(self, target, default=None):
            return script if target.startswith("/w/api.php?") else super().get(target, default)

    server.scripts = Scripts(server.scripts)


def read(client, server, **changes: object) -> list[Record | Gap]:
    return list(commons.records(query(client, server.url("/"), category="Paintings of wheat", **changes)))


def test_commons_gives_originals_and_smaller_renditions_with_their_rights(server, client):
    small = page(2, width=900, thumbwidth=960)  # the site would enlarge it
    svg = page(3, mime="image/svg+xml")
    gone = {"pageid": 4, "title": "File:Gone.jpg"}
    server.scripts["/robots.txt"] = reply(b"User-agent: *\nDisallow: /w/")
    answers(server, {"batchcomplete": True, "query": {"pages": [page(1), small, svg, gone]}})
    found = read(client, server)
    records = [item for item in found if isinstance(item, Record)]
    assert [(one.rendition, one.image_url) for one in records] == [
        ("original", "https://upload.example/1/File_1.jpg"),
        ("960 px", "https://upload.example/1/File_1.jpg/960px-File.jpg"),
        ("original", "https://upload.example/2/File_2.jpg"),
    ]
    first = records[0]
    assert (first.title, first.year, first.rights) == (
        "Wheat & field 1",
        "1889",
        "Public domain; author: Vincent van Gogh",
    )
    assert first.page_url == "https://commons.example/wiki/File:1"
    assert [item.title for item in found if isinstance(item, Gap)] == ["File 3.jpg", "Gone.jpg"]
    assert server.asked["/robots.txt"] == 0, "robots.txt speaks to crawlers; the interface has rules of its own"


def test_commons_follows_the_continuation_and_joins_a_batch_in_parts(server, client):
    part = {
        "continue": {"iistart": "x", "continue": "||"},
        "query": {"pages": [page(1), {"pageid": 2, "title": "File:File 2.jpg"}]},
    }
    rest = {
        "continue": {"gcmcontinue": "file|2", "continue": "gcmcontinue||"},
        "batchcomplete": True,
        "query": {"pages": [{"pageid": 1}, page(2)]},
    }
    last = {"batchcomplete": True, "query": {"pages": [page(3)]}}
    answers(server, part, rest, last)
    found = read(client, server, renditions="original")
    assert [one.title for one in found] == ["Wheat & field 1", "Wheat & field 2", "Wheat & field 3"]
    targets = [target for target in server.asked if "api.php" in target]
    assert len(targets) == 3 and "iistart=x" in targets[1]
    assert "gcmcontinue=file%7C2" in targets[2] and "iistart" not in targets[2]


def test_commons_limit_counts_files(server, client):
    answers(server, {"batchcomplete": True, "query": {"pages": [page(number) for number in range(1, 9)]}})
    assert len(read(client, server, limit=2)) == 4


def test_an_empty_category_lists_nothing(server, client):
    answers(server, {"batchcomplete": True})
    assert read(client, server) == []


@pytest.mark.parametrize(
    "body, words",
    [
        (b"<html>", "not the JSON"),
        (b"[]", "not the JSON"),
        (b'{"query": []}', "^$"),
        (b'{"query": 7}', "not the JSON"),
        ({"error": {"code": "badtitle", "info": "Bad title"}}, "Bad title"),
        ({"query": {"pages": ["x"]}}, "another shape"),
    ],
)
def test_an_answer_of_another_shape_is_explained(server, client, body, words):
    answers(server, body)
    if words == "^$":
        assert read(client, server) == []
    else:
        with pytest.raises(FetchError, match=words):
            read(client, server)


def test_a_continuation_in_a_circle_ends(server, client):
    around = {
        "batchcomplete": True,
        "continue": {"gcmcontinue": "again", "continue": "-||"},
        "query": {"pages": [page(1)]},
    }
    answers(server, *[around] * 5)
    with pytest.raises(FetchError, match="does not end"):
        read(client, server)
    assert sum("api.php" in target for target in server.asked) == 2


def test_folder_lists_pictures_with_the_titles_that_are_known(client, tmp_path):
    (tmp_path / "more").mkdir()
    for name in ("b.jpg", "a.PNG", "more/c.tif", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "titles.csv").write_text(
        '\ufefffile,title,year,set,genre\nb.jpg,"A ""title"", long",1931,reserve,portrait\nnone.jpg,Lost,,,\n',
        encoding="utf-8",
    )
    mine = query(client, str(tmp_path))
    found = list(folder.records(mine))
    assert [(one.image_url, one.title, one.year, one.set) for one in found if isinstance(one, Record)] == [
        ("a.PNG", "a", "", "collection"),
        ("b.jpg", 'A "title", long', "1931", "reserve"),
        ("more/c.tif", "c", "", "collection"),
    ]
    assert [(one.title, one.address) for one in found if isinstance(one, Gap)] == [("Lost", "none.jpg")]
    portraits = folder.records(query(client, str(tmp_path), genre="Portrait"))
    assert [one.image_url for one in portraits if isinstance(one, Record)] == ["b.jpg"]
    two = folder.records(query(client, str(tmp_path), limit=2))
    assert len([one for one in two if isinstance(one, Record)]) == 2
    picture_b = next(one for one in found if isinstance(one, Record) and one.image_url == "b.jpg")
    assert folder.read(mine, picture_b) == b"x"
    with pytest.raises(FetchError, match="larger than the limit"):
        folder.read(query(client, str(tmp_path), megabytes=0.0), picture_b)
    with pytest.raises(FetchError, match="not a folder"):
        list(folder.records(query(client, str(tmp_path / "none"))))


LISTS = {
    "list.csv": "url,title,rights,work\nhttp://a.example/1.jpg,One,CC0,w1\nhttp://b.example/2.jpg,,,\n",
    "list.jsonl": '{"url": "http://a.example/1.jpg", "title": "One", "rights": "CC0", "work": "w1"}\n\n'
    '{"url": "http://b.example/2.jpg", "title": null}\n',
}


@pytest.mark.parametrize("name", LISTS)
def test_urls_reads_both_kinds_of_list(client, tmp_path, name):
    (tmp_path / name).write_text(LISTS[name])
    address = str(tmp_path / name)
    first, second = all_records(urls.records(query(client, address)))
    assert (first.image_url, first.title, first.rights, first.work) == ("http://a.example/1.jpg", "One", "CC0", "w1")
    assert (second.image_url, second.title, second.rights, second.work, second.set) == (
        "http://b.example/2.jpg",
        "",
        "as the user knows",
        None,
        "collection",
    )
    assert len(list(urls.records(query(client, address, limit=1)))) == 1
    assert not list(urls.records(query(client, address, genre="portrait")))


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("a.csv", b"title\nOne\n", "no column 'url'; .* but it is 'title'"),
        ("a.csv", b"", "no column 'url'; .* but it is empty"),
        ("a.csv", b"url,title\n,One\n", "line 2 .*no 'url'"),
        ("a.csv", b"url,set\nhttp://a.example/1.jpg,test\n", "line 2 .*'test'.*collection, reserve"),
        ("a.csv", b"url\nhttp://a.example/1.jpg,more\n", "line 2 .*a column beyond the header"),
        ("a.csv", b'url\n"open', "not valid CSV"),
        ("a.csv", b"url\n\xff\xfe", "not UTF-8"),
        ("a.jsonl", b'{"url": "http://a.example/1.jpg"}\n[1]\n', "line 2 .*not a JSON object"),
        ("a.jsonl", b"url\n", "line 1 .*not a JSON object"),
        ("none.csv", None, "cannot be read"),
    ],
)
def test_a_list_with_a_mistake_is_explained(client, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FetchError, match=words):
        list(urls.records(query(client, str(tmp_path / name))))


def test_the_stage_takes_a_folder_without_any_network(workspace, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "good.png").write_bytes(picture("PNG", "RGBA", color=(1, 2, 3, 128)))
    (mine / "bad.jpg").write_bytes(b"<html>")
    workspace.set(scrape__source="folder", scrape__path="mine")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    (row,) = files.read_jsonl(workspace.folder / "data" / "raw" / "catalogue.jsonl")
    assert (row["image_url"], row["title"], row["type"], row["set"]) == ("good.png", "good", "image/png", "collection")
    summary = files.read_json(workspace.folder / "metrics" / "scrape.json")
    assert [item["image_url"] for item in summary["failures"]] == ["bad.jpg"]
    assert (summary["source"], summary["collection"]) == ("the pictures in mine", "folder")
    workspace.set(scrape__path="none")
    workspace.fails("scrape", "'folder' cannot be read", "not a folder", "scrape.path")


def test_the_stage_takes_a_list_in_which_a_host_may_refuse(workspace, server):
    server.scripts |= {"/good.jpg": reply(picture()), "/closed.jpg": reply(b"", "403 Forbidden")}
    (workspace.folder / "list.csv").write_text(
        f"url,title\n{server.url('/closed.jpg')},Closed\n{server.url('/good.jpg')},Good\nhttp://192.0.2.1/y.jpg,Odd\n"
    )
    workspace.set(scrape__source="urls", scrape__path="list.csv")
    # One address is elsewhere: the list is no local one.
    workspace.fails("scrape", "gave no picture", "this machine or in a private network")
    (workspace.folder / "list.csv").write_text(
        f"url,title\n{server.url('/closed.jpg')},Closed\n{server.url('/good.jpg')},Good\n"
        "ftp://x/y.jpg,Odd\nno address,Note\nhttp://me:secret@public.example/z.jpg,Private\n"
    )
    assert workspace.open("scrape").returncode == 0
    summary = files.read_json(workspace.folder / "metrics" / "scrape.json")
    failed = {item["title"]: item["reason"] for item in summary["failures"]}
    assert summary["files"] == 1 and failed.keys() == {"Closed", "Odd", "Note", "Private"}
    assert "only http and https are fetched, not ftp" in failed["Odd"]


def test_the_stage_ends_the_visit_when_a_site_refuses(workspace, server):
    server.scripts["/"] = reply(b"", "302 Found", Location="/account/login")
    workspace.set(scrape__url=server.url("/"))
    workspace.fails("scrape", "'museum' ended the visit", "login page", "Nothing more is asked for")
