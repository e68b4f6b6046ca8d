"""Which works the styles are: by title, file or id, from a list, or chosen by the composition of the sketch."""

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image, ImageDraw, ImageFilter

from stages.common import files, images
from stages.common.cli import UserError
from stages.stylize import inputs
from stages.stylize.params import StylizeParams
from stages.stylize.styles import SHOWPIECES, automatic


def drawing(x: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    page = Image.new("RGB", size, "white")
    ImageDraw.Draw(page).ellipse((x, 20, x + 30, 50), fill="black")
    return page


@pytest.fixture
def shop(tmp_path):
    """Five works, the fourth composed as the sketch is, two of one title, one too small for a style."""
    titles = ["Untitled", "Untitled", "Élan (study), no. 2", "Moon", "Stamp"]
    rows = []
    for number, title in enumerate(titles):
        noise = Image.fromarray(np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)).resize((96, 72))
        picture = drawing(10).filter(ImageFilter.GaussianBlur(3)) if number == 3 else noise
        images.save_png(tmp_path / f"works/f{number}.png", picture.resize((12, 9)) if number == 4 else picture)
        row = {"work": f"{number:012x}", "title": title, "file": f"f{number}.png", "set": "collection", "best": True}
        rows.append(row)
    files.write_jsonl(tmp_path / "works/works.jsonl", rows)
    images.save_png(tmp_path / "sketch/s.png", drawing(12))
    return tmp_path


@pytest.fixture
def load(shop, workspace, monkeypatch):
    monkeypatch.chdir(shop)

    def of(styles, **values):
        values = {"sketch": "s.png", "pixels": 64, **values}
        workspace.set(stylize__styles=styles, **{f"stylize__{key}": value for key, value in values.items()})
        values = yaml.safe_load((workspace.folder / "params.yaml").read_text())["stylize"]
        return inputs.load(StylizeParams.model_validate(values), Path("sketch"), Path("works"))

    return of


def test_auto_takes_the_works_nearest_in_composition_and_says_which(load, capsys):
    styles = load("auto").params.styles
    assert styles[0] == "Moon" and len(styles) == 3 and "Stamp" not in styles
    assert "Untitled" not in styles, "a title of several works names none"
    assert "nearest to the sketch in composition" in capsys.readouterr().out


def test_auto_takes_no_test_works_and_no_spare_files(load, shop):
    """Both are the sketch itself: nothing is nearer to it."""
    rows = files.read_jsonl(shop / "works/works.jsonl")
    images.save_png(shop / "works/same.png", drawing(12))
    others = [
        rows[0] | {"work": f"{8:012x}", "title": "Held out", "file": "same.png", "set": "reserve"},
        rows[0] | {"work": f"{9:012x}", "title": "Spare", "file": "same.png", "best": False},
    ]
    files.write_jsonl(shop / "works/works.jsonl", [*rows, *others])
    styles = load("auto").params.styles
    assert styles[0] == "Moon" and not {"Held out", "Spare"} & set(styles)


def test_auto_takes_the_museum_s_showpieces_where_they_are_there(shop):
    rows: Any = [{"title": title, "set": "collection"} for title in SHOWPIECES]
    assert automatic(drawing(0), rows, shop)[0] == SHOWPIECES


def test_a_work_is_named_by_title_file_or_id_without_quoting(load, capsys):
    loaded = load(["élan (STUDY), no. 2", "f3.png", f"{1:012x}"])
    assert list(loaded.works) == ["élan (STUDY), no. 2", "f3.png", f"{1:012x}"]
    assert not capsys.readouterr().out
    load(["Untitled"])
    assert "2 works are called 'Untitled'" in capsys.readouterr().out


def test_a_work_s_best_file_gives_its_style_where_all_are_kept(load, shop):
    """The best one is the second in size here, as of a good photograph and an enlarged one."""
    rows = files.read_jsonl(shop / "works/works.jsonl")
    images.save_png(shop / "works/large.png", Image.new("RGB", (200, 150)))
    files.write_jsonl(shop / "works/works.jsonl", [rows[3] | {"file": "large.png", "best": False}, *rows])
    best = images.read(shop / "works/f3.png")
    for name in ("Moon", rows[3]["work"]):
        assert load([name]).works[name] == best
    assert load("auto").works[rows[3]["work"]] == best
    assert load(["large.png"]).works["large.png"].size == (200, 150)


def test_a_list_in_the_sketches_folder_names_the_works(load, shop):
    (shop / "sketch/styles.txt").write_text("# of the moon\n\nMoon\nÉlan (study), no. 2\n", encoding="utf-8-sig")
    assert load("styles.txt").params.styles == ["Moon", "Élan (study), no. 2"]
    (shop / "sketch/styles.txt").write_text("Moon\nMoon\n")
    with pytest.raises(UserError, match="none twice"):
        load("styles.txt")
    with pytest.raises(UserError, match=r"others\.txt is not there"):
        load("others.txt")


