"""Prints are read at any size, as they are, and what is wrong with one is told."""

import numpy as np
import pytest
from PIL import Image

from stages.common import decode, images, prints
from stages.common.cli import UserError
from stages.readme import pictures
from stages.report import content
from stages.upscale import formats
from stages.upscale.printing import Layout

SIDES = {"width": 60, "height": 40, "trim_width_mm": 5.1, "trim_height_mm": 3.4}


def pixels(width: int = 60, height: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def printed(tmp_path):
    """A print as upscale writes it."""
    path = tmp_path / "data/print/1-x.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(formats.png(pixels(), Layout((5.0, 3.0), 0.0, 300.0, (60, 40), 0)))
    return path


@pytest.fixture
def low_limit(monkeypatch):
    """What is read from outside may have a thousand pixels."""
    monkeypatch.setattr(decode.open_picture, "__defaults__", (0.001,))


def test_a_print_is_read_as_it_is(printed):
    found = prints.read(printed)
    assert found.mode == "RGB" and np.array_equal(np.asarray(found), pixels())
    assert np.array_equal(np.asarray(images.read(printed)), pixels())


def test_no_limit_of_what_is_read_from_outside_holds_for_a_print(printed, low_limit):
    with pytest.raises(UserError, match="more than the limit"):
        images.read(printed)
    assert prints.read(printed).size == (60, 40)


def test_the_report_shows_a_print_above_the_limit(printed, low_limit):
    shown = content.one_print(printed, "A Work", SIDES)  # pyright: ignore[reportArgumentType], the rest is passed on
    assert (shown["picture"].width, shown["picture"].height) == (60, 40)
    assert (shown["detail"].width, shown["detail"].height) == (60, 40)


def test_the_readme_shows_a_print_above_the_limit(printed, low_limit):
    data = printed.parents[1]
    small = Image.new("RGB", (20, 10), "navy")
    (data / "works").mkdir()
    (data / "works/works.jsonl").write_text('{"set": "collection", "file": "a.png"}\n')
    names = ["works/a", "generated/sheet", "generated/interpolation", "stylized/sheet"]
    for path in [*(data / f"{name}.png" for name in names), data / "duplicates.jpg"]:
        images.save_png(path, small)
    assert pictures.shown(data)["print"].size == (60, 40)


@pytest.mark.slow
def test_a_print_of_more_than_179_megapixels_is_read(tmp_path):
    side = 13_440  # 181 megapixels
    Image.new("RGB", (side, side), "navy").save(tmp_path / "1-x.png", compress_level=1)
    with pytest.raises(UserError, match="limit of 179 megapixels"):
        images.read(tmp_path / "1-x.png")
    found = prints.read(tmp_path / "1-x.png")
    assert found.size == (side, side) and found.getpixel((side - 1, side - 1)) == (0, 0, 128)


@pytest.mark.parametrize("damage", ["gone", "cut", "no picture"])
def test_what_is_wrong_with_a_print_is_told(printed, damage):
    data = printed.read_bytes()
    printed.unlink()
    if damage != "gone":
        printed.write_bytes(data[: len(data) // 2] if damage == "cut" else b"dear shop")
    with pytest.raises(UserError, match=r"1-x\.png cannot be read .*dvc repro -f upscale"):
        prints.read(printed)
