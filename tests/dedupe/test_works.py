"""What works.jsonl says of a work whose files are not all listed."""

from typing import Any

import pytest

from stages.dedupe.groups import Groups
from stages.dedupe.keep import Kept
from stages.dedupe.works import UNTOLD, describe, set_of
from stages.scrape import catalogue, lists

NOTHING = lists.record({}, "")
FACTS: Any = {"file": "0.png", "width": 4, "height": 3, "bytes": 9, "sha256": "0" * 64, "type": "image/png"}
TOLD = {"title": "The Blue Egg", "year": "1931", "rights": "CC0"}


def row(name: str, **told: str) -> Any:
    """A row of a folder's picture; of the same content are those whose names begin alike."""
    said = {"title": name.rpartition(".")[0], "year": "", "technique": "", "page_url": "", "rights": NOTHING.rights}
    facts = {"file": f"{name[0]}.png", "image_url": name, "sha256": name[0] * 64, "width": 4, "height": 3}
    return {**facts, "set": "collection", **said, **told}


def told(*rows: Any, enabled: bool = True) -> list[dict[str, str]]:
    """What is written of one work of these files, the first of which is kept."""
    groups = Groups(len(rows))
    for item in range(1, len(rows)):
        groups.join(0, item)
    written = describe([Kept([*range(len(rows))], [], {})], rows, [], groups, enabled)
    return [{key: work[key] for key in ("title", "year", "rights")} for work in written]


@pytest.mark.parametrize("kept", ["0 - Copy.png", "large.jpg"])
def test_what_is_told_of_one_file_is_told_of_its_work(kept):
    assert told(row(kept), row("0.png", **TOLD)) == [TOLD]
    assert told(row(kept), row("0.png", title="The Blue Egg"))[0]["title"] == "The Blue Egg"
    assert told(row(kept), row("0.png"), row("0 (1).png", rights="CC0"))[0]["rights"] == "CC0"


def test_of_two_files_of_which_as_much_is_told_the_kept_one_counts():
    assert told(row("a.png", **TOLD), row("b.png", title="Egg", year="1936", rights="CC BY"))[0] == TOLD
    assert told(row("a.png"), row("b.png"))[0]["title"] == "a"
    each = told(row("a.png"), row("b.png"), enabled=False)
    assert [work["title"] for work in each] == ["a", "b"], "files that are all kept have their own"


def test_a_told_title_is_that_of_the_work_whatever_else_is_told_of_another_file():
    titled, dated = row("0.png", title="The Blue Egg"), row("large.jpg", year="1931", rights="CC0")
    assert told(titled, dated) == told(dated, titled) == [TOLD]
    assert told(row("1.png"), titled, dated)[0]["title"] == "The Blue Egg", "the kept file is none of the two"


@pytest.mark.parametrize("name, title", [("Gema\u0308lde.jpg", "Gem\u00e4lde"), ("A &amp; B .jpg", "A & B")])
def test_the_name_of_a_file_is_no_title_however_the_catalogue_spells_it(name, title):
    assert catalogue.row(lists.record({}, name, name.rpartition(".")[0]), FACTS)["title"] == title
    assert told(row(name, title=title), row("0.png", title="The Blue Egg"))[0]["title"] == "The Blue Egg"


def test_what_is_held_out_by_one_of_its_files_is_held_out():
    rows = [row("0 large.png"), row("0.png") | {"set": "reserve"}, row("1.png")]
    assert [set_of(group, rows) for group in ([0, 1], [1], [0, 2])] == ["reserve", "reserve", "collection"]


def test_a_license_is_that_of_the_file():
    assert told(row("a.jpg", rights="CC BY"), row("0.png", **TOLD)) == [{**TOLD, "rights": "CC BY"}]


def test_what_the_catalogue_has_where_nothing_is_told():
    assert {NOTHING.rights, NOTHING.year, NOTHING.technique, NOTHING.page_url} == set(UNTOLD)
