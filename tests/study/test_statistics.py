"""The study's statistics: closed forms, an independent fit by scipy, and what too little data may not say."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats

from stages.study.effects import effects, mean
from stages.study.fit import POWERS, Curve, fit, learn
from stages.study.summary import forecast

SIZES = [9, 18, 36, 72]


@pytest.mark.parametrize(
    "truth", [Curve(0.1, 1.0, 0.5), Curve(0.0, 2.0, 1.0), Curve(0.05, 5.0, 1.7), Curve(100.0, 900.0, 0.8)]
)
def test_a_power_law_without_noise_is_recovered(truth):
    (found,) = fit(SIZES, truth(SIZES))
    assert found.power == pytest.approx(truth.power, rel=0.005)  # the grid's step
    assert found(SIZES) == pytest.approx(truth(SIZES), rel=1e-3)
    assert found(288) == pytest.approx(truth(288), rel=0.003)
    assert found.offset == pytest.approx(truth.offset, abs=0.005 * truth(9))


def test_no_curve_fits_better_than_the_one_found():
    """scipy's bounded least squares, from many starts, ends nowhere lower."""
    rng = np.random.default_rng(0)
    works = np.repeat(SIZES, 3)
    bounds = ([0, 0, POWERS[0]], [np.inf, np.inf, POWERS[-1]])
    for _ in range(5):
        values = 0.05 + works**-0.6 + rng.normal(0, 0.02, works.shape)
        (found,) = fit(works, values)
        ours = ((found(works) - values) ** 2).sum()
        for start in ([0.0, 1.0, 0.5], [0.1, 0.5, 1.0], [0.05, 3.0, 2.0]):
            other = optimize.least_squares(misses, start, bounds=bounds, args=(works, values))
            assert ours <= 2 * other.cost * (1 + 1e-4)


def misses(curve: np.ndarray, works: np.ndarray, values: np.ndarray) -> np.ndarray:
    """By how much a curve (offset, scale, power) misses each value."""
    offset, scale, power = curve
    return offset + scale * works**-power - values


def test_rows_are_fitted_each_for_itself():
    rows = np.array([Curve(0.1, 1.0, 0.5)(SIZES), Curve(0.0, 2.0, 1.0)(SIZES)])
    assert [curve(288) for curve in fit(SIZES, rows)] == pytest.approx([fit(SIZES, row)[0](288) for row in rows])


def test_more_works_that_hurt_give_a_flat_curve_and_no_negative_distance():
    (rising,) = fit(SIZES, [0.1, 0.2, 0.3, 0.4])
    assert rising.scale == 0 and rising(288) == pytest.approx(0.25)
    (steep,) = fit(SIZES, [1.0, 0.3, 0.02, 0.0])
    assert steep.offset == 0 and steep(1e6) >= 0


def test_the_interval_of_a_forecast_holds_the_truth_about_as_often_as_it_says():
    rng, truth, held = np.random.default_rng(1), Curve(0.05, 1.0, 0.6), 0
    for _ in range(20):
        found = learn({size: truth(size) + rng.normal(0, 0.01, 3) for size in SIZES}).at(72)
        held += found.low <= truth(72) <= found.high
    assert held >= 15


def test_the_same_values_give_the_same_interval():
    groups = {size: [1 / size, 1.1 / size, 0.9 / size] for size in SIZES}
    first, second = learn(groups).at(288), learn(groups).at(288)
    assert first == second and first.low < first.value < first.high


def test_two_sizes_make_no_curve():
    with pytest.raises(ValueError, match="three sizes"):
        learn({9: [0.3], 18: [0.2]})


def test_words_are_honest_about_what_the_sizes_cannot_tell():
    noisy = np.random.default_rng(2).normal(0, 0.01, (4, 3))
    slow = learn({size: 0.05 + 0.5 * size**-0.3 + noise for size, noise in zip(SIZES, noisy, strict=True)})
    assert "with 4 times as many pictures (288 works) expect KID 0.1" in forecast(slow, "KID", 3)
    assert "cannot be told from 4 sizes" in forecast(slow, "KID", 3)
    flat = learn({size: 0.2 + noise for size, noise in zip(SIZES, noisy, strict=True)})
    assert "is not sure" in forecast(flat, "KID", 3)
    ended = learn({size: 0.2 + 60 * size**-2.5 + noise / 100 for size, noise in zip(SIZES, noisy, strict=True)})
    assert "It levels off at 0.200" in forecast(ended, "KID", 3)


def test_the_interval_of_seeds_in_closed_form():
    found = mean([1.0, 2.0, 3.0])
    assert (found.value, found.high) == (2.0, pytest.approx(2 + 4.302653 / 3**0.5))  # s = 1, t(2) = 4.302653
    assert found.low == pytest.approx(4 - found.high)
    assert np.isnan(mean([1.0]).low)


def rows(change: float, noise: float = 0.0) -> list[dict]:
    """A row for each combination; deduplication changes KID by `change`, the other factors by other amounts."""
    rng = np.random.default_rng(3)
    made = []
    for works, deduplicated, augmentation, seed in product(SIZES, (True, False), ("none", "diffaugment"), range(3)):
        kid = 1 / works + change * deduplicated - 0.2 * (augmentation == "diffaugment") + 0.1 * seed
        kid += noise * rng.normal()
        factors = {"works": works, "deduplicated": deduplicated, "augmentation": augmentation, "order": 0, "seed": seed}
        made.append({**factors, "kid": kid})
    return made


def test_pairs_cancel_all_that_they_share():
    total, *sizes = effects(rows(-0.03), "deduplicated", False, True, "kid")
    assert (total.works, total.pairs) == (None, 24)
    assert [effect.works for effect in sizes] == SIZES and {effect.pairs for effect in sizes} == {6}
    assert total.change.value == pytest.approx(-0.03) and total.change.high - total.change.low < 1e-9 and total.sure
    (other, *_) = effects(rows(-0.03), "augmentation", "none", "diffaugment", "kid")
    assert other.change.value == pytest.approx(-0.2)


def test_the_paired_interval_is_scipy_s():
    table = rows(-0.03, noise=0.02)
    values = {tuple(row[key] for key in ("works", "augmentation", "seed", "deduplicated")): row["kid"] for row in table}
    with_, without = zip(*((values[(*key, True)], values[(*key, False)]) for *key, side in values if side), strict=True)
    expected = stats.ttest_rel(with_, without).confidence_interval(0.95)
    (total, *_) = effects(table, "deduplicated", False, True, "kid")
    assert (total.change.low, total.change.high) == pytest.approx((expected.low, expected.high))
    assert not effects(rows(0.0, noise=0.02), "deduplicated", False, True, "kid")[0].sure


def test_a_missing_partner_and_a_missing_number_are_left_out():
    table = [row for row in rows(-0.03) if not (row["works"] == 9 and row["deduplicated"])]
    table[-1]["kid"] = None
    total, *sizes = effects(table, "deduplicated", False, True, "kid")
    assert total.pairs == 17 and [effect.works for effect in sizes] == SIZES[1:]
    assert effects(table[:1], "deduplicated", False, True, "kid") == []
