"""The table of sources: every row is complete, and a further row is all that a further source needs."""

from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest
from loopback import DEFAULTS, Gallery, picture

from stages.scrape.interface import Query, Record
from stages.scrape.params import ScrapeParams
from stages.scrape.session import collect, measure
from stages.scrape.sources import SOURCES, Source

SECTION = {"artist": "salvador-dali", "category": "Wheat {fields}", "path": "mine"}


@pytest.mark.parametrize("name", SOURCES)
def test_every_row_is_complete(name):
    source = SOURCES[name]
    assert callable(resolve_name(source.records)) and (not source.read or callable(resolve_name(source.read)))
    assert sum(map(bool, (source.address, source.program, source.on_disk))) == 1, "one place where it is"
    keys = {f"scrape.{key}" for key in ScrapeParams.model_fields}
    assert source.keys and set(source.keys) <= keys


def test_what_the_report_and_the_tracking_call_a_source():
    found = {name: tuple(source.describe({"source": name} | SECTION).values()) for name, source in SOURCES.items()}
    assert found == {
        "museum": ("the museum, a painter that is a program", "museum"),
        "wikiart": ("salvador-dali on WikiArt", "salvador-dali"),
        "commons": ("“Wheat {fields}” on Wikimedia Commons", "Wheat {fields}"),
        "folder": ("the pictures in mine", "folder"),
        "urls": ("the list mine", "urls"),
    }


def records(query: Query) -> Iterator[Record]:
    """A further source: one picture at the root of a site."""
    url = query.address + "a.jpg"
    yield Record(None, query.params.artist, "1931", "", query.address, url, "original", "CC0", "collection")


def test_a_further_source_is_one_function_and_one_row(monkeypatch, tmp_path):
    row = Source(records=f"{__name__}:records", label="{artist} in a gallery", keys=("scrape.url",), address="unused")
    monkeypatch.setitem(SOURCES, "gallery", row)
    gallery = Gallery({"/a.jpg": picture()})
    section = DEFAULTS.model_copy(update={"source": "gallery", "url": gallery.url("/")})
    (tmp_path / "raw").mkdir()
    try:
        collected = collect(section, tmp_path / "raw", tmp_path, lambda items, **_: items)
    finally:
        gallery.close()
    (found,) = collected.rows
    assert (tmp_path / "raw" / found["file"]).read_bytes() == picture() and found["title"] == section.artist
    metrics = measure(section, collected)
    assert (metrics["source"], metrics["collection"]) == ("salvador-dali in a gallery", "gallery")
    assert (metrics["files"], metrics["failed"]) == (1, 0)


def test_no_module_but_the_table_knows_a_source_by_name():
    """A branch on the name of a source would be a fact that is missing in the table."""
    for path in (Path(__file__).resolve().parents[2] / "stages" / "scrape").glob("*.py"):
        named = [name for name in SOURCES if f'"{name}"' in path.read_text()]
        assert not named or path.name == "sources.py", f"{path} names {named}"
