"""From web pages to files: real servers on loopback, real files, and failures that are rows."""

import hashlib
import io
import json
import threading
from dataclasses import replace

import pytest
from loopback import all_records, picture, query
from PIL import Image

from stages.common import files
from stages.museum import scans, site, works
from stages.museum.scans import Rendition
from stages.scrape import museum
from stages.scrape.addresses import FetchError
from stages.scrape.catalogue import NotAPicture, examine, row
from stages.scrape.client import Client, ClientConfig
from stages.scrape.interface import Record

HERE = ClientConfig(contact="tests", timeout_s=5, total_s=10, local=True, first_wait_s=0.01)
RECORD = Record(
    "w",
    "Title",
    "1931",
    "Oil",
    "http://127.0.0.1:8/works/w/",
    "http://127.0.0.1:8/images/w/large.jpg?v=1",
    "large",
    "CC0",
    "collection",
)


def jpeg(shade: int, width: int = 40) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, 30), (shade, 100, 50)).save(data, "JPEG")
    return data.getvalue()


def flat_scans(work: works.Work) -> list[Rendition]:
    """Renditions without the minutes of painting."""
    names = scans.names(work)
    return [
        Rendition(name, jpeg(work.number * 7 % 256, size), size, 30, "none")
        for name, size in zip(names, range(40, 40 + 10 * len(names), 10), strict=True)
    ]


@pytest.fixture
def address():
    """A museum with 30 works and a depot of 5, without paint."""
    server = site.serve(site.Site(works.plan(30, 5, 0), flat_scans))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_museum_gives_every_rendition_with_its_facts(address):
    records = all_records(museum.records(query(Client(HERE), address)))
    assert len(records) == 30 * 3 + 5  # two list pages, then the reserve
    planned = {work.id: work for work in works.plan(30, 5, 0)}
    assert {record.work for record in records} == set(planned)
    for record in records:
        work = planned[record.work or ""]
        described = (record.title, record.year, record.technique, record.set)
        assert described == (work.title, str(work.year), work.technique, work.set)
        assert record.rights and record.rendition in scans.names(work)
        assert record.faithful == (record.rendition == "large")
    assert {record.rendition for record in records} == {"large", "reproduction", "medium", "small"}
    best = all_records(museum.records(query(Client(HERE), address, renditions="original")))
    assert len(best) == 35 and all(record.faithful for record in best)


def test_museum_limit_counts_works_of_each_set(address):
    records = all_records(museum.records(query(Client(HERE), address, limit=2)))
    assert [record.set for record in records] == ["collection"] * 6 + ["reserve"] * 2


def test_site_refuses_what_it_does_not_have(address):
    client = Client(HERE)
    for path in ("collection/?page=3", "collection/?page=x", "works/none/", "images/none/large.jpg", "attic"):
        with pytest.raises(FetchError, match="404"):
            client.fetch(address + path)
    with pytest.raises(FetchError, match=r"robots\.txt"):
        client.fetch(address + "office/papers.html")


def test_text_from_outside_is_one_clean_line():
    nasty = replace(RECORD, title="A\u0000\n\tB \ud800 " + "x" * 9999, rights="\x1b[31mred")
    found = row(nasty, examine(jpeg(7), 1))
    assert found["title"].startswith("A B ? xxx") and len(found["title"]) == 300 and found["rights"] == "[31mred"
    json.dumps(found, ensure_ascii=False).encode()


def test_row_names_a_file_by_its_content_and_drops_the_port():
    data = jpeg(7)
    found = row(RECORD, examine(data, 1))
    digest = hashlib.sha256(data).hexdigest()
    assert (found["file"], found["sha256"], found["bytes"]) == (digest[:16] + ".jpg", digest, len(data))
    assert (found["width"], found["height"], found["type"]) == (40, 30, "image/jpeg")
    assert (found["page_url"], found["image_url"]) == ("/works/w/", "/images/w/large.jpg?v=1")
    public = row(replace(RECORD, page_url="https://museum.example/w"), examine(data, 1))
    assert public["page_url"] == "https://museum.example/w"


