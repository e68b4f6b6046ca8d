"""The stage's door: print-ready files with profile and DPI, the same bytes each time, and clear errors."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms

from stages.common import images
from stages.upscale import printing


def painting(seed: int, width: int, height: int) -> Image.Image:
    colours = np.random.default_rng(seed).integers(60, 196, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def shop(workspace):
    for number, name in enumerate(["1-first", "2-second"]):
        images.save_png(workspace.folder / f"data/stylized/pictures/{name}.png", painting(number, 24, 18))
    workspace.set(upscale__pictures=1, upscale__tile=32, upscale__overlap=4, upscale__dpi=254, train__precision="float32")
    return workspace


def test_door_writes_a_print_ready_file_and_the_same_bytes_again(shop):
    printed, metrics = shop.folder / "data/print/1-first.png", shop.folder / "metrics/upscale.json"
    written = []
    for _ in range(2):
        done = shop.open("upscale")
        assert done.returncode == 0, done.stderr
        assert [path.name for path in images.listing(printed.parent)] == ["1-first.png"]
        written.append((printed.read_bytes(), metrics.read_bytes()))
        images.save_png(printed.parent / "9-old.png", painting(5, 20, 20))
    assert written[0] == written[1]
    with Image.open(printed) as picture:
        assert picture.size == (96, 72) and picture.mode == "RGB"
        assert picture.info["dpi"] == pytest.approx((254, 254), abs=0.1)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        small = picture.resize((24, 18), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, float) - np.asarray(painting(0, 24, 18), float)).mean() < 8
    assert json.loads(metrics.read_text()) == {
        "pictures": {"1-first": {"width": 96, "height": 72, "width_mm": 9.6, "height_mm": 7.2, "tiles": 1}},
        "dpi": 254,
        "runtime": {"device": "cpu", "precision": "float32", "threads": 2},
    }


def test_no_pictures_yet(workspace):
    workspace.fails("upscale", "data/stylized/pictures has no picture", "dvc repro")


def test_more_pictures_than_there_are(shop):
    shop.set(upscale__pictures=3)
    shop.fails("upscale", "upscale.pictures is 3", "names only 2", "0 for all")
    assert not (shop.folder / "data/print").exists()


def test_a_broken_picture(shop):
    (shop.folder / "data/stylized/pictures/1-first.png").write_bytes(b"\x89PNG and nothing more")
    shop.fails("upscale", "1-first.png", "cannot be read as a picture")


def test_millimetres():
    assert printing.millimetres(2048, 300) == 173.4
    assert printing.millimetres(300, 300) == 25.4


def test_the_profile_is_srgb_and_has_no_clock_in_it():
    profile = printing.srgb_profile()
    assert profile == printing.srgb_profile()
    assert profile[24:36] == bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) and profile[84:100] == bytes(16)
    picture = painting(3, 16, 16)
    ours, theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    changed = np.asarray(ImageCms.profileToProfile(picture, ours, theirs), int) - np.asarray(picture, int)
    assert np.abs(changed).max() <= 1
