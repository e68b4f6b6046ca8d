"""Files larger than the museum's own photograph, and worse: which works have one, and what is wrong with it."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from stages.museum import scans
from stages.museum.painter import paint
from stages.museum.reproductions import AROUND, SPOILT, TABLE, reproduced, way
from stages.museum.works import Work, plan


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return plan(72, 8, 0)


@pytest.fixture(scope="module")
def pictures(works: list[Work]) -> list[Image.Image]:
    return [paint(work, 240) for work in works[:3]]


def test_a_quarter_of_the_collection_has_one_and_every_way_occurs(works):
    ways = Counter(way(work) for work in works if work.set == "collection")
    assert ways.pop(None) == 54 and set(ways) == set(TABLE) and max(ways.values()) == 2
    assert {way(work) for work in works if work.set == "reserve"} == {None}
    assert [way(work) for work in plan(300, 0, 0)[:72]] == [way(work) for work in works[:72]]
    assert [way(work) for work in plan(72, 0, 1)] != [way(work) for work in works[:72]]


@pytest.mark.parametrize("name", TABLE)
def test_it_has_more_pixels_and_is_the_same_every_time(works, pictures, name):
    for work, picture in zip(works, pictures, strict=False):
        found, again = (reproduced(picture, work, name, np.random.default_rng(work.number)) for _ in range(2))
        assert found.tobytes() == again.tobytes() and found.mode == "RGB"
        assert found.width * found.height > picture.width * picture.height


@pytest.mark.parametrize("name", AROUND)
def test_what_is_around_the_work_leaves_it_whole(works, pictures, name):
    """Somewhere in the file lies the work, a twentieth smaller, and nowhere changed."""
    for work, picture in zip(works, pictures, strict=False):
        found = np.asarray(reproduced(picture, work, name, np.random.default_rng(0)))
        smaller = picture.resize((round(0.95 * picture.width), round(0.95 * picture.height)), Image.Resampling.LANCZOS)
        row = np.asarray(smaller)[smaller.height // 2]
        places = np.lib.stride_tricks.sliding_window_view(found, row.shape, (1, 2))
        assert (places == row).all((3, 4)).any()


def test_what_is_spoilt_shows_it(works, pictures):
    work, picture = works[1], pictures[1]

    def pixels(name: str) -> np.ndarray:
        return np.asarray(reproduced(picture, work, name, np.random.default_rng(0)), float)

    def roughness(values: np.ndarray) -> float:
        return float(np.abs(np.diff(values, 2, axis=1)).mean())

    found = {name: pixels(name) for name in SPOILT}
    clean = np.asarray(picture.resize(found["gray"].shape[1::-1], Image.Resampling.LANCZOS), float)
    assert np.ptp(found["gray"], axis=2).max() == 0 < np.ptp(clean, axis=2).max()
    assert 0.003 < (np.abs(found["marked"] - clean).max(2) > 30).mean() < 0.3
    assert roughness(found["blown up"]) < 0.8 * roughness(clean)
    assert found["yellowed"][..., 2].mean() < 0.65 * clean[..., 2].mean()
    assert found["pale"].std() < 0.6 * clean.std()
    steps = np.abs(np.diff(found["JPEG quality 10"], axis=1)).mean((0, 2))
    assert steps[7::8].mean() > 1.5 * np.delete(steps, np.s_[7::8]).mean()


def test_it_stands_in_for_the_medium_file_alone(works, pictures):
    work = next(work for work in works if way(work) == "book page")
    large, reproduction, small = scans.renditions(work, pictures[0])
    assert (large.name, large.alteration, max(large.width, large.height)) == ("large", "none", 800)
    assert (reproduction.name, reproduction.alteration) == ("reproduction", "book page")
    assert reproduction.height > large.height and small.name == "small"