KINDS = {
    "JPEG": ("JPEG", "RGB", {}),
    "gray JPEG": ("JPEG", "L", {}),
    "inks": ("JPEG", "CMYK", {}),
    "PNG": ("PNG", "RGBA", {}),
    "palette": ("PNG", "P", {"transparency": 0}),
    "16 bits": ("PNG", "I;16", {}),
    "WebP": ("WEBP", "RGB", {}),
    "TIFF": ("TIFF", "RGB", {}),
    "MPO": ("MPO", "RGB", {"save_all": True, "append_images": [Image.new("RGB", (9, 9))]}),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_usable_kind_of_picture_gets_a_row(name):
    kind, mode, options = KINDS[name]
    found = examine(picture(kind, mode, (50, 30), **options), 1)
    suffix, mime = {"MPO": (".jpg", "image/jpeg"), "TIFF": (".tif", "image/tiff")}.get(
        kind, ("", f"image/{kind.lower()}")
    )
    assert (found["width"], found["height"], found["type"]) == (50, 30, mime) and found["file"].endswith(suffix)


def test_width_and_height_are_those_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert [examine(picture(pixels=(50, 30), exif=exif), 1)[name] for name in ("width", "height")] == [30, 50]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_no_picture(kind):
    frames = {"save_all": True, "append_images": [Image.new("RGB", (40, 30), "red")]}
    with pytest.raises(NotAPicture, match="several frames"):
        examine(picture(kind, "RGB", **frames), 1)


def test_a_palette_that_is_missing_is_told():
    with pytest.raises(NotAPicture, match="not a whole picture"):
        examine(picture("PNG", "P").replace(b"PLTE", b"pLTE"), 1)


def test_a_color_space_that_cannot_be_converted_is_no_picture():
    for mode in ("LAB", "F"):
        with pytest.raises(NotAPicture):
            examine(picture("TIFF", mode), 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>login</html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", jpeg(1)[:-300]],
    ids=["empty", "html", "svg", "cut"],
)
def test_what_is_no_picture_is_no_row(data):
    with pytest.raises(NotAPicture):
        examine(data, 1)


def test_the_stage_writes_files_catalogue_and_metrics(workspace, address):
    workspace.set(scrape__url=address)
    assert workspace.open("scrape").returncode == 0
    raw = workspace.folder / "data" / "raw"
    rows = files.read_jsonl(raw / "catalogue.jsonl")
    assert len(rows) == 95
    assert sum(item["faithful"] for item in rows) == 35
    for item in rows:
        assert hashlib.sha256((raw / item["file"]).read_bytes()).hexdigest() == item["sha256"]
    assert address.rsplit(":", 1)[1].strip("/") not in (raw / "catalogue.jsonl").read_text()
    summary = files.read_json(workspace.folder / "metrics" / "scrape.json")
    counts = {
        "failed": 0,
        "failures": [],
        "left_out": [],
        "files": 95,
        "sets": {"collection": 90, "reserve": 5},
        "works": 35,
    }
    assert summary == counts | {"source": "the museum, a painter that is a program", "collection": "museum"}


def test_a_failed_file_is_a_row_and_the_others_arrive(workspace, httpserver):
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/").respond_with_data(
        '<a class="set" href="/all/">collection</a>', content_type="text/html"
    )
    httpserver.expect_request("/all/").respond_with_data(
        '<li class="work"><a href="/w/1/">one</a></li>', content_type="text/html"
    )
    links = "".join(
        f'<a class="rendition" href="/{name}.jpg">{name}</a>' for name in ("good", "gone", "page", "broken")
    )
    httpserver.expect_request("/w/1/").respond_with_data(
        f"<h1>One</h1><dl><dt>Year</dt><dd>1931</dd></dl>{links}", content_type="text/html"
    )
    httpserver.expect_request("/good.jpg").respond_with_data(jpeg(1))
    httpserver.expect_request("/page.jpg").respond_with_data("<html>", content_type="image/jpeg")
    httpserver.expect_request("/broken.jpg").respond_with_data(jpeg(2)[:-300])
    workspace.set(scrape__url=httpserver.url_for("/"), scrape__retries=0)
    assert workspace.open("scrape").returncode == 0
    summary = files.read_json(workspace.folder / "metrics" / "scrape.json")
    assert summary["files"] == 1 and summary["failed"] == 3
    (row,) = files.read_jsonl(workspace.folder / "data" / "raw" / "catalogue.jsonl")
    assert "faithful" not in row, "this site calls no file its own photograph"
    reasons = {item["image_url"]: item["reason"] for item in summary["failures"]}
    assert "the server answered 500" in reasons["/gone.jpg"]
    assert "not a whole picture" in reasons["/page.jpg"] and "not a whole picture" in reasons["/broken.jpg"]


def test_an_empty_source_is_an_error_and_keeps_the_old_data(workspace, httpserver):
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/").respond_with_data("<p>closed on Mondays</p>", content_type="text/html")
    old = workspace.folder / "data" / "raw" / "catalogue.jsonl"
    files.write_bytes(old, b"old")
    workspace.set(scrape__url=httpserver.url_for("/"))
    workspace.fails("scrape", "gave no picture", "it lists no works", "scrape.source: museum")
    assert old.read_bytes() == b"old" and len(list(old.parent.parent.iterdir())) == 1


@pytest.mark.parametrize("source", ["museum", "wikiart", "commons"])
def test_a_source_out_of_reach_is_named_with_the_way_out(workspace, source):
    workspace.set(scrape__source=source, scrape__url="http://127.0.0.1:9/", scrape__retries=0)
    workspace.fails(
        "scrape", repr(source), "http://127.0.0.1:9/", "out of reach", "no connection", "museum, which needs no network"
    )


def test_robots_of_a_broken_server_forbid_everything(httpserver):
    httpserver.expect_request("/robots.txt").respond_with_data("", status=501)
    with pytest.raises(FetchError, match=r"robots\.txt"):
        Client(HERE).fetch(httpserver.url_for("/a.jpg"))


def test_a_busy_server_is_asked_again(httpserver):
    httpserver.expect_ordered_request("/robots.txt").respond_with_data("")
    httpserver.expect_ordered_request("/a.jpg").respond_with_data("", status=503, headers={"Retry-After": "0"})
    httpserver.expect_ordered_request("/a.jpg").respond_with_data("here")
    assert Client(HERE).fetch(httpserver.url_for("/a.jpg")) == b"here"
