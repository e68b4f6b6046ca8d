"""The page that `python -m stages.report` writes: every section with the right numbers, self-contained, safe, the same bytes each time."""

import base64
import hashlib
import itertools
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import yaml
from dvc_data.hashfile.hash import file_md5
from finished import NAMES, TITLES, change, results
from PIL import Image

from stages.common import files, images
from stages.report.__main__ import ENDED, FILES, SECTIONS

ROOT = Path(__file__).resolve().parents[2]
VOID = {"meta", "link", "img", "input", "br"}
HOSTILE = """</title></script><script>alert('1')</script><img src=http://evil.example/x onerror=alert(2)>"' style='color:red' onload="x" {{ 7 * 7 }} &amp;"""


class Page(HTMLParser):
    """A page taken apart: its tags with their attributes, the text of each section, and whether every tag is closed."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {"": ""}
        self._open: list[str] = []
        self._section = ""
        self.feed(text)
        assert not self._open, f"not closed: {self._open}"
        self.sections = {name: " ".join(words.split()) for name, words in self.sections.items()}

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "section":
            self._section = dict(attributes)["id"]
            self.sections[self._section] = ""
        if tag not in VOID and self.get_starttag_text()[-2:] != "/>":
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"
        if tag == "section":
            self._section = ""

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("style", "script"):
            self.sections[self._section] += data + " "

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def written(workspace) -> str:
    done = workspace.open("report")
    assert done.returncode == 0, done.stderr
    return (workspace.folder / "data/report/index.html").read_text(encoding="utf-8")


def test_every_section_has_its_numbers(finished):
    page = Page(written(finished))
    assert list(page.sections) == ["", *SECTIONS]
    head = page.sections[""]
    for words in (
        "How far do 72 pictures go?",
        "0.153",
        "95 %: 0.147 to 0.159",
        "−0.001",
        "verdict ok",
        "500 pictures",
        "144 works",
    ):
        assert words in head, words
    expected = {
        "works": [
            "57 files of the collection show 20 works", "37 files are duplicates", "files fetched 60 3 failed", "0.988 precision", "1.000 recall",
            "training works 14", "validation works 2", "test works 4", "Rights: CC0 (14)", TITLES[0] + " , 1937",
        ],
        "training": [
            "verdict: ok", "all pictures were shown", "dcgan", "relativistic", "diffaugment", "64 pixels", "913,187 generator", "694,241 discriminator",
            "pictures shown 60,000", "cpu float32, 2 threads", "best: 0.158", "training works validation works generated",
        ],
        "variants": ["The first 25 of 500 samples"],
        "neighbors": ["Of 500 samples 1.2 % are (95 %: 0.4 % to 2.8 %)"],
        "numbers": [
            "0.153 0.147 to 0.159 −0.001 0.091 0.085 to 0.098 0.000", "235 229 to 241 152 88 60", "81 75 to 89",
            "0.31 0.27 to 0.35", "144 test works", "for 71 real pictures", "clean",
        ],
        "sketch": ["of 3 works", *TITLES],
        "print": ["43.3 × 32.5 mm", "512 × 384", "300 dots per inch", f"data/print/{NAMES[0]}.png", TITLES[0]],
        "lineage": ["train.learning_rate 0.0005", "split.train_works 72", "experiment how-far with the tag fingerprint 0123abcd"],
    }  # fmt: skip
    assert list(expected) == list(SECTIONS)
    for section, wanted in expected.items():
        for words in wanted:
            assert words in page.sections[section], f"{words!r} is not in {section}: {page.sections[section]}"
    assert len([image for image in page.named("img")]) == 1 + 12 + 1 + 2 + 2 + 1 + 3 * 3 + 2
    assert len(page.named("polyline")) == 1 + 2 * 2 + 2 * 3, "KID; two losses and three logits, each with its trend"


def test_the_page_needs_nothing_but_itself(finished):
    text = written(finished)
    page = Page(text)
    assert len(page.tags) > 300
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "video", "audio", "source")
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("srcset", "poster", "action", "ping", "background"), (
                tag,
                name,
            )
            if name == "src":
                assert tag == "img" and value.startswith(("data:image/jpeg;base64,", "data:image/webp;base64,"))
            if name == "href":
                assert value.startswith("#") or value == "data:,", value
    assert (
        page.named("link") == [{"rel": "icon", "href": "data:,"}]
        and len(page.named("script")) == len(page.named("style")) == 1
    )
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1] for tag in ("style", "script"))
    assert "url(" not in style and "@import" not in style and "http" not in style + script and "fetch" not in script
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    anchors = {link["href"][1:] for link in page.named("a")}
    assert anchors == set(SECTIONS) == {section["id"] for section in page.named("section")}


def test_the_page_can_be_read_without_seeing_it(finished):
    page = Page(written(finished))
    assert (
        page.named("html") == [{"lang": "en"}] and len(page.named("h1")) == 1 and len(page.named("h2")) == len(SECTIONS)
    )
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for image in page.named("img"):
        assert image["alt"] or image["class"] == "frieze", "only the ornament has no words"
        assert int(image["width"]) > 0 and int(image["height"]) > 0
    drawings = [svg for svg in page.named("svg") if svg.get("aria-hidden") != "true"]
    assert len(drawings) == 4 and all(svg["role"] == "img" and len(svg["aria-label"]) > 20 for svg in drawings)
    assert all(cell["scope"] in ("row", "col", "colgroup") for cell in page.named("th"))


def test_the_same_inputs_give_the_same_bytes_and_others_do_not(finished):
    first = written(finished)
    assert written(finished) == first
    change(finished.folder / "metrics/evaluate.json", kid=0.2)
    assert written(finished) != first


def test_what_data_says_is_text_and_nothing_else(workspace):
    titles = [HOSTILE, *TITLES[1:]]
    results(workspace.folder, titles)
    workspace.set(stylize__styles=titles, scrape__source="wikiart", scrape__artist=HOSTILE)
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


def test_a_bad_verdict_is_told_with_its_cause(finished):
    change(
        finished.folder / "metrics/train.json",
        verdict={"state": "not_a_number", "cause": "a loss broke", "since_kimg": 12.5, "ended": "not_a_number"},
    )
    page = Page(written(finished))
    assert "The guard’s verdict: not a number. Since 12.5 thousand pictures: a loss broke." in page.sections["training"]
    assert "verdict not a number" in page.sections[""] and {"class": "verdict bad"} in page.named("div")


def test_without_validation_works_there_is_no_kid_of_the_training(finished):
    files.write_csv(finished.folder / "metrics/validation.csv", [dict.fromkeys(("step", "kimg", "kid"), float("nan"))])
    change(finished.folder / "metrics/train.json", validation=0, best={"kid": None, "kimg": 60.0})
    page = Page(written(finished))
    assert "No validation works were held out" in page.sections["training"] and "best:" not in page.sections["training"]
    assert len(page.named("polyline")) == 2 * 2 + 2 * 3


def test_without_a_film_intervals_or_a_second_feature_space_the_page_says_so(finished):
    (finished.folder / "data/gan/timelapse.webp").unlink()
    found = files.read_json(finished.folder / "metrics/evaluate.json")
    kept = {key: found[key] for key in ("kid", "fid", "fid_floor", "n_real", "n_generated", "runtime")}
    files.write_json(finished.folder / "metrics/evaluate.json", kept | {"recall": None})
    page = Page(written(finished))
    assert "There is no time-lapse" in page.sections["training"] and "95 %" not in page.sections[""]
    assert (
        "0.153 – – –" in page.sections["numbers"]
        and "Recall" not in page.sections["numbers"]
        and "None" not in " ".join(page.sections.values())
    )
    assert "gan/timelapse.webp" not in page.sections["lineage"]


def test_a_print_without_a_size_has_none(finished):
    sides = {
        "width": 512,
        "height": 384,
        "trim_width_mm": 0.0,
        "trim_height_mm": 0.0,
        "bleed_mm": 0.0,
        "effective_dpi": 300.0,
        "warning": None,
    }
    change(finished.folder / "metrics/upscale.json", pictures={NAMES[0]: sides})
    page = Page(written(finished))
    assert "size unknown" in page.sections["print"] and " mm" not in page.sections["print"]
    assert not [svg for svg in page.named("svg") if svg.get("class") == "paper"]


def test_a_print_on_paper_has_its_bleed_resolution_and_warning(finished):
    (finished.folder / f"data/print/{NAMES[0]}.pdf").write_bytes(b"%PDF")
    sides = {
        "width": 512,
        "height": 384,
        "trim_width_mm": 420,
        "trim_height_mm": 297,
        "bleed_mm": 3.0,
        "effective_dpi": 31.2,
    }
    sides["warning"] = "below 200 <they> can be seen"
    change(finished.folder / "metrics/upscale.json", pictures={NAMES[0]: sides}, paper="A3")
    page = Page(written(finished))
    for words in ("420 × 297 mm and 3 mm of bleed on each side", "31 dots per inch", "below 200 <they> can be seen."):
        assert words in page.sections["print"], page.sections["print"]
    assert f"data/print/{NAMES[0]}.pdf 4 " in page.sections["lineage"]


def test_many_styles_and_prints_are_counted_not_shown(finished):
    titles = [*TITLES, *(f"Work {number}" for number in range(3, 10))]
    names = [f"{number:02}-x" for number in range(1, 11)]
    finished.set(stylize__styles=titles)
    for name in names:
        images.save_png(finished.folder / f"data/stylized/pictures/{name}.png", Image.new("RGB", (40, 30)))
        images.save_png(finished.folder / f"data/print/{name}.png", Image.new("RGB", (160, 120)))
    change(finished.folder / "metrics/stylize.json", styles={name: {} for name in names})
    sides = {
        "width": 160,
        "height": 120,
        "trim_width_mm": 13.5,
        "trim_height_mm": 10.2,
        "bleed_mm": 0.0,
        "effective_dpi": 300.0,
        "warning": None,
    }
    change(finished.folder / "metrics/upscale.json", pictures={name: sides for name in names[:3]})
    page = Page(written(finished))
    assert (
        "6 more in data/stylized/pictures/" in page.sections["sketch"]
        and "2 more in data/print/" in page.sections["print"]
    )
    assert "Work 3" in page.sections["sketch"] and "Work 4" not in page.sections["sketch"]


def test_a_mixture_is_named_whole_and_shows_the_work_that_counts_most(finished):
    first, second = TITLES[:2]
    finished.set(stylize__styles=[{first: 1.0, second: 3.0}, *TITLES[1:]])
    section = Page(written(finished)).sections["sketch"]
    assert f"25 % {first}, 75 % {second}" in section


def test_lineage_has_the_hashes_of_dvc_and_finds_the_commit(finished):
    page = Page(written(finished))
    files = dict(re.findall(r"((?:data|metrics)/\S+) [\d,]+ ([0-9a-f]{32})", page.sections["lineage"]))
    assert (
        set(map(str, FILES)) <= set(files)
        and f"data/print/{NAMES[0]}.png" in files
        and "data/sketch/sketch.jpg" in files
    )
    for name, digest in files.items():
        assert hashlib.md5((finished.folder / name).read_bytes()).hexdigest() == digest
    (command,) = re.findall(r"git log .* -- dvc.lock", page.sections["lineage"])
    lock = {"outs": [{"path": "metrics/evaluate.json", "md5": files["metrics/evaluate.json"]}]}

    def git(line: str) -> str:
        return subprocess.run(
            ["bash", "-c", line], cwd=finished.folder, capture_output=True, text=True, check=True
        ).stdout

    commit = "git add dvc.lock && git -c user.name=T -c user.email=t@example.org commit -qm"
    git(f"git init -q && echo other > dvc.lock && {commit} before")
    (finished.folder / "dvc.lock").write_text(yaml.safe_dump(lock))
    git(f"{commit} this-run")
    assert [line.split()[1] for line in git(command).splitlines()] == ["this-run"]


def test_the_hashes_are_those_of_dvc(finished):
    path = finished.folder / "data/track.json"
    path.write_bytes(b'{"experiment": "e",\r\n"fingerprint": "f"}')  # an older DVC read such line ends as others
    assert file_md5(str(path)) == hashlib.md5(path.read_bytes()).hexdigest()


def test_a_missing_input_is_one_clear_message(finished):
    (finished.folder / "data/evaluation/nearest.jpg").unlink()
    finished.fails("report", "nearest.jpg")
    (finished.folder / "metrics/train.json").unlink()
    finished.fails("report", "train.json", "dvc repro")
    assert not (finished.folder / "data/report").exists()


def test_every_end_that_a_training_can_have_has_words():
    source = "".join(path.read_text() for path in sorted((ROOT / "stages/train").glob("*.py")))
    assert set(re.findall(r'ended"?[:=] "(\w+)"', source.replace(" = ", "= "))) == set(ENDED)
