"""The stage's door: what it writes, what it reports, and each way in which a user can get it wrong."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.common import images, report

TITLES = ["Sleep on Crutches", "The Second Dream: Ébauche"]


def sketch(width: int = 96, height: int = 72) -> Image.Image:
    page = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(page).ellipse((width // 4, height // 4, width // 2, height // 2), outline="grey", width=2)
    return page


def painting(seed: int, width: int, height: int) -> Image.Image:
    colours = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def studio(workspace):
    """A sketch and three files of two works, the first work kept twice."""
    data = workspace.folder / "data"
    images.save_png(data / "sketch/drawing.png", sketch())
    rows = []
    for number, (title, side) in enumerate([(TITLES[0], 40), (TITLES[0], 90), (TITLES[1], 60)]):
        images.save_png(data / f"works/{number}.png", painting(number, side, side - 10))
        rows.append({"work": f"w{number}", "title": title, "year": 1937, "file": f"{number}.png", "set": "collection"})
    report.write_jsonl(data / "works/works.jsonl", rows)
    workspace.set(stylize__sketch="drawing.png", stylize__styles=["sleep on CRUTCHES", TITLES[1]], stylize__pixels=64, stylize__steps=2)
    workspace.set(train__precision="float32")
    return workspace


def test_door_paints_one_picture_a_style_and_reports(studio):
    done = studio.open("stylize")
    assert done.returncode == 0, done.stderr
    out = studio.folder / "data/stylized"
    names = ["1-sleep-on-crutches", "2-the-second-dream-ebauche"]
    assert [path.stem for path in images.listing(out / "pictures")] == names
    pictures = [np.asarray(Image.open(out / "pictures" / f"{name}.png"), float) for name in names]
    assert all(picture.shape == (48, 64, 3) for picture in pictures)
    assert np.abs(pictures[0] - pictures[1]).mean() > 5
    assert Image.open(out / "sheet.png").size == (3 * 486 + 6, 2 * 366 + 6)
    metrics = json.loads((studio.folder / "metrics/stylize.json").read_text())
    assert metrics["runtime"]["precision"] == "float32" and metrics["runtime"]["threads"] == 2
    assert list(metrics["styles"]) == names
    for values in metrics["styles"].values():
        assert (values["width"], values["height"]) == (64, 48)
        assert values["content_loss"] > 0 and values["style_loss"] > 0


def test_door_takes_the_largest_picture_of_a_title_repeats_bit_for_bit_and_clears_old_pictures(studio):
    studio.set(stylize__styles=[TITLES[0]])
    outputs = []
    for _ in range(2):
        assert studio.open("stylize").returncode == 0
        outputs.append([path.read_bytes() for path in sorted(studio.folder.glob("data/stylized/**/*.png")) + [studio.folder / "metrics/stylize.json"]])
        images.save_png(studio.folder / "data/stylized/pictures/2-another.png", painting(5, 20, 20))
        (studio.folder / "data/works/0.png").unlink(missing_ok=True)
        report.write_jsonl(studio.folder / "data/works/works.jsonl", [{"title": TITLES[0], "file": "1.png"}])  # only the larger one
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 3


def test_a_missing_sketch(studio):
    studio.set(stylize__sketch="nothing.jpg")
    studio.fails("stylize", "stylize.sketch is 'nothing.jpg'", "data/sketch/nothing.jpg is not there", "drawing.png", "put your drawing there")


def test_a_sketch_that_is_no_picture(studio):
    (studio.folder / "data/sketch/letter.jpg").write_text("dear museum")
    studio.set(stylize__sketch="letter.jpg")
    studio.fails("stylize", "data/sketch/letter.jpg", "cannot be read as a picture")


def test_a_sketch_that_is_too_small(studio):
    images.save_png(studio.folder / "data/sketch/stamp.png", sketch(40, 10))
    studio.set(stylize__sketch="stamp.png")
    studio.fails("stylize", "stamp.png is too small", "of 10 pixels", "64 pixels or more")


def test_an_unknown_title_with_a_suggestion(studio):
    studio.set(stylize__styles=["Sleep on Crutchs"])
    studio.fails("stylize", "stylize.styles has 'Sleep on Crutchs'", "did you mean 'Sleep on Crutches'?")


def test_no_works_yet(studio):
    (studio.folder / "data/works/works.jsonl").unlink()
    studio.fails("stylize", "works.jsonl is not there", "dvc repro")
    assert not (studio.folder / "data/stylized").exists()
