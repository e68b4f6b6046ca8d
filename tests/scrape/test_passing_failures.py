"""A failure that passes is not kept: the stage's next run asks again for what its consumer did not accept, for no more.

DVC runs it again only with `-f`, which the stage says.
"""

import json
import subprocess
from pathlib import Path

import pytest
from loopback import DEFAULTS, QUICK, picture, query, reply
from surroundings import ROOT

from stages.common import files
from stages.scrape import commons, museum, wikiart
from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import examine
from stages.scrape.client import Client
from stages.scrape.interface import Gap, Record
from stages.scrape.session import collect
from stages.scrape.store import Store

HTML = b"<!doctype html><title>Too many visitors</title>Please come back later"
WHOLE = picture(pixels=(90, 60), color="red")
LISTED = "/en/x/mode/all-paintings?json=2&layout=new&page={}&resultType=masonry"


def stored(folder: Path, **options) -> Client:
    return Client(QUICK, Store(folder), **options)


BODIES = {
    "HTML": HTML,
    "half a JPEG": WHOLE[: len(WHOLE) // 2],
    "a JPEG whose end is zeros": WHOLE[: len(WHOLE) // 2] + bytes(len(WHOLE) // 2),
    "nothing": b"",
    "JSON": b'{"error": "try again"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_picture_is_asked_for_again(workspace, server, name):
    server.scripts |= {"/bad.jpg": reply(BODIES[name]), "/good.jpg": reply(picture())}
    (workspace.folder / "list.csv").write_text(f"url\n{server.url('/bad.jpg')}\n{server.url('/good.jpg')}\n")
    workspace.set(scrape__source="urls", scrape__path="list.csv")
    assert workspace.open("scrape").returncode == 0
    (failure,) = files.read_json(workspace.folder / "metrics/scrape.json")["failures"]
    assert "not a whole picture" in failure["reason"]
    server.scripts["/bad.jpg"] = reply(WHOLE)
    assert workspace.open("scrape").returncode == 0
    assert files.read_json(workspace.folder / "metrics/scrape.json")["files"] == 2
    assert server.asked["/bad.jpg"] == 2 and server.asked["/good.jpg"] == 1


@pytest.fixture
def one_fails(workspace, server):
    """A list of two pictures, of which one fails."""
    server.scripts |= {"/bad.jpg": reply(b"", "500 Broken"), "/good.jpg": reply(picture())}
    (workspace.folder / "list.csv").write_text(f"url\n{server.url('/bad.jpg')}\n{server.url('/good.jpg')}\n")
    workspace.set(scrape__source="urls", scrape__path="list.csv", scrape__retries=0)


def test_the_command_that_asks_again_is_told_where_something_failed(workspace, server, one_fails):
    done = workspace.open("scrape")
    assert done.returncode == 0 and "1 failed\nscrape: `dvc repro -f scrape` asks again" in done.stdout
    workspace.set(scrape__offline=True)
    assert "dvc repro" not in workspace.open("scrape").stdout, "nobody is asked"
    workspace.set(scrape__offline=False)
    server.scripts["/bad.jpg"] = reply(WHOLE)
    done = workspace.open("scrape")
    assert "0 failed" in done.stdout and "dvc repro" not in done.stdout
    workspace.set(scrape__source="folder", scrape__path="mine")
    (workspace.folder / "mine").mkdir()
    for name, data in (("good.jpg", WHOLE), ("bad.jpg", WHOLE[:300])):
        (workspace.folder / "mine" / name).write_bytes(data)
    done = workspace.open("scrape")
    assert "1 failed" in done.stdout and "dvc repro" not in done.stdout, "DVC sees when a file changes"


@pytest.mark.slow
@pytest.mark.parametrize("refresh", [False, True])
def test_dvc_asks_again_with_the_command_that_is_told(tmp_path, server, clean_environment, set_params, refresh):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    server.scripts |= {"/bad.jpg": reply(b"", "500 Broken"), "/good.jpg": reply(picture())}
    (clone / "list.csv").write_text(f"url\n{server.url('/bad.jpg')}\n{server.url('/good.jpg')}\n")
    changes = {"source": "urls", "path": "list.csv", "retries": 0, "refresh": refresh}
    set_params(clone, {f"scrape.{key}": value for key, value in changes.items()})
    asked = []
    for command in (["dvc", "repro", "scrape"], ["dvc", "repro", "scrape"], ["dvc", "repro", "-f", "scrape"]):
        done = subprocess.run(command, cwd=clone, env=clean_environment(), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        asked.append(server.asked["/bad.jpg"])
        server.scripts["/bad.jpg"] = reply(WHOLE)
    assert asked == [1, 1, 2] and server.asked["/good.jpg"] == (2 if refresh else 1)
    assert files.read_json(clone / "metrics/scrape.json")["failed"] == 0


def test_a_whole_picture_of_a_kind_that_is_not_used_is_not_asked_for_again(server, tmp_path):
    server.scripts["/a"] = reply(picture("GIF", save_all=True, append_images=[], pixels=(1500, 1000)))
    section = DEFAULTS.model_copy(update={"source": "urls", "path": "list.csv", "megapixels": 1.0})
    (tmp_path / "list.csv").write_text(f"url\n{server.url('/a')}\n")
    (tmp_path / "raw").mkdir()
    for _ in range(2):
        with pytest.raises(Exception, match="1500 x 1000 pixels are more than the limit of 1 megapixels"):
            collect(section, tmp_path / "raw", tmp_path, lambda items, **_: items)
    assert server.asked["/a"] == 1


def test_a_file_above_the_limit_is_told_with_what_helps(server, tmp_path):
    server.scripts |= {"/large.png": reply(picture("PNG") + bytes(100_000)), "/good.jpg": reply(picture())}
    (tmp_path / "list.csv").write_text(f"url\n{server.url('/large.png')}\n{server.url('/good.jpg')}\n")
    (tmp_path / "raw").mkdir()
    section = DEFAULTS.model_copy(update={"source": "urls", "path": "list.csv", "megabytes": 0.1})
    found = collect(section, tmp_path / "raw", tmp_path, lambda items, **_: items)
    words = "larger than the limit of 0.1 MB: raise scrape.megabytes (at most 1000)"
    assert [item["reason"] for item in found.failures] == [words] and len(found.rows) == 1


def test_a_bad_body_in_an_older_store_is_asked_for_again(server, tmp_path):
    Store(tmp_path).keep(server.url("/a"), HTML)
    server.scripts["/a"] = reply(WHOLE)
    with pytest.raises(FetchError, match="not a whole picture"):
        stored(tmp_path, offline=True).file(server.url("/a"), lambda data: examine(data, 1))
    assert stored(tmp_path).file(server.url("/a"), lambda data: examine(data, 1))["width"] == 90
    assert stored(tmp_path, offline=True).file(server.url("/a"), lambda data: examine(data, 1))["width"] == 90


@pytest.mark.parametrize("status", ["500 Broken", "503 Service Unavailable", "429 Too Many Requests", "599 Odd"])
def test_a_busy_robots_txt_forbids_for_now_only(server, tmp_path, status):
    well, server.scripts["/robots.txt"] = server.scripts["/robots.txt"], reply(b"busy", status)
    server.scripts["/a"] = reply(b"here")
    with pytest.raises(FetchError, match=rf"robots\.txt cannot be read: the server answered {status[:3]}"):
        stored(tmp_path).fetch(server.url("/a"))
    assert not server.asked["/a"]
    server.scripts["/robots.txt"] = well
    assert stored(tmp_path).fetch(server.url("/a")) == b"here"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_robots_txt_with_a_byte_order_mark_counts_from_its_first_group(server, client, encoding):
    text = "User-agent: *\r\nDisallow: /private/\r\n"
    body = ("\ufeff" if encoding == "utf-16-be" else "").encode(encoding) + text.encode(encoding)
    server.scripts |= {"/robots.txt": reply(body), "/private/a": reply(b"a"), "/b": reply(b"b")}
    with pytest.raises(FetchError, match=r"forbidden by the site's robots\.txt"):
        client.fetch(server.url("/private/a"))
    assert client.fetch(server.url("/b")) == b"b" and not server.asked["/private/a"]


ANSWERS = [
    {"error": {"code": "maxlag", "info": "Waiting for a database server: 7 seconds lagged."}},
    {"error": {"code": "ratelimited"}},
    {"errors": [{"code": "readonly", "text": "The wiki is in read-only mode"}]},
    {"servedby": "mw1"},
    {"query": {"pages": 7}},
    [],
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_error_of_the_interface_of_commons_is_not_kept(server, tmp_path, answer):
    info = {"url": "https://u.example/1.jpg", "mime": "image/jpeg", "width": 9}
    good = {"batchcomplete": True, "query": {"pages": [{"pageid": 1, "title": "File:One.jpg", "imageinfo": [info]}]}}
    queue = [answer, good]
    scripts = dict(server.scripts)

    class Scripts(dict):
        def get(self, target, default=None):
            if "api.php" in target:
                return reply(json.dumps(queue.pop(0)).encode())
            return scripts.get(target, default)

    server.scripts = Scripts()
    with pytest.raises(FetchError, match=r"error|JSON|neither"):
        list(commons.records(query(stored(tmp_path), server.url("/"))))
    (found,) = commons.records(query(stored(tmp_path), server.url("/")))
    assert isinstance(found, Record) and found.title == "One"
    assert list(commons.records(query(stored(tmp_path), server.url("/")))) == [found] and not queue


def work(number: int) -> dict[str, str]:
    picture_url = f"http://u.example/{number}.jpg"
    return {"id": str(number), "title": f"Work {number}", "image": picture_url, "paintingUrl": f"/en/x/{number}"}


def listing(server, *pages: object, **more: object) -> None:
    for number, items in enumerate(pages, start=1):
        server.scripts[LISTED.format(number)] = reply(json.dumps({"Paintings": items, **more}).encode())


def titles(server, folder: Path, **options: object) -> list[str]:
    client = stored(folder, offline=bool(options.pop("offline", False)))
    return [
        one.title if isinstance(one, Record) else f"! {one.title} {one.reason}"
        for one in wikiart.records(query(client, server.url("/"), artist="x", **{"renditions": "original", **options}))
    ]


def test_an_empty_page_of_wikiart_s_list_is_not_kept(server, tmp_path):
    listing(server, None)
    assert titles(server, tmp_path) == []
    listing(server, [work(1)], None)
    assert titles(server, tmp_path) == ["Work 1"]
    listing(server, [work(1)], [work(2)], None)
    assert titles(server, tmp_path) == ["Work 1", "Work 2"]
    assert server.asked[LISTED.format(1)] == 2, "the page that was accepted is not asked for again"


def test_a_list_that_ends_before_its_number_has_a_failed_row_and_is_asked_for_again(server, tmp_path):
    listing(server, [work(1)], None, AllPaintingsCount=2)
    assert titles(server, tmp_path) == ["Work 1", "!  the list announces 2 works, but it ended after 1"]
    listing(server, [work(1)], [work(2)], None, AllPaintingsCount=2)
    assert titles(server, tmp_path) == ["Work 1", "Work 2"]
    server.asked.clear()
    assert titles(server, tmp_path) == ["Work 1", "Work 2"] and not server.asked, "an end that was announced is kept"
    assert titles(server, tmp_path, offline=True) == ["Work 1", "Work 2"]


def test_an_error_page_of_a_work_is_a_failed_row_also_with_a_genre_and_is_asked_for_again(server, tmp_path):
    listing(server, [work(1), work(2)], None, AllPaintingsCount=2)
    server.scripts["/en/x/1"] = reply(HTML)
    server.scripts["/en/x/2"] = reply(b"<span itemprop=genre>landscape</span>")
    assert titles(server, tmp_path, genre="portrait") == ["! Work 1 the work's page: not a work's page"]
    server.scripts["/en/x/1"] = reply(b"<span itemprop=genre>portrait</span>")
    server.asked.clear()
    assert titles(server, tmp_path, genre="portrait") == ["Work 1"]
    assert set(server.asked) == {"/robots.txt", "/en/x/1"}


def test_a_page_of_the_museum_without_a_picture_is_a_failed_row_and_is_asked_for_again(server, tmp_path):
    server.scripts |= {
        "/": reply(b'<a class="set" href="/all/">collection</a>'),
        "/all/": reply(b'<li class="work"><a href="/w/1/">One</a></li>'),
        "/w/1/": reply(HTML),
    }
    (gap,) = museum.records(query(stored(tmp_path), server.url("/")))
    assert isinstance(gap, Gap) and (gap.title, gap.reason) == ("One", "the work's page shows no picture")
    server.scripts["/w/1/"] = reply(b'<h1>One</h1><a class="rendition" href="/1.jpg">large</a>')
    (record,) = museum.records(query(stored(tmp_path), server.url("/")))
    assert isinstance(record, Record) and server.asked["/"] == server.asked["/all/"] == 1
