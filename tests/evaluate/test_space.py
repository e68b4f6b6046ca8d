"""The numbers of a feature space come from the table's rows alone, and means over subsets from the seed."""

from dataclasses import replace

import pytest
import torch

from stages.evaluate.space import measure_space, measured
from stages.evaluate.subsets import over_subsets
from stages.metrics import table
from stages.metrics.comparison import Comparison
from stages.metrics.kid import kid


def sample(seed: int, count: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


def sets() -> list[torch.Tensor]:
    """Generated pictures, test, floor and training works."""
    return [sample(seed, count) for seed, count in enumerate((12, 10, 9, 11))]


def spread(comparison: Comparison) -> float:
    """A further metric: the mean squared length of the generated pictures' features, always above 0."""
    return float(comparison.pair.first.squares.mean())


def test_every_row_with_a_function_is_measured_with_what_it_asks_for():
    found = measure_space(Comparison.of(*sets()), measured(), 2, 0)
    expected = {
        f"{key}{end}"
        for key in ("fld", "fld_gap", "kid", "fid", "fid_above_floor", "precision", "recall", "density", "coverage")
        for end in ("", "_low", "_high")
    }
    assert set(found) == expected | {"kid_std", "kid_floor", "fid_floor"}


def test_a_further_metric_is_one_function_and_one_row(monkeypatch):
    row = table.Metric("Spread", ".1f", "higher", "How long.", (0.0, 20.0), f"{__name__}:spread", floor=True)
    monkeypatch.setitem(table.METRICS, "spread", row)
    found = measure_space(Comparison.of(*sets()), measured(), 2, 0)
    value, floor = (float(some.square().sum(1).mean()) for some in (sets()[0], sets()[2]))
    assert (found["spread"], found["spread_floor"]) == pytest.approx((value, floor))
    assert 0 <= found["spread_low"] < value < found["spread_high"] <= 20
    shown = table.rows(found)[-1]
    assert (shown.name, shown.inception.value, shown.better) == ("Spread", f"{value:.1f}", "higher")
    monkeypatch.setitem(table.METRICS, "spread", replace(row, bounds=(value, value)))
    found = measure_space(Comparison.of(*sets()), measured(), 2, 0)
    assert found["spread_low"] == found["spread_high"] == found["spread"], "no interval goes beyond the bounds"


def test_a_mean_over_subsets_depends_on_the_seed_alone_and_uses_all_pictures_of_the_smaller_side():
    first, second = sample(0, 30), sample(1, 90)
    compared = Comparison.of(first, second, second, second)
    assert (
        over_subsets(kid, compared, 10, 0) == over_subsets(kid, compared, 10, 0) != over_subsets(kid, compared, 10, 1)
    )
    mean, std = over_subsets(kid, Comparison.of(first, first.flip(0), second, second), 5, 0)
    assert std == pytest.approx(0, abs=1e-12), "with equal counts every subset is the whole"
    assert mean == pytest.approx(kid(Comparison.of(first, first, second, second)))
