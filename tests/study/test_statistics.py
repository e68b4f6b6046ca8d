"""The study's statistics: closed forms, an independent fit by scipy, and what too little data may not say."""

import csv
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats
from surroundings import ROOT

from stages.study.answer import more_works
from stages.study.effects import effects, mean
from stages.study.fit import FAMILIES, Family, fit
from stages.study.learning import check, learn, scatter, shared_share
from stages.study.summary import forecast

SIZES = [9, 18, 36, 72]
POWER, EXPONENTIAL, LOGARITHMIC = FAMILIES
TRUTHS = [
    (POWER, lambda n: 0.1 + n**-0.5),
    (POWER, lambda n: 2 / n),
    (POWER, lambda n: 100 + 900 * n**-0.8),
    (EXPONENTIAL, lambda n: 0.1 + 0.5 * np.exp(-n / 30)),
    (EXPONENTIAL, lambda n: 3 * np.exp(-n / 100)),
    (LOGARITHMIC, lambda n: 20 - 2 * np.log(n)),
]


def groups_of(values: Mapping[int, Sequence[float] | np.ndarray]) -> dict[int, dict[int, float]]:
    """With numbers for the replicates."""
    return {size: dict(enumerate(map(float, some))) for size, some in values.items()}


@pytest.mark.parametrize("family, truth", TRUTHS)
def test_a_curve_without_noise_is_recovered(family: Family, truth):
    sizes = np.array(SIZES)
    found = fit(family, SIZES, truth(sizes))
    for works in [*SIZES, 288]:
        assert found.at(works)[0] == pytest.approx(truth(works), rel=0.003, abs=3e-3 * truth(9))


@pytest.mark.parametrize("family", [POWER, EXPONENTIAL], ids=lambda family: family.name)
def test_no_curve_fits_better_than_the_one_found(family: Family):
    """scipy's bounded least squares, from many starts, ends nowhere lower."""
    rng = np.random.default_rng(0)
    works = np.repeat(SIZES, 3)
    bounds = ([0, 0, family.shapes[0]], [np.inf, np.inf, family.shapes[-1]])
    for _ in range(5):
        values = 0.05 + works**-0.6 + rng.normal(0, 0.02, works.shape)
        found = fit(family, works.tolist(), values)
        ours = ((np.array([found.at(n)[0] for n in works]) - values) ** 2).sum()

        def misses(curve: np.ndarray, unit: float = found.unit, values: np.ndarray = values) -> np.ndarray:
            offset, scale, shape = curve
            return offset + scale * family.x(works / unit, shape) - values

        for start in ([0.0, 1.0, 0.5], [0.1, 0.5, 1.0], [0.05, 3.0, 2.0]):
            other = optimize.least_squares(misses, start, bounds=bounds)
            assert ours <= 2 * other.cost * (1 + 1e-4)


def test_a_weight_counts_as_often_as_the_value_would():
    rng = np.random.default_rng(1)
    values = 1 / np.array(SIZES) + rng.normal(0, 0.01, 4)
    for family in FAMILIES:
        repeated = fit(family, [9, 9, 9, 18, 36, 36, 72], values[[0, 0, 0, 1, 2, 2, 3]])
        weighted = fit(family, SIZES, values, [3, 1, 2, 1])
        assert weighted.at(288)[0] == pytest.approx(repeated.at(288)[0], rel=0.01, abs=1e-4)


def test_rows_are_fitted_each_for_itself():
    rows = np.array([0.1 + np.array(SIZES) ** -0.5, 2 / np.array(SIZES)])
    for family in FAMILIES:
        alone = [fit(family, SIZES, row).at(288)[0] for row in rows]
        assert fit(family, SIZES, rows).at(288) == pytest.approx(alone)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_more_works_that_hurt_give_a_flat_curve_and_no_negative_distance(family: Family):
    rising = fit(family, SIZES, [0.1, 0.2, 0.3, 0.4])
    assert rising.scale[0] == 0 and rising.at(288)[0] == pytest.approx(0.25)
    steep = fit(family, SIZES, [1.0, 0.3, 0.02, 0.0])
    assert steep.end()[0] == 0
    assert family is LOGARITHMIC or steep.at(1e6)[0] >= 0


@pytest.mark.parametrize("family, truth", TRUTHS)
def test_the_family_that_made_the_values_is_the_one_that_forecasts_best(family: Family, truth):
    sizes = [9, 18, 36, 72, 144, 288]
    assert learn(groups_of({size: [truth(size)] for size in sizes})).curve.family is family


