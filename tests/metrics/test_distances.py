"""FID and KID against closed forms and an independent computation."""

import numpy as np
import pytest
import scipy.linalg
import torch

from stages.metrics import frechet, kernel
from stages.metrics.kernel import Gram


def sample(seed: int, count: int, features: int = 8, shift: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    return (
        torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * scale + shift
    )


def fid(first: torch.Tensor, second: torch.Tensor) -> float:
    return frechet.distance(Gram.of(first, second))


def kid(first: torch.Tensor, second: torch.Tensor, subsets: int, seed: int) -> tuple[float, float]:
    return kernel.distance(Gram.of(first, second), subsets, seed)


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
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
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
    values = [kid(sample(2 * n, 40), sample(2 * n + 1, 40), 2, 0)[0] for n in range(200)]
    error = np.std(values) / len(values) ** 0.5
    assert abs(np.mean(values)) < 4 * error, "equal distributions must give 0 on average"
    assert kid(sample(0, 40), sample(1, 40, shift=1.0), 10, 0)[0] > 20 * error


def test_kid_depends_on_the_seed_alone_and_uses_all_pictures_of_the_smaller_side():
    first, second = sample(0, 30), sample(1, 90)
    assert kid(first, second, 10, 0) == kid(first, second, 10, 0) != kid(first, second, 10, 1)
    _mean, std = kid(first, first.flip(0), 5, 0)
    assert std == pytest.approx(0, abs=1e-12), "with equal counts every subset is the whole"


def test_a_part_of_the_inner_products_is_that_of_the_part():
    first, second = sample(0, 9), sample(1, 7)
    rows, columns = torch.tensor([4, 0, 2]), torch.tensor([6, 1])
    picked, direct = Gram.of(first, second).pick(rows, columns), Gram.of(first[rows], second[columns])
    assert (
        all(torch.allclose(one, other) for one, other in zip(picked[:3], direct[:3], strict=True))
        and picked.features == direct.features
    )