def test_a_title_is_found_however_its_accents_are_composed(load, shop):
    whole = "Élan (study), no. 2"
    apart = unicodedata.normalize("NFD", whole)
    assert apart != whole
    (shop / "sketch/styles.txt").write_text(f"{apart}\nMoon\n", encoding="utf-8")
    for styles in ("styles.txt", [apart, "Moon"]):
        found = load(styles)
        assert found.params.styles == list(found.works) == [whole, "Moon"]
    assert load([{apart: 3, "Moon": 1}]).params.mixtures() == {f"75 % {whole}, 25 % Moon": {whole: 0.75, "Moon": 0.25}}
    (shop / "sketch/styles.txt").write_text(f"{apart}\n{whole}\n", encoding="utf-8")
    for styles, words in (("styles.txt", "none twice"), ([apart, whole], "each style may be there once")):
        with pytest.raises((UserError, ValueError), match=words):
            load(styles)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_list_in_utf_16_is_read_by_its_mark(load, shop, encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"  # which the first writes itself
    (shop / "sketch/styles.txt").write_text(f"{mark}Moon\r\nÉlan (study), no. 2\r\n", encoding)
    assert load("styles.txt").params.styles == ["Moon", "Élan (study), no. 2"]


@pytest.mark.parametrize("data", ["Élan".encode("cp1252"), "\ufeffMoon".encode("utf-16-le")[:-1]])
def test_a_list_in_another_encoding_is_told(load, shop, data):
    (shop / "sketch/styles.txt").write_bytes(data)
    with pytest.raises(UserError, match=r"sketch/styles\.txt is not UTF-8 text, .*save it as UTF-8"):
        load("styles.txt")


@pytest.mark.parametrize("sketch", ["/home/me/s.png", "../s.png", "of/../../s.png"])
def test_a_sketch_that_dvc_does_not_follow_is_refused(load, sketch):
    with pytest.raises(ValueError, match=r"stylize\.sketch is '.*s\.png', .*put your drawing into data/sketch/"):
        load("auto", sketch=sketch)


def test_a_sketch_in_a_folder_of_its_own_is_taken(load, shop):
    images.save_png(shop / "sketch/of/mine.png", drawing(50))
    assert load(["Moon"], sketch="of/mine.png").sketch.size == (64, 48)


def mask(path: Path, size: tuple[int, int]) -> None:
    page = Image.new("RGB", size, "red")
    page.paste("blue", (0, 0, size[0], size[1] // 2))
    images.save_png(path, page)


def test_two_works_do_not_share_a_mask_unannounced(load, shop):
    rows = files.read_jsonl(shop / "works/works.jsonl")
    titles = ["夢", "月", *(row["title"] for row in rows[2:])]
    rows = [row | {"title": title} for row, title in zip(rows, titles, strict=True)]
    files.write_jsonl(shop / "works/works.jsonl", rows)
    for name in ("s", "untitled", rows[1]["work"]):
        mask(shop / f"sketch/masks/{name}.png", (96, 72))
    with pytest.raises(UserError, match=r"masks/untitled\.png .*'夢' and '月'.*by its id"):
        load(titles[:2], guidance="masks")
    for styles in (titles[:1], ["夢", "夢 "], ["夢", rows[1]["work"]]):
        assert list(load(styles, guidance="masks").guidance.works) == styles


def test_the_sketch_and_a_work_do_not_share_a_mask_unannounced(load, shop):
    images.save_png(shop / "sketch/moon.png", drawing(12))
    mask(shop / "sketch/masks/moon.png", (96, 72))
    with pytest.raises(UserError, match=r"masks/moon\.png .*the sketch and 'Moon'.*by its id"):
        load(["Moon"], sketch="moon.png", guidance="masks")


def test_a_word_that_is_neither_auto_nor_a_list_is_explained(workspace):
    workspace.set(stylize__styles="Moon")
    workspace.fails("split", "stylize.styles is 'Moon'", "'auto', or a file in data/sketch/")


@pytest.mark.parametrize("missing", ["sketch", "styles"])
def test_what_git_does_not_know_is_missing_from_a_queued_experiment_and_the_way_on_is_told(
    load, shop, monkeypatch, tmp_path, missing
):
    main = tmp_path / "main"
    for name in ("sketch/s.png", "sketch/styles.txt"):
        files.write_bytes(main / name, b"in the checkout alone")
    monkeypatch.setenv("DVC_ROOT", str(main))
    gone = {"sketch": "s.png", "styles": "styles.txt"}[missing]
    (shop / "sketch" / gone).unlink(missing_ok=True)
    with pytest.raises(UserError, match=rf"git add sketch/{gone}"):
        load("styles.txt")
