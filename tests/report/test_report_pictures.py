"""Pictures in the page: whole, no larger than their limits, the same bytes each time."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from stages.common import images
from stages.report import pictures
from stages.report.content import GALLERY, PRINTS, SLIDERS
from stages.report.pictures import LIMITS


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """What compresses worst."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def decoded(picture: pictures.Picture) -> tuple[bytes, Image.Image]:
    head, _, text = picture.uri.partition(";base64,")
    data = base64.b64decode(text, validate=True)
    image = Image.open(io.BytesIO(data))
    assert head == f"data:image/{str(image.format).lower()}" and image.size == (picture.width, picture.height)
    return data, image


def test_a_still_keeps_its_shape_and_is_never_enlarged():
    _, image = decoded(pictures.still(noise(300, 200), 150, 10**6))
    assert image.size == (150, 100)
    _, image = decoded(pictures.still(noise(300, 200), 900, 10**6))
    assert image.size == (300, 200)


@pytest.mark.parametrize("most", [40_000, 5_000, 1_000])
def test_too_many_bytes_make_a_picture_smaller_never_larger_than_its_limit(most):
    data, image = decoded(pictures.still(noise(400, 300), 400, most))
    assert len(data) <= most and image.width / image.height == pytest.approx(4 / 3, rel=0.1)


def test_a_detail_is_pixel_for_pixel_even_where_bytes_are_short():
    ramp = np.arange(256, dtype=np.uint8)[None, :, None]
    plain = Image.fromarray(np.tile(ramp, (400, 4, 3)))  # four times the ramp: 1024 x 400
    for most in (10**6, 4_000):
        data, image = decoded(pictures.detail(plain, 600, most))
        assert len(data) <= most
        steps = np.diff(np.asarray(image.convert("L"), dtype=int)[image.height // 2])
        assert np.median(steps) == 1, "one gray level a pixel, as in the original"
    assert decoded(pictures.detail(noise(100, 80), 600, 10**6))[1].size == (100, 80)


def test_a_film_has_its_first_and_last_page_and_fits():
    pages = [Image.new("RGB", (64, 64), (4 * number, 0, 0)) for number in range(61)]
    data, image = decoded(pictures.film(pages, 48, 100_000))
    shown = [int(np.asarray(page.convert("RGB"))[20, 20, 0]) for page in ImageSequence.Iterator(image)]
    assert len(shown) == pictures.MOST_PAGES and len(data) <= 100_000
    assert shown == sorted(shown) and shown[0] < 10 and shown[-1] > 230
    data, _ = decoded(pictures.film([noise(120, 120, seed) for seed in range(4)], 120, 9_000))
    assert len(data) <= 9_000
    assert decoded(pictures.film(pages[:1], 48, 100_000))[1].size == (48, 48)


def test_of_a_long_animation_few_pages_are_read_and_each_small(tmp_path):
    images.save_animation(tmp_path / "x.webp", [Image.new("RGB", (64, 48), (4 * number, 0, 0)) for number in range(61)])
    found = pictures.pages(tmp_path / "x.webp", 32)
    assert len(found) == pictures.MOST_PAGES and {page.size for page in found} == {(32, 24)}
    first, last = (int(np.asarray(page)[10, 10, 0]) for page in (found[0], found[-1]))
    assert first < 10 and last > 230
    assert pictures.pages(tmp_path / "x.webp", 900)[0].size == (64, 48)


def test_pages_are_spread_evenly_from_the_first_to_the_last():
    assert pictures.spread(range(10), 4) == [0, 3, 6, 9]
    assert pictures.spread([1, 2], 4) == [1, 2]


def test_the_same_picture_gives_the_same_bytes():
    for make in (pictures.still, pictures.detail):
        assert make(noise(90, 60), 80, 10**5) == make(noise(90, 60), 80, 10**5)
    pages = [noise(32, 32, seed) for seed in range(3)]
    assert pictures.film(pages, 32, 10**5) == pictures.film(pages, 32, 10**5)


def test_all_limits_together_stay_below_four_megabytes():
    times = {"work": GALLERY, "style": SLIDERS, "thumbnail": SLIDERS, "print": PRINTS, "detail": PRINTS}
    total = sum(most * times.get(kind, 1) for kind, (_, most) in LIMITS.items())
    assert set(times) <= set(LIMITS) and 1_000_000 < total * 4 / 3 < 3_950_000
