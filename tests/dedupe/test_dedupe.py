"""Duplicates are found through what scans do to a picture, and look-alikes are kept apart."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from stages.common import images, report
from stages.dedupe.grouping import join, local_correlation, pairwise
from stages.dedupe.hashing import candidates, fingerprint
from stages.museum.painter import paint
from stages.museum.works import plan


def jpeg(picture: Image.Image, quality: int) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return data.getvalue()


def crop(picture: Image.Image, share: float) -> Image.Image:
    return ImageOps.crop(picture, tuple(round(share * length) for length in picture.size * 2))


def caption(picture: Image.Image) -> Image.Image:
    page = Image.new("RGB", (picture.width, round(picture.height * 1.08)), "white")
    page.paste(picture)
    return page


ALTERATIONS = {
    "smaller": lambda p: p.resize((200, round(200 * p.height / p.width))),
    "recompressed": lambda p: Image.open(io.BytesIO(jpeg(p, 30))),
    "greyscale": lambda p: p.convert("L"),
    "faded": lambda p: Image.blend(ImageEnhance.Contrast(p).enhance(0.6), Image.new("RGB", p.size, (230, 210, 160)), 0.25),
    "framed": lambda p: ImageOps.expand(p, round(0.06 * max(p.size)), (90, 60, 30)),
    "captioned": caption,
    "cropped": lambda p: crop(p, 0.03),
}


@pytest.fixture(scope="module")
def paintings() -> list[Image.Image]:
    """Nine works, among them a pair of look-alikes."""
    return [paint(work, 320) for work in plan(9, 0, 0)]


@pytest.fixture(scope="module")
def look_alikes() -> tuple[int, int]:
    works = plan(9, 0, 0)
    numbers = {work.id: index for index, work in enumerate(works)}
    (pair,) = [(numbers[work.variation_of], index) for index, work in enumerate(works) if work.variation_of]
    return pair


def score(first: Image.Image, second: Image.Image) -> float:
    """The best local correlation of two pictures, as the stage would see it with generous candidates."""
    prints = [fingerprint(first), fingerprint(second)]
    found = candidates(prints, 256)
    assert len(found) == 1
    return local_correlation(prints[0].thumbnail, prints[1].thumbnail, *found[0][3:])


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_copy_is_a_candidate_and_convinces(paintings, name):
    for picture in paintings:
        prints = [fingerprint(picture), fingerprint(ALTERATIONS[name](picture))]
        ((first, second, bits, *views),) = candidates(prints, 96)
        assert (first, second) == (0, 1) and bits <= 96
        assert local_correlation(prints[0].thumbnail, prints[1].thumbnail, *views) > 0.85


def test_look_alikes_are_near_in_hash_but_do_not_convince(paintings, look_alikes):
    first, second = (paintings[index] for index in look_alikes)
    others = [score(paintings[a], paintings[b]) for a, b in combinations(range(9), 2) if (a, b) != look_alikes]
    assert max(score(first, second), *others) < 0.55
    near, far = fingerprint(first), [fingerprint(picture) for picture in paintings if picture not in (first, second)]
    bits = [found[2] for other in [fingerprint(second), *far] for found in candidates([near, other], 256)]
    assert bits[0] < min(bits[1:])


def test_one_changed_place_is_enough_although_the_whole_correlates(paintings):
    changed = paintings[1].copy()
    width, height = changed.size
    changed.paste(Image.new("RGB", (width // 5, height // 5), "white"), (width // 10, height // 2))
    assert score(paintings[1], changed) < 0.7
    assert np.corrcoef(np.asarray(paintings[1].convert("L")).ravel(), np.asarray(changed.convert("L")).ravel())[0, 1] > 0.5


def test_tiny_and_flat_pictures_do_not_convince():
    flat = Image.new("RGB", (40, 40), "grey")
    assert score(flat, Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))) < 0.5
    assert score(Image.new("RGB", (10, 10)), Image.new("RGB", (10, 10))) == -1.0


def test_join_follows_chains():
    assert join(6, [(0, 3), (3, 5), (1, 2)]) == [[0, 3, 5], [1, 2], [4]]
    assert join(2, []) == [[0], [1]]


def test_pairwise_counts_pairs():
    assert pairwise([[0, 1], [2]], ["a", "a", "a"]) == (1.0, pytest.approx(1 / 3))
    assert pairwise([[0, 1, 2]], ["a", "a", "b"]) == (pytest.approx(1 / 3), 1.0)
    assert pairwise([[0], [1]], ["a", "b"]) == (1.0, 1.0)


@pytest.fixture
def with_raw(workspace, paintings):
    """Three works of the collection in three renditions each, one of the reserve, and one of the collection that the reserve shows too."""
    rows = []

    def add(number: int, picture: Image.Image, quality: int, where: str) -> None:
        data = jpeg(picture.convert("RGB"), quality)
        name = f"{len(rows)}.jpg"
        report.write_bytes(workspace.folder / "data/raw" / name, data)
        digest = f"{number:x}{len(rows):x}".ljust(64, "0")
        facts = {"width": picture.width, "height": picture.height, "bytes": len(data), "sha256": digest}
        rows.append({"file": name, "work": str(number), "title": f"T{number}", "year": "", "technique": "", "rights": "", "page_url": "", "set": where} | facts)

    for number in range(3):
        for name in ("smaller", "recompressed", "framed"):
            add(number, ALTERATIONS[name](paintings[number]), 90, "collection")
    add(3, paintings[3], 90, "reserve")
    add(2, paintings[2], 60, "reserve")
    report.write_jsonl(workspace.folder / "data/raw/catalogue.jsonl", rows)
    return workspace


def test_door_keeps_the_best_rendition_of_each_work(with_raw):
    assert with_raw.open("dedupe").returncode == 0
    works = report.read_jsonl(with_raw.folder / "data/works/works.jsonl")
    assert [(work["title"], work["set"], len(work["duplicates"])) for work in works] == [("T0", "collection", 2), ("T1", "collection", 2), ("T2", "collection", 3), ("T3", "reserve", 0)]
    assert [work["file"] for work in works[:2]] == ["2.jpg", "5.jpg"], "the framed one has most pixels"
    assert all(0.7 <= why["correlation"] <= 1 and why["hash_distance"] <= 96 for work in works for why in work["why"])
    assert sorted(path.name for path in images.listing(with_raw.folder / "data/works")) == sorted(work["file"] for work in works)
    expected = {"files": 10, "works": 3, "duplicates": 7, "reserve_files": 1, "reserve_works": 1, "precision": 1.0, "recall": 1.0}
    assert report.read_json(with_raw.folder / "metrics/dedupe.json") == expected
    assert images.read(with_raw.folder / "data/duplicates.jpg").width > 3 * 180


def test_door_keeps_every_file_when_told_but_not_their_kinship(with_raw):
    with_raw.set(dedupe__enabled=False)
    assert with_raw.open("dedupe").returncode == 0
    works = report.read_jsonl(with_raw.folder / "data/works/works.jsonl")
    assert len(works) == 11 and len({work["work"] for work in works}) == 4
    assert sum(work["best"] for work in works) == 4 and works[0]["best"]


def test_a_corrupt_file_is_named_and_the_old_works_stay(with_raw):
    old = with_raw.folder / "data/works/works.jsonl"
    report.write_bytes(old, b"old")
    (with_raw.folder / "data/raw/4.jpg").write_bytes(b"\xff\xd8\xff broken")
    with_raw.fails("dedupe", "data/raw/4.jpg cannot be read as a picture", "dvc repro -f")
    assert old.read_bytes() == b"old"
