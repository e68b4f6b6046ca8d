"""The page of runs that went another way: no film, no validation works, other prints and styles, a missing input."""

import re
from pathlib import Path

from finished import NAMES, TITLES, change, on_paper, style
from parsed import APOSTROPHE, DASH, TIMES, Page, lines_of, written
from PIL import Image

from stages.common import files, images
from stages.report.content import ENDED

ROOT = Path(__file__).resolve().parents[2]


def test_a_bad_verdict_is_told_with_its_cause(finished):
    change(
        finished.folder / "metrics/train.json",
        verdict={"state": "not_a_number", "cause": "a loss broke", "since_kimg": 12.5, "ended": "not_a_number"},
    )
    page = Page(written(finished))
    assert (
        f"The guard{APOSTROPHE}s verdict: not a number. Since 12.5 thousand pictures: a loss broke."
        in page.sections["training"]
    )
    assert "verdict not a number" in page.sections[""] and {"class": "verdict bad"} in page.named("div")


def test_without_validation_works_there_is_no_fld_of_the_training(finished):
    files.write_csv(finished.folder / "metrics/validation.csv", [dict.fromkeys(("step", "kimg", "fld"), float("nan"))])
    change(finished.folder / "metrics/train.json", validation=0, best={"fld": None, "kimg": 60.0})
    page = Page(written(finished))
    assert (
        "Fewer than two validation works were held out" in page.sections["training"]
        and "best:" not in page.sections["training"]
    )
    assert len(lines_of(page)) == 2 * 2 + 2 * 3


def test_without_a_film_intervals_or_a_second_feature_space_the_page_says_so(finished):
    (finished.folder / "data/gan/timelapse.webp").unlink()
    found = files.read_json(finished.folder / "metrics/evaluate.json")
    kept = {key: found[key] for key in ("kid", "fid", "fid_floor", "n_real", "n_generated", "runtime")}
    files.write_json(finished.folder / "metrics/evaluate.json", kept | {"recall": None})
    page = Page(written(finished))
    assert "There is no time-lapse" in page.sections["training"] and "95 %" not in page.sections[""]
    assert f"0.153 {DASH} {DASH} {DASH}" in page.sections["numbers"] and "Recall" not in page.sections["numbers"]
    assert "None" not in " ".join(page.sections.values())
    assert "gan/timelapse.webp" not in page.sections["lineage"]


def test_a_small_collection_is_told_what_no_number_tells(finished):
    path = finished.folder / "metrics/evaluate.json"
    found = files.read_json(path)
    kept = {key: found[key] for key in ("copied", "n_real", "n_generated", "n_floor", "runtime")}
    files.write_json(path, kept | {"efficientnet": {}, "too_few": "3 test works are too few"})
    page = Page(written(finished))
    assert "3 test works are too few." in page.sections[""] and "KID" not in page.sections["numbers"]


def test_corrections_are_listed_and_a_collection_without_duplicates_has_no_sheet_of_them(finished):
    change(finished.folder / "metrics/dedupe.json", corrected=["same: a, b", "drop: c"])
    section = Page(written(finished)).sections["works"]
    assert "(data/corrections.csv): same: a, b; drop: c." in section and "The largest groups" in section
    assert "found no file" not in section
    change(finished.folder / "metrics/dedupe.json", not_corrected=["line 2: no file is called 'd'", "line 3: nor 'e'"])
    section = Page(written(finished)).sections["works"]
    assert "Corrections that found no file: line 2: no file is called 'd'; line 3: nor 'e'." in section
    path = finished.folder / "data/works/works.jsonl"
    files.write_jsonl(path, [row | {"duplicates": []} for row in files.read_jsonl(path)])
    assert "The largest groups" not in Page(written(finished)).sections["works"]


def test_the_choice_of_files_is_counted_where_the_source_tells_the_best(finished):
    assert "largest file" not in Page(written(finished)).sections["works"]
    change(finished.folder / "metrics/dedupe.json", largest_unfaithful=18, faithful_kept=17)
    section = Page(written(finished)).sections["works"]
    assert "works whose largest file is a worse one 18 the best file kept of 17" in section


def test_unused_works_are_counted_with_the_params_that_use_them(finished):
    section = Page(written(finished)).sections["works"]
    assert "unused" not in section and "details of other works" not in section
    path, listed = finished.folder / "data/split.json", finished.folder / "data/works/works.jsonl"
    parts = files.read_json(path)
    files.write_json(path, parts | {"train": parts["train"][2:]})
    section = Page(written(finished)).sections["works"]
    assert "unused works of the collection 2 split.train_works: all" in section and "of the reserve" not in section
    files.write_json(path, parts | {"test": parts["test"][1:]})
    of_reserve = {*parts["validation"], *parts["test"]}
    rows = files.read_jsonl(listed)
    files.write_jsonl(listed, [row | {"set": "reserve"} if row["work"] in of_reserve else row for row in rows])
    section = Page(written(finished)).sections["works"]
    assert "unused works of the reserve 1 split.validation_works and split.test_works" in section
    assert "split.train_works" not in section


