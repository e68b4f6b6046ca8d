"""What an evaluation finds in pictures whose variety, contrast and novelty are known."""

import numpy as np
import pytest
import torch
from PIL import Image

from stages.train.evaluator import Evaluator

pytestmark = pytest.mark.slow  # what all of them need is set up once


def noise(count: int, seed: int, contrast: float = 1.0) -> list[Image.Image]:
    """Coarse colored noise, each picture another."""
    rng = np.random.default_rng(seed)
    values = 128 + contrast * (rng.integers(0, 256, (count, 8, 8, 3)) - 128)
    return [Image.fromarray(value.astype(np.uint8)).resize((32, 32), Image.Resampling.BICUBIC) for value in values]


@pytest.fixture(scope="module")
def evaluator():
    return Evaluator(noise(6, 0), noise(5, 2), torch.device("cpu"))


def test_like_pictures_are_near_varied_and_contrasty(evaluator):
    found = evaluator.evaluate(noise(6, 1), 2.5)
    assert found.kimg == 2.5
    assert abs(found.kid) < 0.05
    assert found.spread == pytest.approx(1, abs=0.2)
    assert found.contrast == pytest.approx(1, abs=0.1)
    assert abs(found.fld) < 15


def test_one_picture_over_and_over_has_no_spread(evaluator):
    found = evaluator.evaluate(noise(1, 1) * 4, 0.0)
    assert found.spread == pytest.approx(0, abs=1e-4)
    assert found.contrast > 0.7
    assert found.kid > evaluator.evaluate(noise(6, 1), 0.0).kid


def test_copies_of_the_training_works_have_a_good_kid_and_a_bad_fld(evaluator):
    fresh, copies = evaluator.evaluate(noise(5, 1), 0.0), evaluator.evaluate(noise(5, 2), 0.0)
    assert copies.kid < fresh.kid + 0.05
    assert copies.fld > fresh.fld + 15


def test_black_pictures_have_neither(evaluator):
    found = evaluator.evaluate([Image.new("RGB", (32, 32))] * 3, 0.0)
    assert (found.spread, found.contrast) == (pytest.approx(0, abs=1e-4), 0)


def test_faint_pictures_have_less_contrast(evaluator):
    assert evaluator.evaluate(noise(4, 1, contrast=0.25), 0.0).contrast == pytest.approx(0.25, abs=0.05)


def test_gray_validation_pages_have_nothing_to_compare_with():
    """Without contrast, and all alike, they divided by zero."""
    flat = [Image.new("RGB", (32, 32), (90, 90, 90))] * 3
    found = Evaluator(flat, flat, torch.device("cpu")).evaluate(noise(4, 1), 0.0)
    assert found.contrast == found.spread == 1 and found.kid > 0 and np.isfinite(found.fld)
