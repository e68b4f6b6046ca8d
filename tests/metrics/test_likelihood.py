"""FLD: closed forms, what copies cost, and what changes nothing."""

import math

import pytest
import torch

from stages.metrics import likelihood
from stages.metrics.comparison import Comparison

FEATURES = 64


def noise(seed: int, count: int, features: int = FEATURES) -> torch.Tensor:
    return torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def sample(seed: int, count: int) -> torch.Tensor:
    """Pictures differ in a few ways, each of which shows in all features, and a little in each by itself."""
    return noise(seed, count, 4) @ noise(99, 4) + 0.2 * noise(seed + 1000, count)


TEST, FLOOR, TRAINED = sample(1, 60), sample(2, 40), sample(3, 30)


def measure(generated: torch.Tensor, trained: torch.Tensor = TRAINED, floor: torch.Tensor = FLOOR):
    comparison = Comparison.of(generated, TEST, floor, trained)
    return likelihood.fld(comparison), likelihood.fld_gap(comparison)


def jittered(seed: int, count: int, works: torch.Tensor) -> torch.Tensor:
    """Copies of works, taken in turns, that differ a little."""
    return works[torch.arange(count) % len(works)] + 0.1 * sample(seed, count)


def test_one_center_and_one_work_by_hand():
    """The variance is (d2 / D + p) / (1 + p); both values are those of its normal distribution."""
    apart, test = 128.0, 32.0
    trained = torch.full((1, 1, 1), apart, dtype=torch.float64)
    variance = (apart / FEATURES + likelihood.PRIOR) / (1 + likelihood.PRIOR)
    assert float(likelihood.log_variances(trained, FEATURES).exp()) == pytest.approx(variance)
    constant = FEATURES * (math.log(2 * math.pi) + math.log(variance))
    expected = [100 / FEATURES * 0.5 * (constant + distance / variance) for distance in (test, apart)]
    found = likelihood.divergence(trained, torch.full_like(trained, test), FEATURES)
    assert found == pytest.approx(tuple(expected))


def test_every_copy_is_narrow_and_not_the_nearest_one_alone():
    trained = torch.tensor([[[0.0, 900.0], [1.0, 900.0], [64.0, 64.0]]], dtype=torch.float64)
    first, second, apart = likelihood.log_variances(trained, FEATURES)[0].exp().tolist()
    assert first < second < 1.1 * first and apart == pytest.approx(1)


def test_the_order_of_the_pictures_hardly_matters():
    copies = jittered(11, 200, TRAINED)
    mixed = copies[torch.randperm(200, generator=torch.Generator().manual_seed(0))]
    assert measure(copies) == pytest.approx(measure(mixed), rel=0.5)


def test_copies_lose_against_what_is_new_and_the_more_of_them_the_more():
    fresh = sample(10, 200)
    half = torch.cat([fresh[:100], jittered(11, 100, TRAINED)])[
        torch.randperm(200, generator=torch.Generator().manual_seed(0))
    ]
    found = [measure(some) for some in (fresh, half, jittered(11, 200, TRAINED))]
    values, gaps = zip(*found, strict=True)
    assert abs(values[0]) < 3 and values[2] > max(values[:2]) + 3
    assert abs(gaps[0]) < 15 and gaps == tuple(sorted(gaps)) and gaps[1] > 35


def test_fewer_works_learned_by_heart_are_worse():
    values = [measure(jittered(11, 200, TRAINED[:count]), TRAINED[:count])[0] for count in (30, 12, 4)]
    assert values == sorted(values) and values[2] > values[0] + 3


def test_exact_copies_have_a_value_all_the_same():
    value, gap = measure(TRAINED)
    assert math.isfinite(value) and value > 5 and gap > 50


def test_the_scale_and_the_place_of_the_features_do_not_matter():
    generated = sample(10, 80)
    moved = [3.0 * some + 5.0 for some in (generated, TEST, FLOOR, TRAINED)]
    comparison = Comparison.of(*moved)
    assert (likelihood.fld(comparison), likelihood.fld_gap(comparison)) == pytest.approx(measure(generated), abs=1e-6)


def test_a_floor_of_training_works_is_no_copyist():
    """Small collections have too few validation works: the training works are the floor then."""
    fresh, copies = sample(10, 200), jittered(11, 200, TRAINED)
    value, gap = measure(fresh, floor=TRAINED)
    assert abs(value) < 5 and abs(gap) < 15
    assert measure(copies, floor=TRAINED)[0] > value + 3 and measure(copies, floor=TRAINED)[1] > 40


def test_the_floor_in_the_place_of_the_generated_pictures_has_zero():
    assert measure(FLOOR) == pytest.approx((0, 0), abs=1e-9)
