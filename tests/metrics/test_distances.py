"""FID and KID against closed forms and an independent computation, and what a comparison keeps of its sets."""

import numpy as np
import pytest
import scipy.linalg
import torch

from stages.metrics import frechet, kernel
from stages.metrics.comparison import Comparison
from stages.metrics.kernel import Gram
from stages.metrics.kid import kid


def sample(seed: int, count: int, features: int = 8, shift: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    return (
        torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * scale + shift
    )


def fid(first: torch.Tensor, second: torch.Tensor) -> float:
    return frechet.distance(Gram.of(first, second))


def compare(generated: torch.Tensor, test: torch.Tensor) -> Comparison:
    return Comparison.of(generated, test, test, test)


def test_equal_covariances_leave_the_squared_distance_of_the_means():
    first = sample(0, 50)
    assert fid(first, first) == pytest.approx(0, abs=1e-9)
    assert fid(first, first + 3) == pytest.approx(8 * 9)


def test_scaling_a_set_by_k_leaves_the_trace_times_k_minus_one_squared():
    first = sample(0, 50)
    centered = first - first.mean(0)
    trace = float(centered.square().sum() / 49)
    assert fid(centered, 3 * centered) == pytest.approx(4 * trace)


def test_equal_to_the_matrix_square_root_of_the_definition():
    first, second = sample(0, 60, 12), sample(1, 40, 12, shift=0.5, scale=2.0)
    covariances = [np.cov(item.numpy(), rowvar=False) for item in (first, second)]
    root = np.real(np.asarray(scipy.linalg.sqrtm(covariances[0] @ covariances[1])))
    means = float((first.mean(0) - second.mean(0)).square().sum())
    expected = means + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert fid(first, second) == pytest.approx(expected, rel=1e-6)


def test_fewer_pictures_than_features_is_the_usual_case():
    first, second = sample(0, 10, 100), sample(1, 12, 100)
    assert np.isfinite(fid(first, second))
    assert fid(first, second) == pytest.approx(fid(second, first))


def test_squared_mmd_of_two_pairs_by_hand():
    first, second = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [1.0]])
    # k(x, y) = (xy + 1)^3: k(1,2) = 27, k(0,1) = 1; across: k(1,0) = 1, k(1,1) = 8, k(2,0) = 1, k(2,1) = 27
    assert float(kernel.squared_mmd(Gram.of(first, second))) == pytest.approx(27 + 1 - 2 * (1 + 8 + 1 + 27) / 4)


def test_kid_is_unbiased_and_sees_a_shift():
    values = [kid(compare(sample(2 * n, 40), sample(2 * n + 1, 40))) for n in range(200)]
    error = np.std(values) / len(values) ** 0.5
    assert abs(np.mean(values)) < 4 * error, "equal distributions must give 0 on average"
    assert kid(compare(sample(0, 40), sample(1, 40, shift=1.0))) > 20 * error


def test_fid_above_the_floor_compares_equal_counts():
    generated, test, floor = sample(0, 25, shift=0.5), sample(1, 12), sample(2, 10)
    parts = [fid(generated[:10], test), fid(generated[10:20], test)]
    found = frechet.fid_above_floor(Comparison.of(generated, test, floor, floor))
    assert found == pytest.approx(sum(parts) / 2 - fid(floor, test)), "two whole parts of 10, and 5 left over"
    assert frechet.fid(Comparison.of(generated, test, floor, floor)) == pytest.approx(fid(generated, test))
    few = frechet.fid_above_floor(Comparison.of(floor, test, generated, floor))
    assert few == pytest.approx(fid(floor, test) - sum(parts) / 2), "the floor is parted where it has more"


def assert_same(one: Gram, other: Gram) -> None:
    assert one.features == other.features and torch.allclose(one.cross, other.cross)
    for part, whole in ((one.first, other.first), (one.second, other.second)):
        assert torch.allclose(part.squares, whole.squares)
        assert (part.mean, part.kernel_mean) == pytest.approx((whole.mean, whole.kernel_mean))


def test_a_part_of_the_inner_products_is_that_of_the_part():
    first, second = sample(0, 9), sample(1, 7)
    rows, columns = torch.tensor([4, 0, 2]), torch.tensor([6, 1])
    assert_same(Gram.of(first, second).pick(rows, columns), Gram.of(first[rows], second[columns]))


def test_a_comparison_picks_from_each_of_its_three_sets():
    sets, trained = (sample(0, 9), sample(1, 8), sample(2, 7)), sample(3, 6)
    places = torch.tensor([4, 0, 2]), torch.tensor([6, 1]), torch.tensor([5, 3, 0, 1])
    picked = Comparison.of(*sets, trained).pick(*places)
    generated, test, floor = (some[at] for some, at in zip(sets, places, strict=True))
    direct = Comparison.of(generated, test, floor, trained)
    assert picked.sizes == direct.sizes == (3, 2, 4)
    assert_same(picked.pair, direct.pair)
    assert_same(picked.floor, direct.floor)
    assert all(torch.allclose(*pair) for pair in zip(picked.trained, direct.trained, strict=True))


def test_a_comparison_of_the_floor_has_it_in_the_place_of_the_generated_pictures():
    generated, test, floor = sample(0, 9, shift=5.0), sample(1, 8), sample(2, 7)
    found = Comparison.of(generated, test, floor, generated).of_floor()
    assert found.sizes == (7, 8, 7)
    assert frechet.fid(found) == pytest.approx(fid(floor, test)) and frechet.fid_above_floor(found) == 0


def test_distances_within_and_across_are_those_of_the_features():
    generated, test = sample(0, 9), sample(1, 8)
    found = compare(generated, test)
    assert torch.allclose(found.across, torch.cdist(generated, test).square())
    for within, some in ((found.pair.first, generated), (found.pair.second, test)):
        expected = torch.cdist(some, some).square().sort(dim=1).values
        assert torch.allclose(torch.stack([within.reach(k) for k in range(8)], 1), expected[:, :8], atol=1e-12)
        assert (within.reach(0) == 0).all(), "the nearest of all is the picture itself"
