"""Sets too large for all their products: the same numbers as from all products, also without some groups."""

import pytest
import torch

from stages.evaluate import jackknife
from stages.evaluate.space import measure_space, measured
from stages.metrics import grouped
from stages.metrics.comparison import Comparison
from stages.metrics.grouped import NEIGHBORS, Grouped
from stages.metrics.within import Products, Within

COUNT, LENGTH = 57, 11


def sample(seed: int, count: int = COUNT) -> torch.Tensor:
    return torch.randn(count, LENGTH, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def groups():
    return jackknife.groups([COUNT], 3)[0]  # of 2 and 3 pictures, fewer than NEIGHBORS


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(grouped, "ROWS", 8)


def assert_same(found: Within, expected: Within) -> None:
    assert len(found) == len(expected)
    assert torch.allclose(found.squares, expected.squares)
    assert found.mean == pytest.approx(expected.mean) and found.kernel_mean == pytest.approx(expected.kernel_mean)
    for k in range(1, NEIGHBORS + 1):
        assert torch.allclose(found.reach(k), expected.reach(k))


def test_the_whole_is_that_of_all_products(groups):
    assert_same(Grouped(sample(0), groups), Products.of(sample(0).double()))


def test_groups_that_are_left_out_cost_nothing_more(groups, monkeypatch):
    whole, plain = Grouped(sample(0), groups), Products.of(sample(0).double())
    assert whole.mean
    monkeypatch.setattr(grouped, "_sums", lambda *_: pytest.fail("computed again"))
    for left_out in (groups[:1], groups[4:7]):
        kept = torch.tensor(sorted(set(range(COUNT)) - set(torch.cat(list(left_out)).tolist())))
        part = whole.pick(kept)
        assert_same(part, plain.pick(kept))
        assert_same(part.pick(torch.arange(len(kept))), plain.pick(kept))


def test_any_other_part_is_a_set_of_its_own(groups, monkeypatch):
    places = torch.tensor([3, 50, 7, 7, 20, 1, 33, 2])
    found = Grouped(sample(0), groups).pick(places)
    assert isinstance(found, Products)
    assert_same(found, Products.of(sample(0).double()).pick(places))
    monkeypatch.setattr(grouped, "LARGE", 8)
    assert isinstance(Grouped(sample(0), groups).pick(torch.arange(40)), Grouped)


def test_an_evaluation_gives_the_same_numbers_either_way(groups, monkeypatch):
    sets = sample(0), sample(1, 20), sample(2, 15), sample(3, 12)
    expected = measure_space(Comparison.of(*sets, groups=groups), measured(), subsets=4, seed=3)
    monkeypatch.setattr(grouped, "LARGE", 50)
    comparison = Comparison.of(*sets, groups=groups)
    assert isinstance(comparison.pair.first, Grouped)
    assert measure_space(comparison, measured(), subsets=4, seed=3) == pytest.approx(expected, rel=1e-9, abs=1e-12)
