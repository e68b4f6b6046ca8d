"""Precision, recall, density and coverage: sets whose answer is known, and the definitions picture by picture."""

import pytest
import torch

from stages.metrics import manifold
from stages.metrics.comparison import Comparison


def sample(seed: int, count: int, features: int = 6, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, features, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


def measure(made: torch.Tensor, real: torch.Tensor) -> dict[str, float]:
    comparison = Comparison.of(made, real, real, real)
    functions = (manifold.precision, manifold.recall, manifold.density, manifold.coverage)
    return {function.__name__: function(comparison) for function in functions}


def test_the_real_pictures_themselves_are_all_true_and_all_covered():
    real = sample(0, 40)
    found = measure(real, real)
    assert (found["precision"], found["recall"], found["coverage"]) == (1, 1, 1)
    assert found["density"] >= 1, "every picture lies at least in the balls of its own neighbors, on average k of them"


def test_far_away_pictures_are_neither_true_nor_cover_anything():
    assert set(measure(sample(0, 40), sample(1, 40, shift=100.0)).values()) == {0.0}


def test_one_picture_again_and_again_is_true_but_not_varied():
    real = sample(0, 40)
    found = measure(real[:1].expand(30, -1), real)
    assert found["precision"] == 1 and found["recall"] == 1 / 40 and found["coverage"] <= 0.5


@pytest.mark.parametrize("seed", range(3))
def test_precision_and_recall_equal_torch_fidelitys(seed):
    from torch_fidelity.metric_prc import prc_features_to_metric  # which imports PyTorch's compiler

    made, real = sample(seed, 50, shift=0.5), sample(seed + 10, 35)
    theirs = prc_features_to_metric(
        made, real, prc_neighborhood=manifold.PRECISION_K, prc_batch_size=1000, save_cpu_ram=False, verbose=False
    )
    ours = measure(made, real)
    assert 0 < ours["precision"] < 1 and 0 < ours["recall"] < 1
    assert ours["precision"] == pytest.approx(theirs["precision"], rel=1e-6)
    assert ours["recall"] == pytest.approx(theirs["recall"], rel=1e-6)


def test_density_and_coverage_equal_their_definitions():
    made, real = sample(0, 25, shift=0.7), sample(1, 20)
    # The first of the sorted distances is that of the picture itself.
    reach = [sorted(float((one - other).norm()) for other in real)[manifold.DENSITY_K] for one in real]
    inside = [[float((one - other).norm()) <= limit for other, limit in zip(real, reach, strict=True)] for one in made]
    found = measure(made, real)
    assert found["density"] == pytest.approx(sum(map(sum, inside)) / (manifold.DENSITY_K * len(made)))
    assert found["coverage"] == pytest.approx(sum(map(any, zip(*inside, strict=True))) / len(real))
    assert 0 < found["coverage"] < 1
