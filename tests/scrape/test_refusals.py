"""One refused picture is a failed row; a page, or several pictures of a host in a row, end the visit."""

import json

import pytest
from loopback import picture, reply

from stages.common import files

CLOSED = reply(b"<Error><Code>AccessDenied</Code></Error>", "403 Forbidden")
LISTED = "/en/x/mode/all-paintings?json=2&layout=new&page={}&resultType=masonry"


@pytest.fixture
def site(workspace, server):
    """Works on WikiArt: site(refused) refuses the pictures of these numbers."""

    def opened(refused: set[int], count: int = 8) -> None:
        for number in range(count):
            body = reply(picture(color=(30 * number % 256, 90, 200)))
            server.scripts[f"/{number}.jpg"] = CLOSED if number in refused else body
        works = [
            {"id": str(number), "title": f"Work {number}", "image": server.url(f"/{number}.jpg"), "paintingUrl": "/w"}
            for number in range(count)
        ]
        for number, page in ((1, works), (2, None)):
            answer = {"Paintings": page, "AllPaintingsCount": count}
            server.scripts[LISTED.format(number)] = reply(json.dumps(answer).encode())

    workspace.set(scrape__source="wikiart", scrape__url=server.url("/"), scrape__artist="x")
    workspace.set(scrape__renditions="original", scrape__connections=1)
    return opened


def summary(workspace) -> dict:
    return files.read_json(workspace.folder / "metrics/scrape.json")


@pytest.mark.parametrize("refused", [{3}, {0, 1, 3, 4, 6, 7}], ids=["one", "never three in a row"])
def test_a_refused_picture_is_a_failed_row(workspace, server, site, refused):
    site(refused)
    for _ in range(2):
        done = workspace.open("scrape")
        assert done.returncode == 0, done.stderr
        assert summary(workspace)["files"] == 8 - len(refused)
        assert {item["title"] for item in summary(workspace)["failures"]} == {f"Work {number}" for number in refused}
        assert all("403 Forbidden" in item["reason"] for item in summary(workspace)["failures"])
    assert server.asked["/2.jpg"] == (1 if 2 not in refused else 2)


def test_three_in_a_row_end_the_visit_with_the_address_the_row_and_the_way_on(workspace, server, site):
    site(set(range(2, 40)), count=40)
    workspace.fails(
        "scrape", "'wikiart' ended the visit", server.url("/4.jpg"), "403 Forbidden", "'Work 4'", "scrape.offline"
    )
    assert sum(path.endswith(".jpg") for path in server.asked) < 20, "nothing more is asked for"
    workspace.set(scrape__offline=True)
    assert workspace.open("scrape").returncode == 0
    assert summary(workspace)["files"] == 2 and summary(workspace)["failed"] == 38


def test_a_site_that_asks_for_too_long_a_pause_ends_the_visit_and_the_same_command_goes_on(workspace, server, site):
    site(set())
    server.scripts["/4.jpg"] = reply(b"", "429 Slow Down", Retry_After="3600")
    workspace.fails("scrape", "ended the visit", "127.0.0.1 asks for a pause of 3600 s", "the same command goes on")
    assert server.asked["/4.jpg"] == 1 and not server.asked["/5.jpg"]
    site(set())
    done = workspace.open("scrape")
    assert done.returncode == 0 and summary(workspace)["files"] == 8
    assert server.asked["/3.jpg"] == 1, "it was kept"


def test_a_refused_list_ends_the_visit_with_its_address(workspace, server, site):
    site(set())
    server.scripts[LISTED.format(2)] = CLOSED
    workspace.fails("scrape", "ended the visit", server.url(LISTED.format(2)), "403 Forbidden", "scrape.offline")
    assert not server.asked["/0.jpg"]


def test_a_host_of_a_list_that_refuses_three_in_a_row_is_left_and_the_others_go_on(workspace, server):
    lines = [*(server.url(f"/closed/{number}.jpg") for number in range(40))]
    server.scripts |= {f"/closed/{number}.jpg": CLOSED for number in range(40)}
    other = server.url("/good.jpg").replace("127.0.0.1", "localhost")
    server.scripts["/good.jpg"] = reply(picture())
    (workspace.folder / "list.csv").write_text("\n".join(["url", *lines, other]))
    workspace.set(scrape__source="urls", scrape__path="list.csv", scrape__connections=1)
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    assert (summary(workspace)["files"], summary(workspace)["failed"]) == (1, 40)
    assert "not asked for: 127.0.0.1 refused several pictures in a row" in summary(workspace)["failures"][-1]["reason"]
    assert sum("closed" in path for path in server.asked) < 20


def test_a_list_of_one_host_that_refuses_three_in_a_row_ends_the_visit(workspace, server):
    server.scripts |= {f"/closed/{number}.jpg": CLOSED for number in range(40)}
    lines = [server.url(f"/closed/{number}.jpg") for number in range(40)]
    (workspace.folder / "list.csv").write_text("\n".join(["url", *lines]))
    workspace.set(scrape__source="urls", scrape__path="list.csv", scrape__connections=1)
    workspace.fails("scrape", "'urls' ended the visit", server.url("/closed/2.jpg"), "403 Forbidden", "scrape.offline")
    assert sum("closed" in path for path in server.asked) < 20


def test_a_placeholder_that_several_works_share_is_a_failed_row_and_asked_for_again(workspace, server, site):
    site(set())
    unavailable = picture("PNG", color="gray")
    for number in (1, 4, 5):
        server.scripts[f"/{number}.jpg"] = reply(unavailable)
    works = json.dumps(
        {
            "Paintings": [
                {"id": str(n), "title": f"Work {n}", "image": server.url(f"/{n}.jpg"), "paintingUrl": f"/w/{n}"}
                for n in range(8)
            ],
            "AllPaintingsCount": 8,
        }
    )
    server.scripts[LISTED.format(1)] = reply(works.encode())
    assert workspace.open("scrape").returncode == 0
    assert summary(workspace)["files"] == 5
    assert {(item["title"], item["reason"]) for item in summary(workspace)["failures"]} == {
        (f"Work {number}", "a placeholder: 3 works have this very file") for number in (1, 4, 5)
    }
    assert len(list((workspace.folder / "data/raw").iterdir())) == 5 + 1, "it is no file of the collection"
    for number in (1, 4, 5):
        server.scripts[f"/{number}.jpg"] = reply(picture(color=(30 * number, 9, 20)))
    server.asked.clear()
    assert workspace.open("scrape").returncode == 0
    assert summary(workspace)["files"] == 8
    assert set(server.asked) == {"/robots.txt", "/1.jpg", "/4.jpg", "/5.jpg"}


def test_two_works_may_share_a_file_and_one_work_may_have_it_often(workspace, server, site):
    site(set())
    same = reply(picture("PNG", color="gray"))
    for number in range(8):  # of one page
        server.scripts[f"/{number}.jpg"] = same
    assert workspace.open("scrape").returncode == 0
    assert summary(workspace)["files"] == 8
