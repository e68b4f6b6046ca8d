"""Hashes, views and candidates: what imagehash says, what borders leave, exactly the pairs that comparing all finds."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from stages.common import images
from stages.common.cli import UserError
from stages.dedupe import views
from stages.dedupe.candidates import EXACT, Candidates, candidates, joined
from stages.dedupe.hashing import fingerprint, fingerprints, phashes


def phash(picture: Image.Image) -> np.ndarray:
    """The bits of a whole picture."""
    return np.unpackbits(phashes(np.asarray(picture.convert("L")), np.zeros((1, 4)))[0])


@pytest.mark.slow
def test_the_hash_is_that_of_imagehash_but_for_the_resampling(paintings):
    for picture in paintings:
        assert (phash(picture) != imagehash.phash(picture, hash_size=16).hash.ravel()).sum() <= 8
        small = picture.resize((64, 64))
        assert np.array_equal(phash(small), imagehash.phash(small, hash_size=16).hash.ravel())


@pytest.mark.slow
def test_the_views_share_a_product_and_hash_as_if_each_were_cut_resized_and_transformed(paintings):
    for picture in paintings:
        gray = np.asarray(picture.convert("L"))
        boxes = views.boxes(gray)
        for box, ours in zip(boxes, phashes(gray, boxes), strict=True):
            small = cv2.resize(views.cut(gray, box), (64, 64), interpolation=cv2.INTER_AREA)
            low = cv2.dct(small.astype(np.float32))[:16, :16]
            assert np.bitwise_count(np.packbits(low > np.median(low)) ^ ours).sum() <= 6


def borders_line_by_line(lines: np.ndarray) -> float:
    """The share of even pairs of lines, as the definition reads."""
    count, reach = 0, int(views.BORDER * len(lines))
    for pair in zip(lines[:reach].astype(int), lines[::-1].astype(int), strict=False):
        levels = [np.median(line) for line in pair]
        shares = [(abs(line - level) <= views.LEVELS).mean() for line, level in zip(pair, levels, strict=True)]
        if min(shares) < views.EVEN or abs(levels[0] - levels[1]) > views.LEVELS:
            break
        count += 1
    return count / len(lines)


def caption_line_by_line(gray: np.ndarray) -> float:
    lines = gray[::-1].astype(int)
    shares = [(abs(line - np.median(lines[0])) <= 2 * views.LEVELS).mean() for line in lines]
    text = [number for number, share in enumerate(shares) if share < views.STRIP]
    return min((text or [len(lines)])[0] / len(lines), views.BORDER) if shares[0] >= views.EVEN else 0


def test_looking_at_the_outermost_lines_first_changes_no_view():
    rng = np.random.default_rng(0)
    partial = np.zeros(3, int)
    for _ in range(100):
        height, width, spread = rng.integers([1, 1, 2], [90, 90, 200])
        inner = rng.integers(0, spread, (height, width), np.uint8)
        top, bottom, left, right = rng.integers(0, 12, 4).tolist()
        gray = cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_CONSTANT, value=[40])
        above, beside, caption = borders_line_by_line(gray), borders_line_by_line(gray.T), caption_line_by_line(gray)
        expected = np.array([(beside, above, beside, above), (0, 0, 0, caption)], np.float32)
        assert np.array_equal(views.boxes(gray)[1:3], expected)
        partial += [0 < share < 0.2 for share in (above, beside, caption)]
    assert all(partial > 20), "lines of both kinds in many pictures"


def test_borders_are_found_to_the_pixel_and_pictures_have_none(paintings):
    for picture in paintings:
        gray = np.asarray(picture.convert("L"))
        assert not views.boxes(gray)[views.BORDERLESS].any()
        height, width = gray.shape
        for border, fill in (((0, 20), "black"), ((20, 0), "black"), ((16, 16), (200, 190, 180))):
            bordered = np.asarray(ImageOps.expand(picture, border, fill).convert("L"))
            left, top, right, bottom = views.pixels(bordered.shape, views.boxes(bordered)[views.BORDERLESS])
            assert (left, top) == border and (right - left, bottom - top) == (width, height)


def test_a_caption_is_found(paintings, altered):
    for number, picture in enumerate(paintings):
        captioned = altered(number, "caption")
        left, top, right, bottom = views.pixels(
            captioned.size[::-1], views.boxes(np.asarray(captioned.convert("L")))[2]
        )
        assert (left, top, right) == (0, 0, picture.width) and abs(bottom - picture.height) <= 3


def test_a_mirrored_fingerprint_hashes_the_mirror_image(paintings):
    plain, mirror = fingerprint(paintings[0], mirrored=True), fingerprint(ImageOps.mirror(paintings[0]))
    assert plain.hashes.shape == (2 * views.COUNT, 32) and mirror.hashes.shape == (views.COUNT, 32)
    assert np.bitwise_count(plain.hashes[views.COUNT] ^ mirror.hashes[0]).sum() <= 2


def brute_force(hashes: np.ndarray, boxes: np.ndarray, distance: int) -> set[tuple[int, int, int]]:
    """(first, second, bits) by the definition."""
    found = set()
    shown = np.asarray(boxes.any(-1))
    shown[:, :: views.COUNT] = True
    for first in range(len(hashes)):
        for second in range(first + 1, len(hashes)):
            pairs = [
                (v, w)
                for v in np.flatnonzero(shown[first])
                for w in np.flatnonzero(shown[second])
                if min(v, w) < views.OUTER
            ]
            bits = min(int(np.bitwise_count(hashes[first, v] ^ hashes[second, w]).sum()) for v, w in pairs)
            if bits <= distance:
                found.add((first, second, bits))
    return found


@pytest.mark.parametrize("exact", [EXACT, 0])
@pytest.mark.parametrize("sides", [1, 2])
def test_candidates_are_those_of_comparing_all(monkeypatch, sides, exact):
    monkeypatch.setattr("stages.dedupe.candidates.EXACT", exact)
    rng = np.random.default_rng(sides)
    hashes = rng.integers(0, 256, (40, sides * views.COUNT, 32), np.uint8)
    # The second half copies the first, with one view turned into another and some bits flipped.
    for item in range(20, 40):
        view, other = rng.integers(0, [hashes.shape[1], views.OUTER])
        noise = np.packbits(rng.permutation(np.arange(256) < 3 * (item - 20)))
        hashes[item, view] = hashes[item - 20, other] ^ noise
    boxes = rng.uniform(0, 0.1, (40, sides * views.COUNT, 4)).astype(np.float32)
    boxes[:, 0] = 0
    boxes[::3, 1] = 0  # no borders there
    found = candidates(hashes, boxes, 50)
    expected = brute_force(hashes, boxes, 50)
    assert 10 <= len(expected) < 20
    rows = list(zip(found.first, found.second, found.bits, found.view_first, found.view_second, strict=True))
    assert {tuple(map(int, row[:3])) for row in rows} == expected
    assert len(found) == len(expected)
    for first, second, bits, view_first, view_second in rows:
        assert np.bitwise_count(hashes[first, view_first] ^ hashes[second, view_second]).sum() == bits
    assert found.first.tolist() == sorted(found.first.tolist())


@pytest.mark.parametrize(("distance", "sampled"), [(72, True), (128, False)])
def test_beyond_the_limit_tables_search_where_they_save_comparisons(monkeypatch, distance, sampled):
    asked = []
    monkeypatch.setattr("stages.dedupe.candidates.EXACT", 0)
    monkeypatch.setattr("stages.dedupe.bit_sampling.BUCKET", 1)
    monkeypatch.setattr("stages.dedupe.bit_sampling.near", lambda *rest: asked.append(rest) or np.zeros((0, 2), int))
    hashes = np.random.default_rng(0).integers(0, 256, (1500, 1, 32), np.uint8)
    found = candidates(hashes, np.zeros((1500, 1, 4), np.float32), distance)
    assert bool(asked) == sampled and bool(len(found)) != sampled


def test_further_pairs_join_the_candidates_once():
    hashes = np.zeros((3, 1, 32), np.uint8)
    hashes[2, 0, 0] = 255
    known = Candidates(*np.array([[0], [1], [0], [0], [0]]))
    both = joined(known, np.array([[0, 1], [1, 2]]), hashes)
    assert (both.first.tolist(), both.second.tolist(), both.bits.tolist()) == ([0, 1], [1, 2], [0, 8])


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_processes_change_nothing(paintings, pool, tmp_path):
    paths = [tmp_path / f"{number}.jpg" for number in range(9)]
    for path, picture in zip(paths, paintings, strict=False):
        images.save_jpeg(path, picture)
    parallel = list(fingerprints(paths, True, True, pool))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        for ours, theirs in zip(fingerprints(paths, True, True, one), parallel, strict=True):
            for field in ("hashes", "boxes", "thumbnail", "features"):
                assert np.array_equal(getattr(ours, field), getattr(theirs, field))


def test_a_broken_file_is_named(pool, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff broken")
    with pytest.raises(UserError, match=r"a\.jpg cannot be read as a picture"):
        list(fingerprints([tmp_path / "a.jpg"], False, False, pool))


def test_reading_smaller_shows_the_same(paintings, tmp_path):
    images.save_jpeg(tmp_path / "a.jpg", paintings[0].resize((1280, 960)))
    small = images.read(tmp_path / "a.jpg", "L", 256)
    assert small.mode == "L" and small.size == (640, 480)
    assert images.read(tmp_path / "a.jpg").size == (1280, 960)
    whole, quick = fingerprint(images.read(tmp_path / "a.jpg")), fingerprint(small)
    assert np.bitwise_count(whole.hashes[0] ^ quick.hashes[0]).sum() <= 4


def test_a_tiny_and_a_flat_picture_have_fingerprints():
    for picture in (Image.new("RGB", (1, 1)), Image.new("RGB", (40, 3), "gray")):
        assert fingerprint(picture, True, True).hashes.shape == (2 * views.COUNT, 32)


@pytest.mark.parametrize("shape", [(192, 256), (251, 173)])
def test_even_pictures_hash_alike(shape):
    hashes = [
        phashes(np.full(shape, level, np.uint8), views.boxes(np.full(shape, level, np.uint8)))
        for level in (1, 100, 251)
    ]
    assert (hashes[0] == hashes[1]).all() and (hashes[1] == hashes[2]).all() and (hashes[0] == hashes[0][0]).all()
