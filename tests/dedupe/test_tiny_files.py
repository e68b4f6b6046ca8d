"""Files in which little can be compared: icons, single lines of pixels, scrolls, and the same bytes twice."""

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from stages.common import files
from stages.dedupe import keep, looks
from stages.dedupe.hashing import fingerprint
from stages.dedupe.verification import verify

ICON = Image.new("RGB", (8, 8), "white")
ICON.paste("black", (3, 3, 5, 5))
NOISE = np.random.default_rng(0).integers(0, 256, (45, 600, 3), np.uint8)
SCROLL = Image.fromarray(NOISE).filter(ImageFilter.GaussianBlur(1))


@pytest.fixture
def saved(tmp_path):
    def of(*pictures: Image.Image):
        paths = [tmp_path / f"{number}.png" for number in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            picture.save(path)
        return paths

    return of


def test_what_is_left_of_an_icon_between_its_margins_is_not_nothing(saved):
    ((_, cut),) = keep._judged(saved(ICON), trim=True)
    assert cut is None or (cut[0] < cut[2] and cut[1] < cut[3])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2)])
def test_a_line_of_pixels_has_no_blocks_and_two_of_them_can_be_judged(saved, size):
    paths = saved(*[Image.new("RGB", size, "gray")] * 2)
    assert looks.look(paths[0]).blocks >= 0 and len(keep._judged(paths, trim=True)) == 2


def scroll(seed: int, ratio: float) -> Image.Image:
    """So many times as wide as high."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, round(12 * ratio), 3), np.uint8)
    return Image.fromarray(noise).resize((round(200 * ratio), 200), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("ratio", [5, 5.6, 6.4, 8, 10])
@pytest.mark.parametrize("upright", [False, True])
def test_a_long_work_is_compared(ratio, upright):
    works = [scroll(seed, ratio) for seed in range(2)]
    small = works[0].resize((works[0].width // 2, 100), Image.Resampling.LANCZOS)
    pictures = [picture.transpose(Image.Transpose.ROTATE_90) if upright else picture for picture in (*works, small)]
    first, other, half = (fingerprint(picture) for picture in pictures)
    assert verify(first, half, 0, 0, 0.7).kind == "same" and verify(first, other, 0, 0, 0.7).kind == "different"


def test_thumbnails_are_larger_of_long_pictures_alone():
    sides = [fingerprint(scroll(0, ratio)).thumbnail.shape for ratio in (1, 4.9, 8, 50)]
    assert sides == [(128, 128), (26, 128), (26, 208), (5, 256)]


def test_the_same_bytes_are_one_work_even_where_nothing_can_be_compared(workspace):
    rows = []
    for number, (picture, where) in enumerate([(SCROLL, "collection"), (SCROLL, "reserve"), (ICON, "reserve")]):
        path = workspace.folder / f"data/raw/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        rows.append(
            {"file": path.name, "image_url": f"{where}/{path.name}", "title": path.stem, "work": None, "year": ""}
            | {"technique": "", "rights": "", "page_url": "", "set": where, "bytes": path.stat().st_size}
            | {"width": picture.width, "height": picture.height}
            | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        )
    files.write_jsonl(workspace.folder / "data/raw/catalogue.jsonl", rows)
    assert workspace.open("dedupe").returncode == 0
    scroll, icon = files.read_jsonl(workspace.folder / "data/works/works.jsonl")
    assert (scroll["set"], scroll["duplicates"], icon["set"]) == ("reserve", ["0.png"], "reserve")
    assert [(why["check"], why["correlation"]) for why in scroll["why"]] == [("bytes", 1.0)]
