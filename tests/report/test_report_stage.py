"""The page: every section with the right numbers, self-contained, safe, the same bytes each time."""

import base64
import hashlib
import itertools
import re

import pytest
from finished import NAMES, TITLES, change, results
from parsed import MINUS, TIMES, Page, lines_of, written

from stages.common import files
from stages.report.content import SECTIONS

HOSTILE = (
    "</title></script><script>alert('1')</script><img src=http://evil.example/x onerror=alert(2)>"
    """"' style='color:red' onload="x" {{ 7 * 7 }} &amp;"""
)


def test_every_section_has_its_numbers(finished):
    page = Page(written(finished))
    assert list(page.sections) == ["", *SECTIONS]
    head = page.sections[""]
    for words in (
        "How far do 72 pictures go?",
        "15.7",
        "95 %: 14.2 to 17.3",
        "Its floor 0",
        "verdict ok",
        "500 pictures",
        "144 works",
    ):
        assert words in head, words
    expected = {
        "works": [
            "57 files of the collection show 20 works", "37 files are duplicates", "files fetched 60 3 failed",
            "0.988 precision", "1.000 recall", "training works 14", "validation works 2", "test works 4",
            "Rights: CC0 (14)", TITLES[0] + " , 1937",
        ],
        "training": [
            "verdict: ok", "all pictures were shown", "dcgan", "relativistic", "DiffAugment", "64 pixels",
            "913,187 generator", "694,241 discriminator", "pictures shown 60,000", "cpu float32, 2 threads",
            "best: 15.8", "training works validation works generated",
        ],
        "variants": ["The first 25 of 500 samples"],
        "neighbors": ["Of 500 samples 1.2 % are (95 %: 0.4 % to 2.8 %)"],
        "numbers": [
            "15.7 14.2 to 17.3 0", f"{MINUS}1.3",
            f"0.153 0.147 to 0.159 {MINUS}0.001 0.091 0.085 to 0.098 0.000", "235 229 to 241 152 88 60", "81 75 to 89",
            "0.31 0.27 to 0.35", "144 test works", "for 71 real pictures", "clean",
        ],
        "sketch": ["of 3 works", *TITLES],
        "print": [
            f"43.3 {TIMES} 32.5 mm", f"512 {TIMES} 384", "300 pixels per inch", f"data/print/{NAMES[0]}.png", TITLES[0],
        ],
        "lineage": [
            "train.learning_rate 0.001", "split.train_works all",
            "experiment how-far with the tag fingerprint 0123abcd",
        ],
    }  # fmt: skip
    assert list(expected) == list(SECTIONS)
    for section, wanted in expected.items():
        for words in wanted:
            assert words in page.sections[section], f"{words!r} is not in {section}: {page.sections[section]}"
    assert len(page.named("img")) == 1 + 12 + 1 + 2 + 2 + 1 + 3 * 3 + 2
    assert len(lines_of(page)) == 1 + 2 * 2 + 2 * 3, "FLD; two losses and three logits, each with its trend"


def test_the_page_needs_nothing_but_itself(finished):
    text = written(finished)
    page = Page(text)
    assert len(page.tags) > 300
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "video", "audio", "source")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("srcset", "poster", "action", "ping", "background"), (tag, name)
            if name == "src":
                assert tag == "img" and value.startswith(("data:image/jpeg;base64,", "data:image/webp;base64,"))
            if name.endswith("href"):
                assert value.startswith("#") or value == "data:,", value
            assert "url(" not in value
    assert page.named("link") == [{"rel": "icon", "href": "data:,"}]
    assert len(page.named("script")) == len(page.named("style")) == 1
    (style,), (script,) = (re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("style", "script"))
    assert "url(" not in style and "@import" not in style and "http" not in style + script and "fetch" not in script
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    anchors = {link["href"][1:] for link in page.named("a")}
    assert anchors == set(SECTIONS) == {section["id"] for section in page.named("section")}


def test_the_page_can_be_read_without_seeing_it(finished):
    page = Page(written(finished))
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("h1")) == 1 and len(page.named("h2")) == len(SECTIONS)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for image in page.named("img"):
        assert image["alt"] or image["class"] == "frieze", "only the ornament has no words"
        assert int(image["width"]) > 0 and int(image["height"]) > 0
    drawings = [svg for svg in page.named("svg") if svg.get("aria-hidden") != "true"]
    assert len(drawings) == 4 and all(svg["role"] == "img" and len(svg["aria-label"]) > 20 for svg in drawings)
    assert all(cell["scope"] in ("row", "col", "colgroup") for cell in page.named("th"))


def test_the_page_tells_nobody_s_address(finished):
    before = written(finished)
    finished.set(scrape__contact="somebody@example.org")
    assert written(finished) == before and "scrape.contact" not in before


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes_and_others_do_not(finished):
    first = written(finished)
    assert written(finished) == first
    change(finished.folder / "metrics/evaluate.json", kid=0.2)
    assert written(finished) != first


def test_what_data_says_is_text_and_nothing_else(workspace):
    titles = [HOSTILE, *TITLES[1:]]
    results(workspace.folder, titles)
    workspace.set(stylize__styles=titles)
    change(workspace.folder / "metrics/scrape.json", source=f"{HOSTILE} on WikiArt")
    rows = files.read_jsonl(workspace.folder / "data/works/works.jsonl")
    files.write_jsonl(
        workspace.folder / "data/works/works.jsonl", [row | {"year": HOSTILE, "rights": HOSTILE} for row in rows]
    )
    change(
        workspace.folder / "metrics/train.json",
        verdict={"state": "collapsed", "cause": HOSTILE, "since_kimg": 20.0, "ended": "patience"},
    )
    change(workspace.folder / "data/track.json", experiment=HOSTILE)
    text = written(workspace)
    page = Page(text)
    assert len(page.named("script")) == 1 and "<script>alert" not in text and "<img src=http" not in text
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    assert all(image["src"].startswith("data:") for image in page.named("img"))
    shown = " ".join(HOSTILE.split())
    for section in ("", "works", "training", "sketch", "print", "lineage"):
        assert shown in page.sections[section], section
    assert f"The work {HOSTILE}" in [image["alt"] for image in page.named("img")]
