"""Copying: copyists are caught, also when they crop, mirror and recolor; fresh pictures are not."""

import numpy as np
import pytest
import torch
from PIL import ImageEnhance, ImageOps
from scipy.stats import beta, binomtest

from stages.common.images import square
from stages.evaluate import copies, perceptual
from stages.metrics.features import features

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def embed():
    network = perceptual.load(CPU)
    return lambda pictures: features(network, pictures, copies.BATCH, CPU).float()


@pytest.fixture(scope="module")
def works(picture):
    return [picture(seed) for seed in range(12)]


@pytest.fixture(scope="module")
def limit(picture, works, embed):
    (usual,) = copies.nearest([[picture(1000 + seed) for seed in range(60)]], works, embed)
    return copies.threshold(usual.distance)


@pytest.mark.slow
@pytest.mark.parametrize(
    "copy",
    [
        lambda work: work,
        ImageOps.mirror,
        lambda work: square(work.crop((3, 2, 62, 61)), 64),
        lambda work: ImageEnhance.Brightness(ImageOps.mirror(square(work.crop((0, 4, 60, 64)), 64))).enhance(1.05),
    ],
    ids=["plain", "mirrored", "cropped", "cropped, mirrored and brighter"],
)
def test_a_copyist_is_caught_and_its_models_named(copy, works, embed, limit):
    (found,) = copies.nearest([[copy(work) for work in works]], works, embed)
    assert found.work == list(range(len(works)))
    assert copies.share(found.distance, limit)["copied"] == 1


@pytest.mark.slow
def test_fresh_pictures_are_not_copies(picture, works, embed, limit):
    (found,) = copies.nearest([[picture(2000 + seed) for seed in range(60)]], works, embed)
    assert copies.share(found.distance, limit)["copied"] <= 0.1


@pytest.mark.slow
def test_blocks_of_works_change_nothing_but_the_memory(picture, works, embed, monkeypatch):
    sets = [[picture(3000 + seed) for seed in range(7)], works[:2]]
    whole = copies.nearest(sets, works, embed)
    monkeypatch.setattr(copies, "BLOCK", 5)
    monkeypatch.setattr(copies, "BATCH", 4)
    told = []
    parts = copies.nearest(sets, works, embed, told.append)
    for part, full in zip(parts, whole, strict=True):
        assert part.work == full.work and part.distance == pytest.approx(full.distance, abs=1e-5)
    assert [len(part.work) for part in parts] == [7, 2] and sum(told) == 9


def test_the_threshold_is_the_first_percentile():
    assert copies.threshold([float(number) for number in range(101)]) == pytest.approx(1.0)


@pytest.mark.parametrize(("copied", "number"), [(0, 7), (0, 500), (3, 10), (250, 500), (499, 500), (25, 25)])
def test_the_interval_of_a_share_is_wilsons(copied, number):
    found = copies.share([0.1] * copied + [0.9] * (number - copied), 0.5)
    low, high = binomtest(copied, number).proportion_ci(method="wilson")
    assert found == pytest.approx({"copied": copied / number, "copied_low": low, "copied_high": high}, abs=1e-12)
    assert 0 <= found["copied_low"] <= found["copied"] <= found["copied_high"] <= 1


@pytest.mark.parametrize("works", [7, 144])
def test_few_test_works_make_a_rough_threshold_and_it_is_said_how_rough(works):
    """Against draws: uniform distances, of which the share below the threshold is the threshold itself."""
    found = copies.by_chance(works)
    rng = np.random.default_rng(0)
    drawn = np.array([copies.threshold(list(rng.random(works))) for _ in range(4000)])
    assert found["copied_by_chance"] == pytest.approx(drawn.mean(), rel=0.1)
    assert found["copied_by_chance_high"] == pytest.approx(np.quantile(drawn, 0.975), rel=0.15)
    chance = beta(1 + copies.QUANTILE * (works - 1), works - copies.QUANTILE * (works - 1))
    assert found["copied_by_chance"] == pytest.approx(chance.mean())
    assert (found["copied_by_chance_low"], found["copied_by_chance_high"]) == pytest.approx(chance.interval(0.95))
    assert found["copied_by_chance_low"] < found["copied_by_chance"] < found["copied_by_chance_high"]
