"""Smooth bodies on black look alike from afar, but not in what is fine; noise on plain grounds is nothing fine."""

import io
from collections.abc import Callable
from itertools import combinations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

from stages.dedupe import texture
from stages.dedupe.grouping import pairs_to_compare
from stages.dedupe.hashing import Fingerprint, fingerprint
from stages.dedupe.verification import Verdict, verify

pytestmark = pytest.mark.slow
EDGE = 400  # pixels


def smooth(number: int) -> Image.Image:
    """A lit, grained body on black, as museums photograph stones, shells and potatoes."""
    rng = np.random.default_rng(number)
    down, across = np.mgrid[-1 : 1 : EDGE * 1j, -1 : 1 : EDGE * 1j]
    turn = rng.uniform(0, 2 * np.pi)
    along, beside = np.cos(turn) * across + np.sin(turn) * down, np.cos(turn) * down - np.sin(turn) * across
    along, beside = along / rng.uniform(0.6, 0.85), beside / rng.uniform(0.45, 0.75)
    angle = np.arctan2(beside, along)
    edge = 1 + sum(rng.normal(0, 0.09 / k) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(1, 6))
    inside = (1 - (along**2 + beside**2) / edge**2).clip(0)
    light = (0.15 + 0.85 * inside**0.5 - 0.25 * along + 0.1 * beside).clip(0, 1) * (inside > 0)
    grain = 0.28 * cv2.GaussianBlur(rng.normal(0, 1, (EDGE, EDGE)), (0, 0), rng.uniform(2, 5))
    color = np.array([1, rng.uniform(0.75, 0.9), rng.uniform(0.5, 0.75)]) * rng.uniform(0.7, 1)
    return Image.fromarray((255 * (light * (1 + grain))[..., None] * color).clip(0, 255).astype(np.uint8))


def noisy(picture: Image.Image, deviation: float, seed: int) -> Image.Image:
    grain = np.random.default_rng(seed).normal(0, deviation, (picture.height, picture.width, 1))
    return Image.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8))


def saved(picture: Image.Image, quality: int = 92) -> Fingerprint:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return fingerprint(Image.open(data).convert("RGB"))


def compared(one: Fingerprint, other: Fingerprint) -> Verdict | None:
    """What the stage says of two files that hash alike."""
    pairs = pairs_to_compare([one, other], 72)
    return verify(one, other, int(pairs.view_first[0]), int(pairs.view_second[0]), 0.7) if len(pairs) else None


@pytest.fixture(scope="module")
def bodies() -> list[Image.Image]:
    return [smooth(number) for number in range(14)]


def test_different_bodies_stay_apart_though_they_correlate(bodies):
    found = [verdict for pair in combinations(map(saved, bodies), 2) if (verdict := compared(*pair))]
    refused = [verdict for verdict in found if verdict.score > 0.7]
    assert not [verdict for verdict in found if verdict.kind == "same"]
    assert len(refused) >= 5 and {verdict.check for verdict in refused} == {"view fine"}


@pytest.mark.parametrize("other", [145, 197, 252])
def test_a_faintly_grained_body_is_told_by_its_grain_not_by_its_outline(other):
    """Of 300 bodies those whose outlines correlate most with that of one that has nearly no grain."""
    verdict = compared(saved(smooth(other)), saved(smooth(282)))
    assert verdict and verdict.score > 0.9 and (verdict.kind, verdict.check) == ("different", "view fine")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda body: body.resize((180, 180)),
    "blown up": lambda body: body.resize((140, 140)).resize((500, 500)),
    "cropped": lambda body: body.crop((20, 20, 385, 380)),
    "gray": lambda body: body.convert("L").convert("RGB"),
    "noisy": lambda body: noisy(body, 4, 1),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_of_a_body_are_that_body(bodies, name):
    verdicts = [compared(saved(body), saved(COPIES[name](body), quality=60)) for body in bodies]
    assert [verdict.kind for verdict in verdicts if verdict] == ["same"] * len(bodies)


@pytest.mark.parametrize("deviation", [3, 6])
def test_noise_of_two_scans_does_not_make_two_works_of_a_plain_one(deviation):
    page = Image.new("RGB", (EDGE, EDGE), (214, 180, 60))
    page.paste((170, 60, 40), (90, 130, 310, 350))
    page.paste((120, 30, 30), (150, 190, 250, 290))
    verdict = compared(saved(noisy(page, deviation, 1)), saved(noisy(page, deviation, 2)))
    assert verdict and verdict.kind == "same"


def test_what_is_blurred_agrees_and_what_is_even_has_nothing_to_compare(bodies):
    gray = np.asarray(bodies[0].convert("L").resize((128, 128)))
    blurred = np.asarray(bodies[0].convert("L").filter(ImageFilter.GaussianBlur(5)).resize((128, 128)))
    inside = np.ones((128, 128), bool)
    assert texture.agrees(gray, gray, inside) and texture.agrees(gray, blurred, inside)
    assert texture.agrees(np.full((128, 128), 90), np.full((128, 128), 30), inside)
    assert not texture.agrees(gray, np.ascontiguousarray(gray[::-1]), inside)
