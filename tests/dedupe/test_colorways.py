"""Colorways are different works; casts, fading, tints, toned and gray prints of one work are that work."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from stages.dedupe import colors
from stages.dedupe.hashing import fingerprint
from stages.dedupe.verification import verify

PALETTES = [  # of nested squares, from outside to inside
    ((240, 200, 40), (235, 170, 30), (225, 130, 20), (205, 90, 15)),
    ((60, 120, 60), (55, 100, 50), (45, 80, 40), (30, 55, 30)),
    ((150, 180, 210), (110, 140, 180), (80, 100, 150), (50, 60, 110)),
]
INKS = [((20, 30, 90), (250, 120, 160)), ((90, 20, 20), (120, 230, 140)), ((60, 20, 80), (120, 200, 240))]


def squares(palette: tuple[tuple[int, int, int], ...], seed: int) -> Image.Image:
    page = Image.new("RGB", (240, 240), palette[0])
    for number, color in enumerate(palette[1:], 1):
        ImageDraw.Draw(page).rectangle((24 * number, 36 * number, 240 - 24 * number, 240 - 12 * number), fill=color)
    grain = np.random.default_rng(seed).normal(0, 3, (240, 240, 1))
    return Image.fromarray((np.asarray(page) + grain).clip(0, 255).astype(np.uint8))


def places(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((64, 64), Image.Resampling.BOX), float).reshape(-1, 3)


def light(*factors: float) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: Image.fromarray((np.asarray(picture) * factors).clip(0, 255).astype(np.uint8))


SCANS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "gray": lambda picture: picture.convert("L"),
    "sepia": lambda picture: ImageOps.colorize(picture.convert("L"), "#1e140a", "#faebc8"),
    "warm": light(1.05, 0.95, 0.75),
    "cold": light(0.8, 0.95, 1.1),
    "red light": light(1.0, 0.55, 0.6),
    "faded": lambda picture: ImageEnhance.Contrast(ImageEnhance.Color(picture).enhance(0.5)).enhance(0.7),
    "dark": lambda picture: picture.point([round(255 * (value / 255) ** 2) for value in range(256)] * 3),
}


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_of_a_work_has_colors_that_a_light_makes_of_it(paintings, name):
    apart = [
        n for n, picture in enumerate(paintings) if not colors.one_work(places(picture), places(SCANS[name](picture)))
    ]
    toned = [n for n, picture in enumerate(paintings) if colors._is_toned(places(picture))]
    assert set(apart) <= (set(toned) if name == "sepia" else set()), (
        "a work of one tone and its toned print cannot be told"
    )


@pytest.mark.parametrize("series", ["squares", "silkscreens"])
def test_works_of_a_series_in_other_colors_are_other_works(paintings, series):
    gray = ImageOps.autocontrast(paintings[2].convert("L"))
    works = {
        "squares": [squares(palette, number) for number, palette in enumerate(PALETTES)],
        "silkscreens": [ImageOps.colorize(gray, dark, bright) for dark, bright in INKS],
    }[series]
    for number, one in enumerate(works):
        for other in works[:number]:
            assert not colors.one_work(places(one), places(other))
            assert not colors.one_work(places(other), places(one))


def test_exchanged_colors_are_another_work(paintings):
    colorful = [picture for picture in paintings if np.ptp(places(picture), axis=1).mean() > 40]
    assert len(colorful) >= 3
    for picture in colorful:
        exchanged = Image.fromarray(np.ascontiguousarray(np.asarray(picture)[..., [1, 2, 0]]))
        assert not colors.one_work(places(picture), places(exchanged))


def test_a_pair_of_files_is_looked_at_in_color(tmp_path):
    def stored(picture: Image.Image, name: str):
        picture.save(tmp_path / name)
        return replace(fingerprint(picture), path=tmp_path / name)

    one, other = (stored(squares(palette, 1), f"{n}.png") for n, palette in enumerate(PALETTES[:2]))
    assert verify(one, other, 0, 0, 0.7).check == "color" and verify(one, other, 0, 0, 0.7).kind == "different"
    data = io.BytesIO()
    squares(PALETTES[0], 1).save(data, "JPEG", quality=40)
    assert verify(one, stored(Image.open(data).convert("RGB"), "c.png"), 0, 0, 0.7).kind == "same"
