"""The jackknife against closed forms, and the intervals of a feature space against many draws."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from stages.evaluate import jackknife
from stages.evaluate.jackknife import standard_errors
from stages.evaluate.space import measure_space, measured
from stages.metrics.comparison import Comparison
from stages.metrics.manifold import DENSITY_K
from stages.metrics.table import LEAST


def sample(seed: int, count: int, features: int = 8, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


def test_of_a_mean_of_few_it_is_the_usual_standard_error():
    values = sample(0, 15, 1)[:, 0]
    found = standard_errors(lambda places: {"mean": float(values[places].mean())}, [15], 0)
    assert found["mean"] == pytest.approx(float(values.std()) / 15**0.5)


def test_of_a_mean_of_many_it_comes_from_the_means_of_the_groups():
    values = sample(0, 400, 1)[:, 0]
    found = standard_errors(lambda places: {"mean": float(values[places].mean())}, [400], 3)["mean"]
    groups = torch.randperm(400, generator=torch.Generator().manual_seed(3)).tensor_split(jackknife.GROUPS)
    means = torch.stack([values[group].mean() for group in groups])
    assert found == pytest.approx(float(means.std()) / jackknife.GROUPS**0.5)


def test_the_variances_of_independent_samples_add_up():
    first, second = sample(0, 12, 1)[:, 0], 5 * sample(1, 18, 1)[:, 0]
    found = standard_errors(lambda one, other: {"gap": float(first[one].mean() - second[other].mean())}, [12, 18], 0)
    assert found["gap"] == pytest.approx(float(first.var() / 12 + second.var() / 18) ** 0.5)


DISTANCES = ("fld", "fld_gap", "kid", "fid", "fid_above_floor")


def draw(seed: int, shift: float = 0.0, made: int = 60, distances: Sequence[str] = DISTANCES) -> dict[str, float]:
    """The distances of pictures from a perfect generator, or from one that is off by `shift`, to those of one draw."""
    sets = [sample(1000 * seed + number, count) for number, count in enumerate((40, 30, 30))]
    return measure_space(Comparison.of(sample(1000 * seed + 9, made, shift=shift), *sets), distances, 2, 0)


@pytest.mark.slow
def test_a_perfect_generator_has_around_zero_whatever_the_number_of_its_pictures(monkeypatch):
    """Without the intervals, which take nearly all of the time."""
    monkeypatch.setattr(jackknife, "standard_errors", lambda *_: dict.fromkeys(DISTANCES, 0.0))
    for made in (30, 150):
        found = [draw(seed, made=made) for seed in range(30)]
        for key in ("fld", "fld_gap", "kid", "fid_above_floor"):
            values = [numbers[key] for numbers in found]
            assert abs(np.mean(values)) < 4 * np.std(values) / len(values) ** 0.5, key


@pytest.mark.slow
def test_the_intervals_hold_the_truth_about_as_often_as_they_say():
    keys = ("fld", "kid", "fid_above_floor")
    found = [draw(seed, distances=keys) for seed in range(60)]
    for key in keys:
        held = sum(numbers[f"{key}_low"] <= 0 <= numbers[f"{key}_high"] for numbers in found)
        assert 50 <= held <= 60, f"{key}: {held} of 60 intervals of 95 %"


def test_another_manner_lies_outside_of_the_interval():
    found = draw(0, shift=1.0)
    assert (
        found["fld_low"] > 0
        and found["kid_low"] > 0
        and found["fid_above_floor_low"] > 0
        and found["fid"] > found["fid_floor"]
    )


def test_shares_stay_between_their_bounds_and_the_fewest_pictures_are_enough():
    assert LEAST == DENSITY_K + 2
    found = measure_space(Comparison.of(*(sample(seed, LEAST) for seed in range(4))), measured(), 2, 0)
    assert all(np.isfinite(value) for value in found.values())
    for key in ("precision", "recall", "coverage"):
        assert 0 <= found[f"{key}_low"] <= found[key] <= found[f"{key}_high"] <= 1
