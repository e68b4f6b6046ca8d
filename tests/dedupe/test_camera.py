"""What a camera does to a painting: it stays one work, and what is another work beside it stays apart."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from printed import printed

from stages.dedupe import alignment, neighbors
from stages.dedupe.verification import Verdict, verify
from stages.museum import camera, scans

NEVER = {"oval"}  # is found: its corners are another picture
FOUND = {name: 1.0 for name in camera.TABLE if name not in NEVER} | {"glare 0.5": 0.8, "clipped": 0.5, "on a wall": 0.8}


def compared(one: Image.Image, other: Image.Image, borderless: bool = True) -> Verdict:
    first, second = printed(one), printed(other)
    return verify(first, second, int(borderless), int(borderless), 0.7)


def found_of(works, paintings, name: str) -> int:
    """How many of the works are found again in photographs of that kind."""
    same = 0
    for work, painting in zip(works, paintings, strict=True):
        file = Image.open(io.BytesIO(scans.altered(work, painting, name).jpeg)).convert("RGB")
        same += compared(painting, file).kind == "same"
    return same


@pytest.mark.slow  # all names together
@pytest.mark.parametrize("name", FOUND)
def test_a_photograph_of_a_work_is_that_work(paintings, works, name):
    """At least the share of nine works that bench_dedupe_table.py found of many."""
    assert found_of(works, paintings, name) >= FOUND[name] * len(works) - 1


@pytest.mark.slow
@pytest.mark.parametrize("name", NEVER)
def test_what_accuracy_md_says_is_never_found_is_not(paintings, works, name):
    assert found_of(works, paintings, name) == 0


@pytest.mark.parametrize("name", ["glare 0.3", "gamma 1.8", "gutter", "keystone 8 %"])
def test_a_photograph_of_a_look_alike_is_another_work(paintings, works, look_alikes, name):
    one, other = look_alikes
    file = Image.open(io.BytesIO(scans.altered(works[other], paintings[other], name).jpeg)).convert("RGB")
    found = compared(paintings[one], file)
    assert found.kind == "different" and found.score < 0.5


@pytest.mark.parametrize("larger", ["first", "second"])
def test_a_scan_of_two_works_is_neither_of_them_but_each_is_a_part_of_it(paintings, larger):
    height = 300
    left, right = (ImageOps.contain(paintings[number], (1000, height)) for number in (0, 2))
    right = right.resize((round(right.width * 1.3), height))
    both = Image.new("RGB", (left.width + right.width + 16, height), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + 16, 0))
    for work in (left, right):
        pair = (both, work) if larger == "first" else (work, both)
        assert compared(*pair).kind == ("whole" if larger == "first" else "part")


def test_what_lies_beside_a_picture():
    noise = np.random.default_rng(0).integers(0, 256, (100, 200)).astype(np.uint8)
    gap, text, sky = noise.copy(), noise.copy(), noise.copy()
    gap[:, 100:104] = 250
    text[:, 100:] = np.where(noise[:, 100:] < 128, 40, 250)
    text[:, 100:104] = 250
    sky[:, 100:] = 250
    box = (0.0, 0.0, 100.0, 100.0)
    assert [neighbors.beside(page, box) for page in (noise, gap, text, sky)] == [False, True, False, False]
    assert [neighbors.is_plain_around(page, box) for page in (noise, gap, text, sky)] == [False, False, False, True]


def test_a_perspective_is_what_a_camera_can_see(paintings):
    gray = np.asarray(paintings[0].convert("L"))
    height, width = gray.shape

    def perspective(other: np.ndarray) -> np.ndarray | None:
        matches = alignment.matches(gray, np.ascontiguousarray(other))
        assert matches
        return alignment.by_perspective(matches, gray.shape)

    turned = perspective(gray[::-1, ::-1])
    assert turned is not None
    expected = [[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1]]
    assert np.allclose(turned / turned[2, 2], expected, atol=1)
    matches = alignment.matches(gray, gray)
    assert matches
    mirrored = matches[0], np.array([width - 1, 0]) + np.array([-1, 1]) * matches[1]
    assert alignment.by_perspective(mirrored, gray.shape) is None, "a mirror image"
    assert alignment.matches(gray, np.zeros_like(gray)) is None
