"""Which file of a work is kept: not the largest, but the one that shows most of the work; and what is cut off."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from stages.dedupe import looks, surround
from stages.dedupe.choice import Judged, judge
from stages.museum.painter import paint
from stages.museum.reproductions import AROUND, LARGER, SPOILT, WITHIN, reproduced, scaled
from stages.museum.works import plan

pytestmark = pytest.mark.slow
WORK = plan(9, 0, 0)[2]
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def works() -> list[Image.Image]:
    return [paint(work, 560) for work in plan(9, 0, 0)[:4]]


@pytest.fixture
def judged(tmp_path):
    def of(*pictures: Image.Image, quality: int = 0) -> list[Judged]:
        paths = [tmp_path / f"{number}.png" for number in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            picture.save(path, compress_level=1)  # the pixels are the same, and half of the time is saved
        if quality:
            paths[-1] = tmp_path / "last.jpg"
            pictures[-1].save(paths[-1], quality=quality)
        return judge([looks.look(path) for path in paths])

    return of


@pytest.mark.parametrize("name", AROUND)
def test_what_is_around_a_work_is_no_part_of_it(works, judged, name):
    for picture in works:
        clean, around = judged(picture, reproduced(picture, WORK, name, RNG(1)))
        assert clean.score > around.score and clean.cut() is None
        cut = around.cut()
        assert cut is not None
        sides = cut[2] - cut[0], cut[3] - cut[1]
        assert all(
            0.93 * WITHIN <= part / whole <= WITHIN + 0.01 for part, whole in zip(sides, picture.size, strict=True)
        ), sides


@pytest.mark.parametrize("name", SPOILT)
def test_a_larger_but_worse_file_is_not_kept(works, judged, name):
    for picture in works:
        clean, worse = judged(picture, reproduced(picture, WORK, name, RNG(3)))
        assert clean.score > worse.score, (clean.faults, worse.faults, worse.detail)
        assert clean.cut() is None and worse.cut() is None


def test_a_heavily_compressed_file_is_not_kept_even_saved_anew(works, judged, tmp_path):
    for picture in works:
        clean, worse = judged(picture, scaled(picture, LARGER), quality=12)
        assert clean.score > worse.score and worse.look.quality < 20
        with Image.open(tmp_path / "last.jpg") as file:
            clean, worse = judged(picture, file.convert("RGB"))
        assert clean.score > worse.score and worse.look.blocks > 1.5 > clean.look.blocks


def test_a_cropped_file_shows_less_and_does_not_cut_the_whole_one(works, judged):
    for picture in works:
        width, height = picture.size
        whole, part = judged(picture, scaled(picture.crop((width // 8, height // 8, width, height)), 1.05))
        assert whole.cut() is None and part.cut() is None and whole.score > part.score
        assert part.shown == pytest.approx(49 / 64, abs=0.03)


def cut(picture: Image.Image, left: float, top: float, side: float) -> Image.Image:
    """A part of a picture, `side` of its width and height."""
    width, height = picture.size
    first = round(left * width), round(top * height)
    return picture.crop((*first, first[0] + round(side * width), first[1] + round(side * height)))


@pytest.mark.parametrize("side, whole", [(0.4, 0.3), (0.5, 0.25), (0.5, 0.45), (0.75, 0.6), (0.8, 0.6)])
def test_a_part_photographed_from_near_is_not_kept_beside_the_whole(works, judged, side, whole):
    for picture in works:
        full, part = judged(scaled(picture, whole), cut(picture, 0.1, 0.12, side))
        assert full.score > part.score and part.shown == pytest.approx(side**2, abs=0.04)
        assert part.faults == ["part" if side < 0.7 else "cropped"] and not full.faults


def test_parts_that_have_nothing_in_common_are_parts_of_the_whole(works, judged):
    for picture in works:
        places = [(0, 0, 1), (0.5, 0, 0.9), (0, 0.5, 0.8)]
        parts = [scaled(cut(picture, left, top, 0.45), by) for left, top, by in places]
        whole, *found = judged(scaled(picture, 0.3), *parts)
        assert [item.faults for item in found] == [["part"]] * 3 and not whole.faults
        assert whole.score > max(item.score for item in found) and whole.cut() is None


def test_a_gray_whole_is_kept_beside_a_colored_part_but_a_small_one_not_beside_a_crop_of_little(works, judged):
    gray, part = judged(scaled(works[0], 0.5).convert("L").convert("RGB"), cut(works[0], 0.2, 0.2, 0.6))
    assert gray.score > part.score
    full, most = judged(scaled(works[0], 0.8), cut(works[0], 0.05, 0.05, 0.9))
    assert most.score > full.score and not most.faults, "it has more pixels of nearly all of the work"


def test_a_file_of_any_shape_can_be_looked_at(judged):
    noise = Image.fromarray(RNG(0).integers(0, 256, (1507, 771, 3), np.uint8))
    (alone,) = judged(noise)
    assert alone.look.gray.shape == alone.look.colors.shape[:2] and max(alone.look.fine.shape) == looks.FINE


def test_equal_files_are_equally_good(works, judged):
    one, other = judged(works[0], works[0])
    assert one.score == pytest.approx(other.score) and not one.faults + other.faults


@pytest.mark.parametrize("fill, painted", [((255, 255, 255), False), ((0, 0, 0), False), ((60, 90, 150), True)])
def test_a_file_alone_loses_even_bars_and_keeps_a_painted_border(works, judged, fill, painted):
    bordered = ImageOps.expand(works[0], 40, fill)
    (alone,) = judged(bordered)
    assert (alone.cut() is None) == painted
    rough = np.asarray(ImageOps.expand(works[0], 40, (240, 240, 238)), float)
    rough += RNG(0).normal(0, 9, rough.shape)  # white paint, with its brushwork
    (alone,) = judged(Image.fromarray(rough.clip(0, 255).astype(np.uint8)))
    assert alone.cut() is None
    assert judged(works[1])[0].box == surround.WHOLE


@pytest.mark.parametrize("slope", [0.1, 0.25, 0.5])
def test_a_sky_that_grows_lighter_from_black_is_no_bar(works, judged, slope):
    painted = np.asarray(works[0], float)
    rows = np.arange(len(painted))[:, None, None]
    share = np.clip((rows - 150) / 100, 0, 1)
    sky = Image.fromarray((slope * rows * (1 - share) + painted * share).astype(np.uint8))
    assert judged(sky)[0].box == surround.WHOLE
    bars = judged(ImageOps.expand(sky, (30, 0), "black"))[0].box
    assert bars[0] == pytest.approx(30 / (sky.width + 60), abs=0.01) == 1 - bars[2] and bars[3] == 1


@pytest.mark.parametrize("lost", range(2, 6))
def test_where_the_whole_file_ends_is_no_step(works, judged, lost):
    """Beside a crop of so few pixels at each side that what lies beyond the larger file's own edge is in reach."""
    for picture in works:
        picture = picture.resize((256, 256 * picture.height // picture.width))
        part = picture.crop((lost, lost, picture.width - lost, picture.height - lost))
        whole, part = judged(picture, part)
        assert whole.cut() is None and part.cut() is None