def held_of(trials: int, forecast: int, held: int = 0) -> int:
    """How often the interval of a mean of three, of a power law, held what came."""
    rng = np.random.default_rng(1)
    for _ in range(trials):
        values = {size: 0.05 + size**-0.6 + rng.normal(0, 0.01, 3) for size in [*SIZES, forecast]}
        came = values.pop(forecast).mean()
        found = learn(groups_of(values)).predict(forecast, 3)
        held += found.low <= came <= found.high
    return held


def test_the_interval_of_a_forecast_holds_what_comes_about_as_often_as_it_says():
    assert held_of(40, 144) >= 32


def gains(sizes: Sequence[int], truth, choice: float, chance: float, trials: int = 60) -> tuple[float, float]:
    """How often, with three choices of the works, the gain's interval held the truth, and the answer was to stop.

    `choice`, `chance`: the standard deviations of what a choice has at all sizes, and of what it has at one.
    """
    rng = np.random.default_rng(1)
    held = stopped = 0
    for _ in range(trials):
        choices = rng.normal(0, choice, 3)
        groups = groups_of({size: truth(size) + choices + rng.normal(0, chance, 3) for size in sizes})
        learning = learn(groups)
        gain, now = learning.gain(4), float(np.mean(list(groups[sizes[-1]].values())))
        held += gain.low - 1e-9 <= truth(sizes[-1]) - truth(4 * sizes[-1]) <= gain.high + 1e-9
        stopped += "stop looking" in more_works(learning, now, time_is_short=False)
    return held / trials, stopped / trials


@pytest.mark.parametrize(
    "truth", [lambda n: 8 + 3.6 * (n / 9) ** -0.25, lambda n: 12 - 0.5 * np.log2(n / 9)], ids=["power law", "logarithm"]
)
@pytest.mark.parametrize("choice, chance", [(0.0, 0.9), (0.85, 0.3)])
def test_three_sizes_know_how_little_they_know(truth, choice: float, chance: float):
    """The works are worth the search, at 7 to 9 % of the distance; the scatter is that of the museum's study."""
    held, stopped = gains([9, 18, 36], truth, choice, chance)
    assert held >= 0.88 and stopped == 0


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[9, 18, 36, 72], [9, 18, 36, 72, 144]], ids=len)
def test_more_sizes_seldom_end_a_search_that_is_worth_it(sizes: list[int]):
    held, stopped = gains(sizes, lambda n: 12 - 0.5 * np.log2(n / 9), 0.0, 0.9, trials=100)
    assert held >= 0.85 and stopped <= 0.05