def test_details_are_counted_and_no_unused_works(finished):
    path, listed = finished.folder / "data/split.json", finished.folder / "data/works/works.jsonl"
    parts = files.read_json(path)
    files.write_json(path, parts | {"train": parts["train"][1:]})
    match = {"files": ["w0.jpg", "w1.jpg"], "hash_distance": 9, "check": "grid", "correlation": 0.9}
    first, *others = files.read_jsonl(listed)
    files.write_jsonl(listed, [first | {"detail_of": [match]}, *others])
    section = Page(written(finished)).sections["works"]
    assert "details of other works 1 left out of all parts" in section and "unused" not in section


def test_a_print_on_paper_has_its_bleed_resolution_and_warning(finished):
    (finished.folder / f"data/print/{NAMES[0]}.pdf").write_bytes(b"%PDF")
    warning = "below 200 <they> can be seen"
    sides = on_paper(trim_width_mm=420, trim_height_mm=297, bleed_mm=3.0, effective_dpi=31.2, warning=warning)
    change(finished.folder / "metrics/upscale.json", pictures={NAMES[0]: sides}, paper="A3")
    page = Page(written(finished))
    for words in (f"420 {TIMES} 297 mm and 3 mm of bleed on each side", "31 pixels per inch", f"{warning}."):
        assert words in page.sections["print"], page.sections["print"]
    assert f"data/print/{NAMES[0]}.pdf 4 " in page.sections["lineage"]


def test_many_styles_and_prints_are_counted_not_shown(finished):
    titles = [*TITLES, *(f"Work {number}" for number in range(3, 10))]
    names = [f"{number:02}-x" for number in range(1, 11)]
    for name in names:
        images.save_png(finished.folder / f"data/stylized/pictures/{name}.png", Image.new("RGB", (40, 30)))
        images.save_png(finished.folder / f"data/print/{name}.png", Image.new("RGB", (160, 120)))
    styles = {name: style(title) for name, title in zip(names, titles, strict=True)}
    change(finished.folder / "metrics/stylize.json", styles=styles)
    sides = on_paper(width=160, height=120, trim_width_mm=13.5, trim_height_mm=10.2)
    change(finished.folder / "metrics/upscale.json", pictures={name: sides for name in names[:3]})
    page = Page(written(finished))
    assert f"in the style of {len(styles)} works" in page.sections["sketch"]
    assert "6 more in data/stylized/pictures/" in page.sections["sketch"]
    assert "2 more in data/print/" in page.sections["print"]
    assert "Work 3" in page.sections["sketch"] and "Work 4" not in page.sections["sketch"]


def test_a_mixture_is_named_whole_and_shows_the_work_that_counts_most(finished):
    first, second = TITLES[:2]
    mixed = f"25 % {first}, 75 % {second}"
    path = finished.folder / "metrics/stylize.json"
    styles = files.read_json(path)["styles"]
    change(path, styles=styles | {NAMES[0]: style(mixed, {first: 0.25, second: 0.75})})
    page = Page(written(finished))
    assert mixed in page.sections["sketch"] and mixed in page.sections["print"]
    first_work, second_work, *_ = (image["src"] for image in page.named("img") if image["alt"].startswith("The work "))
    assert first_work == second_work, "the second style is the heavier work alone"


def test_of_works_with_one_title_the_one_is_shown_that_stylize_takes(finished):
    path = finished.folder / "data/works/works.jsonl"
    rows = files.read_jsonl(path)
    images.save_jpeg(finished.folder / "data/works/w1.jpg", Image.new("RGB", (300, 200)))  # the largest
    files.write_jsonl(path, [row | {"title": TITLES[1]} if row["work"] in ("w0", "w1", "w9") else row for row in rows])
    change(finished.folder / "metrics/stylize.json", styles={NAMES[0]: style(TITLES[1]), NAMES[1]: style("w1.jpg")})
    of_title, of_file = (image["src"] for image in Page(written(finished)).named("img") if "The work " in image["alt"])
    assert of_title == of_file


def test_every_end_that_a_training_can_have_has_words():
    source = "".join(path.read_text() for path in sorted((ROOT / "stages/train").glob("*.py")))
    assert set(re.findall(r'ended"?[:=,] "(\w+)"', source.replace(" = ", "= "))) == set(ENDED)
