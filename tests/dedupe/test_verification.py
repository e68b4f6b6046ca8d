"""What convinces: every alteration that scans show, and no other work, no part of one, none with a motif more."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from printed import printed

from stages.common import params
from stages.dedupe.grouping import compare, pairs_to_compare
from stages.dedupe.groups import Groups
from stages.dedupe.hashing import Fingerprint, fingerprint
from stages.dedupe.metrics import pairwise
from stages.dedupe.verification import Verdict, verify
from stages.museum import alterations
from stages.museum.painter import paint
from stages.museum.works import plan

SETTINGS = params.load(Path(__file__).parents[2] / "params.yaml")["dedupe"]
COPIES = [name for name in alterations.TABLE if name not in ("mirror", "detail")]

LEAST = {"watermark": SETTINGS.correlation, "tint": 0.8}  # scores that are lower than 0.85 in some works


def if_candidates(
    first: Image.Image, second: Image.Image, distance: int = SETTINGS.hash_distance, mirrored: bool = False
) -> tuple[int, Verdict] | None:
    """Hash distance and verdict of two pictures as the stage sees them; None when they are no candidates."""
    one, other = (printed(picture, mirrored) for picture in (first, second))
    pairs = pairs_to_compare([one, other], distance)
    if len(pairs) == 0:
        return None
    verdict = verify(one, other, int(pairs.view_first[0]), int(pairs.view_second[0]), SETTINGS.correlation)
    return int(pairs.bits[0]), verdict


def found(
    first: Image.Image, second: Image.Image, distance: int = SETTINGS.hash_distance, mirrored: bool = False
) -> tuple[int, Verdict]:
    """Hash distance and verdict of two pictures that must be candidates."""
    pair = if_candidates(first, second, distance, mirrored)
    assert pair, "they are no candidates"
    return pair


@pytest.fixture(scope="module")
def prints(paintings) -> list[Fingerprint]:
    return [printed(picture) for picture in paintings]


def test_the_kinds_of_alterations():
    assert len(COPIES) == 12


@pytest.mark.parametrize("name", COPIES)
def test_an_altered_copy_is_a_candidate_and_convinces(paintings, altered, name):
    for number, picture in enumerate(paintings):
        bits, verdict = found(picture, altered(number, name))
        assert bits <= SETTINGS.hash_distance and verdict.kind == "same", (number, bits, verdict)
        assert verdict.score > LEAST.get(name, 0.85)


def test_a_mark_is_named_as_the_reason(paintings, altered):
    checks = [found(picture, altered(number, "watermark"))[1].check for number, picture in enumerate(paintings)]
    assert sum("mark" in check for check in checks) >= 3
    assert found(paintings[0], altered(0, "jpeg30"))[1].check == "view"


@pytest.mark.slow
def test_two_altered_copies_convince_without_the_original(altered):
    for number in range(4):
        for one, other in combinations(("letterbox", "grayscale", "caption", "frame"), 2):
            bits, verdict = found(altered(number, one), altered(number, other))
            assert verdict.kind == "same" and bits <= SETTINGS.hash_distance, (number, one, other, bits, verdict)


def test_a_mirror_image_counts_only_when_asked(paintings, altered):
    for number in range(4):
        plain = if_candidates(paintings[number], altered(number, "mirror"))
        assert plain is None or plain[1].kind == "different"
        bits, verdict = found(paintings[number], altered(number, "mirror"), mirrored=True)
        assert verdict.kind == "same" and verdict.check.startswith("mirrored") and bits <= 16
        bits, verdict = found(paintings[number], altered(number, "resize"), mirrored=True)
        assert verdict.kind == "same" and not verdict.check.startswith("mirrored")


def test_most_details_are_found_and_none_is_a_copy(paintings, altered):
    verdicts = [if_candidates(picture, altered(number, "detail")) for number, picture in enumerate(paintings)]
    kinds = [verdict[1].kind for verdict in verdicts if verdict]
    assert "same" not in kinds and kinds.count("whole") >= 7
    assert found(altered(0, "detail"), paintings[0])[1].kind == "part"


@pytest.mark.slow
def test_look_alikes_are_near_in_hash_but_do_not_convince(paintings, look_alikes, prints):
    first, second = look_alikes
    for one, other in combinations(range(9), 2):
        assert verify(prints[one], prints[other], 0, 0, SETTINGS.correlation).score < 0.55, (one, other)
    bits = [int(np.bitwise_count(prints[first].hashes[0] ^ item.hashes[0]).sum()) for item in prints]
    assert sorted(range(9), key=bits.__getitem__)[1] == second


@pytest.mark.parametrize("name", ["grayscale", "watermark", "crop5", "letterbox", "frame"])
def test_an_altered_look_alike_does_not_convince_either(paintings, look_alikes, altered, name):
    for one, other in (look_alikes, look_alikes[::-1]):
        assert found(paintings[one], altered(other, name), 256)[1].kind == "different"


@pytest.mark.slow
def test_a_series_stays_a_series():
    """One composition with other motifs in each of four pictures, as a painter returns to a subject."""
    original = plan(9, 0, 0)[2]
    series = [original, *(replace(original, number=number, variation_of=original.id) for number in (101, 102, 103))]
    pictures = [paint(work, 240) for work in series]
    for one, other in combinations(pictures, 2):
        assert found(one, other, 256)[1].kind == "different"


def pasted(picture: Image.Image, fill: Image.Image | tuple[int, int, int]) -> Image.Image:
    """With a round motif more."""
    mask, changed = Image.new("L", picture.size), picture.copy()
    width, height = picture.size
    ImageDraw.Draw(mask).ellipse(
        (width // 10, height // 2, width // 10 + width // 5, height // 2 + height // 5), fill=255
    )
    changed.paste(fill, (0, 0), mask)
    return changed


@pytest.mark.slow
def test_one_changed_place_is_enough_although_the_whole_correlates(paintings):
    for number, picture in enumerate(paintings):
        other = paintings[number - 1].resize(picture.size)
        for fill in (other, ImageOps.invert(picture), (30, 30, 30)):
            assert found(picture, pasted(picture, fill), 256)[1].kind == "different", number
    changed = pasted(paintings[1], paintings[2].resize(paintings[1].size))
    one, other = (np.asarray(item.convert("L")).ravel() for item in (paintings[1], changed))
    assert np.corrcoef(one, other)[0, 1] > 0.5


def test_tiny_and_flat_pictures_do_not_convince():
    flat = Image.new("RGB", (40, 40), "gray")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    assert found(flat, noise, 256)[1].kind == "different"
    assert found(Image.new("RGB", (10, 10)), Image.new("RGB", (10, 10)))[1] == Verdict("different", -1.0, "view")


def test_comparing_joins_chains_and_leaves_joined_pairs_out(paintings, altered):
    pictures = [paintings[0], altered(0, "resize"), altered(0, "jpeg30"), paintings[1], altered(0, "detail")]
    items = [fingerprint(picture, False, True) for picture in pictures]
    groups = Groups(5)
    pairs, known = pairs_to_compare(items, SETTINGS.hash_distance), pairs_to_compare(items[:3], 72)
    with ThreadPoolExecutor(1) as pool:
        batches = compare(items, pairs, groups, SETTINGS.correlation, pool)
        findings = [finding for batch in batches for finding in batch]
        assert groups.members() == [[0, 1, 2], [3], [4]]
        assert {(finding.first, finding.second) for finding in findings if finding.verdict.kind == "whole"} >= {(0, 4)}
        assert list(compare(items[:3], known, groups, SETTINGS.correlation, pool)) == [[]], "joined already"


@pytest.mark.slow
def test_light_across_a_picture_and_another_gamma_are_no_difference(paintings):
    """What a camera sees: lit from one side, and developed darker or lighter."""
    width = np.linspace(1.2, 0.8, 320)
    lit = [
        Image.fromarray((np.asarray(p) * width[None, : p.width, None]).clip(0, 255).astype(np.uint8)) for p in paintings
    ]
    for gamma in (0.5, 1.8):
        curve = [round(255 * (value / 255) ** gamma) for value in range(256)] * 3
        checks = [found(picture, picture.point(curve), 256)[1] for picture in paintings]
        assert sum(verdict.kind == "same" for verdict in checks) >= 7
    checks = [found(*pair, 256)[1] for pair in zip(paintings, lit, strict=True)]
    assert sum(verdict.kind == "same" for verdict in checks) >= 8
    assert any(verdict.check.startswith("flat") for verdict in checks)


def test_groups_follow_chains():
    groups = Groups(6)
    for pair in ((0, 3), (3, 5), (1, 2)):
        groups.join(*pair)
    assert groups.members() == [[0, 3, 5], [1, 2], [4]]
    assert Groups(2).members() == [[0], [1]]


def test_pairwise_counts_pairs():
    assert pairwise([[0, 1], [2]], ["a", "a", "a"]) == (1.0, pytest.approx(1 / 3))
    assert pairwise([[0, 1, 2]], ["a", "a", "b"]) == (pytest.approx(1 / 3), 1.0)
    assert pairwise([[0], [1]], ["a", "b"]) == (1.0, 1.0)