@pytest.mark.parametrize("sizes", [[9, 18, 36], [18, 36, 72], [9, 18, 36, 72], [9, 18, 36, 72, 144]], ids=str)
def test_the_smaller_sizes_of_the_committed_study_do_not_end_a_search_that_its_larger_ones_were_worth(sizes: list[int]):
    with (ROOT / "metrics/study.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    groups: dict[int, dict[int, float]] = {}
    for row in table:
        groups.setdefault(int(row["works"]), {})[int(row["order"])] = float(row["fld"])
    means = {works: float(np.mean(list(some.values()))) for works, some in groups.items()}
    learning = learn({size: groups[size] for size in sizes})
    gain, came = learning.gain(4), means[sizes[-1]] - means[4 * sizes[-1]]
    assert gain.low <= came <= gain.high
    assert "is not sure" in more_works(learning, means[sizes[-1]], time_is_short=False)


def test_what_choices_surely_have_in_common_is_the_lower_end_of_the_interval_of_the_two_way_table():
    rng = np.random.default_rng(0)
    groups = groups_of({size: rng.normal(0, 1, 20) + np.arange(20) / 5 for size in SIZES})
    values = np.array([list(some.values()) for some in groups.values()])  # [M, n]
    among = 4 * values.mean(0).var(ddof=1)
    rest = ((values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()) ** 2).sum() / (19 * 3)
    ratio = among / rest / stats.f.ppf(0.95, 19, 19 * 3)
    assert shared_share(groups) == pytest.approx((ratio - 1) / (ratio - 1 + 4))
    del groups[9][7]
    assert shared_share(groups) == pytest.approx((ratio - 1) / (ratio - 1 + 4), rel=0.1)
    assert shared_share(groups_of({size: rng.normal(0, 1, 3) for size in SIZES})) == 0
    for none in ([1.0], [1.0, 1.0]):
        assert shared_share(groups_of(dict.fromkeys(SIZES, none))) == 0


def test_a_choice_of_works_that_is_good_at_every_size_counts_once():
    """Three choices that differ alike at every size say nothing more of the curve's slope than one does."""
    shift = np.array([-1.0, 0.0, 1.0])
    found = learn(groups_of({size: 10 - np.log(size) + shift for size in SIZES}))
    assert found.gain(4).high - found.gain(4).low < 0.1 < found.at(72).high - found.at(72).low


def test_a_choice_without_some_sizes_takes_part_with_the_others():
    values = groups_of({size: [20 / size, 22 / size, 24 / size] for size in SIZES})
    del values[72][1]
    found = learn(values).at(72)
    assert found.low < found.value < found.high


def test_the_same_values_give_the_same_interval():
    groups = groups_of({size: [1 / size, 1.1 / size, 0.9 / size] for size in SIZES})
    first, second = learn(groups).at(288), learn(groups).at(288)
    assert first == second and first.low < first.value < first.high


def test_without_replicates_there_is_no_interval_and_a_single_one_scatters_as_the_others():
    alone = learn(groups_of({size: [1 / size] for size in SIZES})).at(288)
    assert np.isnan([alone.low, alone.high]).all() and alone.value > 0
    some = groups_of({size: [20 / size, 22 / size, 24 / size] for size in SIZES})
    del some[72][1], some[72][2]
    found = learn(some)
    assert found.at(72).high - found.at(72).low > 0.5 * found.scatter.deviation


def test_two_sizes_make_no_curve():
    with pytest.raises(ValueError, match="3 sizes"):
        learn({9: {0: 0.3}, 18: {0: 0.2}})


def test_the_larger_third_of_the_sizes_is_what_the_forecast_is_tried_on():
    sizes = [9, 18, 36, 72, 144, 288]
    known, found = check(groups_of({size: [10 / size, 11 / size, 12 / size] for size in sizes}))
    assert known == SIZES and [item.works for item in found] == [144, 288]
    assert all(item.held and item.came == pytest.approx(11 / item.works) for item in found)
    for sizes, some in ((7, 3), (6, 2), (5, 2), (4, 1)):
        many = {9 * 2**power: {0: 1.0, 1: 2.0} for power in range(sizes)}
        assert [item.works for item in check(many)[1]] == sorted(many)[-some:]
    broken = {size: [5.0, 5.1, 5.2] for size in SIZES} | {144: [1.0, 1.1, 1.2]}
    *_, item = check(groups_of(broken))[1]
    assert not item.held and item.expected.low > item.came
    assert check(groups_of({size: [1.0] for size in SIZES[:3]})) == ([], [])


def test_words_are_honest_about_what_the_sizes_cannot_tell():
    noisy = dict(zip(SIZES, np.random.default_rng(2).normal(0, 0.01, (4, 3)), strict=True))
    slow = learn(groups_of({size: 0.05 + 0.5 * size**-0.3 + noise for size, noise in noisy.items()}))
    assert "with 4 times as many pictures (288 works) expect KID 0.1" in forecast(slow, "KID", 3)
    assert "cannot be told from 4 sizes" in forecast(slow, "KID", 3)
    assert f"where the curve has {slow.at(72).value:.3f} at 72 works" in forecast(slow, "KID", 3), "not the cells' mean"
    flat = learn(groups_of({size: 0.2 + noise for size, noise in noisy.items()}))
    assert "is not sure" in forecast(flat, "KID", 3)
    endless = learn(groups_of({size: 0.5 - 0.05 * np.log(size) + noise / 100 for size, noise in noisy.items()}))
    assert "no end can be told" in forecast(endless, "KID", 3) and "levels off" not in forecast(endless, "KID", 3)
    ended = learn(groups_of({size: 0.2 + 60 * size**-2.5 + noise / 100 for size, noise in noisy.items()}))
    assert "It levels off at 0.200" in forecast(ended, "KID", 3)


def test_the_interval_of_seeds_in_closed_form():
    found = mean([1.0, 2.0, 3.0])
    assert (found.value, found.high) == (2.0, pytest.approx(2 + 4.302653 / 3**0.5))  # s = 1, t(2) = 4.302653
    assert found.low == pytest.approx(4 - found.high)
    assert np.isnan(mean([1.0]).low)
    pooled = scatter(groups_of({9: [1.0, 3.0], 18: [5.0, 6.0, 7.0], 36: [4.0]}))
    assert pooled == (pytest.approx((4 / 3) ** 0.5), 3)  # (1 + 1) + (1 + 0 + 1) over 1 + 2
    assert mean([4.0], pooled).high == pytest.approx(4 + 3.182446 * (4 / 3) ** 0.5)  # t(3) = 3.182446


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
