"""The painter and its catalogue: determinism, growth, look-alikes, renditions, sketch."""

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from stages.museum import scans, sketch
from stages.museum.painter import paint
from stages.museum.works import Work, plan

SEED = 7
EDGE = 200  # small pictures keep the tests fast; composition does not depend on it
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return plan(18, 4, SEED)


@pytest.fixture(scope="module")
def pictures(works: list[Work]) -> dict[str, Image.Image]:
    return {work.id: paint(work, EDGE) for work in works}


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures brought to one size."""
    first, second = (np.asarray(p.convert("L").resize((96, 96)), float) for p in (a, b))
    return float(np.abs(first - second).mean())


def distance(a: Image.Image, b: Image.Image) -> int:
    return imagehash.phash(a, hash_size=16) - imagehash.phash(b, hash_size=16)


def test_plan_is_deterministic_and_depends_on_the_seed():
    assert plan(20, 5, SEED) == plan(20, 5, SEED)
    assert [w.title for w in plan(20, 0, SEED)] != [w.title for w in plan(20, 0, SEED + 1)]


def test_growing_keeps_the_earlier_works():
    long = plan(60, 30, SEED)
    for count in (1, 5, 6, 17, 59):
        assert plan(count, 0, SEED) == long[:count]
    for count in (1, 12):
        assert plan(3, count, SEED)[3:] == long[60 : 60 + count]


def test_titles_and_ids_are_unique_even_in_a_large_plan():
    many = plan(2000, 1000, SEED)
    assert len({w.title for w in many}) == len({w.id for w in many}) == 3000
    assert all(1924 <= w.year <= 1979 for w in many)
    assert [w.number for w in many[:2000]] == list(range(1, 2001))


@pytest.mark.parametrize("seed", [0, SEED, 99])
def test_one_sleeper_among_the_first_works(seed: int):
    works = plan(72, 40, seed)
    assert ["Sleep" in w.title for w in works[:6]].count(True) == 1
    assert [w.composition == "sleeper" for w in works].count(True) == 1


@pytest.mark.parametrize("seed", [0, SEED, 99])
def test_one_pair_in_nine_works(seed: int):
    works = plan(72, 72, seed)
    by_id = {w.id: w for w in works}
    varied = [(work, by_id[work.variation_of]) for work in works if work.variation_of]
    assert len(varied) == 8
    for work, original in varied:
        assert work.set == original.set == "collection"
        assert original.variation_of is None and original.number < work.number
        assert (work.format, work.palette) == (original.format, original.palette)


def test_a_plan_without_collection_is_refused():
    with pytest.raises(ValueError):
        plan(0, 3, SEED)


@pytest.mark.slow
def test_painting_twice_gives_the_same_bytes(works: list[Work], pictures: dict):
    for work in (works[0], works[-1]):
        assert paint(work, EDGE).tobytes() == pictures[work.id].tobytes()


@pytest.mark.slow
def test_a_fresh_process_paints_the_same(works: list[Work], pictures: dict):
    code = (
        "import hashlib; from stages.museum.works import plan; "
        "from stages.museum.painter import paint; "
        f"print(hashlib.sha256(paint(plan(18, 4, {SEED})[3], {EDGE}).tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    assert found == hashlib.sha256(pictures[works[3].id].tobytes()).hexdigest()


def test_pictures_keep_their_format_and_their_composition(works: list[Work], pictures: dict):
    for work in works:
        w, h = pictures[work.id].size
        assert max(w, h) == EDGE
        assert w / h == pytest.approx(work.format[0] / work.format[1], rel=0.02)
    larger = paint(works[1], 2 * EDGE)
    assert difference(larger, pictures[works[1].id]) < 7
    assert difference(larger, pictures[works[2].id]) > 14


def test_look_alikes_are_near_and_yet_distinct(works: list[Work], pictures: dict):
    pairs = {(w.variation_of, w.id) for w in works if w.variation_of}
    assert len(pairs) == 2
    others = [(a.id, b.id) for a, b in combinations(works, 2) if (a.id, b.id) not in pairs]
    typical = float(np.median([difference(pictures[a], pictures[b]) for a, b in others]))
    for a, b in pairs:
        assert difference(pictures[a], pictures[b]) < 0.75 * typical
        assert difference(pictures[a], pictures[b]) > 2.5
        assert distance(pictures[a], pictures[b]) >= 24
    assert min(distance(pictures[a], pictures[b]) for a, b in others) >= 36
    assert min(difference(pictures[a], pictures[b]) for a, b in others) > 5


def test_brush_strokes_differ_where_the_scene_is_shared(works: list[Work], pictures: dict):
    work = works[2]
    other = paint(replace(work, number=work.number + 500), EDGE)
    assert other.tobytes() != pictures[work.id].tobytes()
    assert difference(other, pictures[work.id]) < 0.6 * difference(other, pictures[works[3].id])


@pytest.mark.slow
def test_renditions_of_the_collection(works: list[Work], pictures: dict):
    seen = []
    for work in plan(72, 0, SEED):
        picture = pictures[works[0].id] if work.number > 18 else pictures[work.id]
        found = scans.renditions(work, picture)
        worse = found[1].name == "reproduction"
        assert tuple(r.name for r in found) == scans.names(work) == ("large", found[1].name, "small")
        assert worse == (found[1].width * found[1].height > found[0].width * found[0].height)
        assert found[0].alteration == "none" and max(found[0].width, found[0].height) == 800
        for rendition in found:
            opened = Image.open(io.BytesIO(rendition.jpeg))
            assert opened.format == "JPEG" and opened.size == (rendition.width, rendition.height)
        for rendition, edge in zip(found[1:], (500, 240), strict=True):
            if rendition.name != "reproduction" and rendition.alteration in ("none", "grayscale", "faded"):
                assert max(rendition.width, rendition.height) == edge
        seen += [r.alteration for r in found[1:] if r.name != "reproduction"]
    assert set(seen) == {"none", *scans.ALTERATIONS}
    assert 0.22 < 1 - seen.count("none") / len(seen) < 0.45


def test_alterations_change_what_they_name(works: list[Work], pictures: dict):
    work, picture = works[0], pictures[works[0].id]
    clean = picture.size

    def altered(name: str) -> Image.Image:
        return scans.ALTERATIONS[name](picture, work, np.random.default_rng(1))

    assert altered("frame").width > clean[0] and altered("frame").height > clean[1]
    assert altered("caption").width == clean[0] and altered("caption").height > clean[1]
    assert 0.9 < altered("crop").width / clean[0] < 0.97
    gray = np.asarray(altered("grayscale"))
    assert (gray[..., 0] == gray[..., 2]).all()
    before, after = np.asarray(picture, float), np.asarray(altered("faded"), float)
    assert after.std() < 0.8 * before.std()
    assert (after[..., 0] - after[..., 2]).mean() > (before[..., 0] - before[..., 2]).mean()


def test_the_reserve_has_one_clean_file(works: list[Work]):
    work = works[-1]
    (only,) = scans.renditions(work, paint(work, scans.LONG_EDGE[work.set]))
    assert (only.name, only.alteration, max(only.width, only.height)) == ("large", "none", 600)
    assert scans.renditions(work, paint(work, 600))[0] == only


@pytest.mark.slow
def test_the_sketch_is_deterministic_and_small(tmp_path: Path):
    sketch.write(tmp_path / "a" / "sketch.jpg")
    data = (tmp_path / "a" / "sketch.jpg").read_bytes()
    assert len(data) < 500_000
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (sketch.WIDTH, sketch.HEIGHT)
    margin = np.asarray(picture)[:30].mean()
    assert margin > 225 > np.asarray(picture)[300:600, 200:1000].mean()  # unpainted paper
    assert sketch.draw().tobytes() == sketch.draw().tobytes()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["sketch.jpg"]
