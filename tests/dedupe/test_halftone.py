"""A print's raster passes for detail: a file that has one is not kept beside a sound file of its work."""

import numpy as np
import pytest
from PIL import Image

from stages.dedupe import looks
from stages.dedupe.choice import Judged, judge
from stages.museum.painter import paint
from stages.museum.reproductions import blown_up, scaled
from stages.museum.works import plan

pytestmark = pytest.mark.slow
WORKS = plan(9, 0, 0)[:4]
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def works() -> list[Image.Image]:
    return [paint(work, 560) for work in WORKS]


@pytest.fixture
def judged(tmp_path):
    def of(*pictures: Image.Image) -> list[Judged]:
        paths = [tmp_path / f"{number}.jpg" for number in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            picture.save(path, quality=92)
        return judge([looks.look(path) for path in paths])

    return of


def halftone(picture: Image.Image, period: float = 3.0, strength: float = 0.35) -> Image.Image:
    """As printed: each ink as dots, whose raster of `period` pixels is turned by an angle of its own."""
    pixels = np.asarray(picture, float)
    rows, columns = np.mgrid[: picture.height, : picture.width]
    printed = pixels * (1 - strength)
    for ink, angle in enumerate(np.radians((15, 75, 45))):
        along = columns * np.cos(angle) + rows * np.sin(angle)
        across = rows * np.cos(angle) - columns * np.sin(angle)
        level = 127 + 55 * (np.cos(2 * np.pi / period * along) + np.cos(2 * np.pi / period * across))
        printed[..., ink] += 255 * strength * (pixels[..., ink] > level)
    return Image.fromarray(printed.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("size, period", [(0.6, 3.0), (0.8, 3.0), (1.0, 2.3), (1.0, 3.0), (1.0, 4.0)])
def test_a_halftone_is_not_kept_beside_a_clean_file(works, judged, size, period):
    for picture in works:
        clean, printed = judged(picture, halftone(scaled(picture, size), period))
        assert clean.score > printed.score and printed.faults == ["halftone"] and not clean.faults
        assert clean.detail == 1


def test_a_halftone_is_kept_beside_what_was_blown_up_or_is_gray(works, judged):
    for work, picture in zip(WORKS, works, strict=True):
        printed, soft = judged(halftone(picture), scaled(blown_up(picture, work, RNG(0)), 1.1))
        assert printed.score > soft.score and not printed.faults
        printed, gray = judged(halftone(picture), picture.convert("L").convert("RGB"))
        assert printed.score > gray.score


def patterns() -> dict[str, np.ndarray]:
    """Works that are regular, or fine, themselves: gray levels of 600 x 800 pixels."""
    rows, columns = np.mgrid[:600, :800].astype(float)
    threads = [np.cumsum(1 + 0.1 * RNG(0).normal(size=size)) / 3.2 for size in (600, 800)]
    weave = [np.sin(2 * np.pi * place) for place in threads]
    smooth = 127 + 50 * np.sin(rows / 70) + 40 * np.cos(columns / 90)
    return {
        "checks": 127 + 100 * np.sign(np.sin(rows * np.pi / 23) * np.sin(columns * np.pi / 23)),
        "stripes": 127 + 100 * np.sign(np.sin(2 * np.pi * (columns + 30 * np.sin(rows / 100)) / 7)),
        "canvas": smooth + 10 * (weave[0][:, None] + weave[1]),
        "dabs": smooth + RNG(1).normal(0, 40, (600, 800)),
    }


@pytest.mark.parametrize("name", patterns())
def test_a_fine_or_regular_work_is_no_print(judged, name):
    work = Image.fromarray(patterns()[name].clip(0, 255).astype(np.uint8)).convert("RGB")
    for other in (scaled(work, 0.7), scaled(scaled(work, 0.45), 1.1 / 0.45)):
        larger, smaller = judged(work, other)
        assert "halftone" not in larger.faults + smaller.faults and larger.score > smaller.score
