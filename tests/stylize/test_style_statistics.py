"""Statistics of features and their distances: closed forms, sums over parts, and gradients."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from small_pictures import random

from stages.stylize.statistics import (
    DISTANCES,
    Sums,
    TraceOfRoot,
    eigen,
    gram_distance,
    mixed,
    style_loss,
    sums,
    wasserstein_distance,
)


def of(mean: torch.Tensor, covariance: torch.Tensor, places: float = 1.0) -> Sums:
    """The sums of features with that mean [C] and covariance [C, C]."""
    second = covariance + mean[:, None] * mean
    return Sums(torch.tensor([places]), places * mean[None], places * second[None])


def test_means_closed_form():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])  # two channels, two places
    mean, gram = sums(features, None).means()
    assert torch.equal(mean, torch.tensor([[1.5, 1.0]]))
    assert torch.equal(gram, torch.tensor([[[(1 + 4) / 2, (3 - 2) / 2], [(3 - 2) / 2, (9 + 1) / 2]]]))


def test_they_forget_places_and_size():
    features = random(1, 5, 6, 7)
    moved = features.flatten(2)[:, :, torch.randperm(42, generator=torch.Generator().manual_seed(2))].view_as(features)
    for other in (moved, torch.cat((features, features), 3)):
        for found, expected in zip(sums(other, None).means(), sums(features, None).means(), strict=True):
            assert torch.allclose(found, expected, atol=1e-6)


def test_the_gradient_is_autograds():
    features = random(1, 4, 5, 6).double().requires_grad_()
    first, second = random(4, seed=1).double(), random(4, 4, seed=2).double()
    flat = features[0].flatten(1)
    found = sums(features, None)
    (gradient,) = torch.autograd.grad((found.first[0] * first).sum() + (found.second[0] * second).sum(), features)
    (expected,) = torch.autograd.grad((flat.sum(1) * first).sum() + (flat @ flat.T * second).sum(), features)
    assert torch.allclose(gradient, expected)


def test_parts_add_up():
    features, regions = random(1, 4, 6, 8), random(3, 6, 8, seed=1).abs()
    for shares in (None, regions):
        halves = [
            sums(features[..., cut], None if shares is None else shares[..., cut])
            for cut in (slice(0, 3), slice(3, None))
        ]
        whole = sums(features, shares)
        assert all(
            torch.allclose(found, expected, rtol=1e-5, atol=1e-5)
            for found, expected in zip(halves[0] + halves[1], whole, strict=True)
        )


def test_a_region_sees_its_own_places_only():
    features = torch.cat((torch.full((1, 2, 3, 4), 1.0), torch.full((1, 2, 3, 4), 5.0)), 3)
    regions = torch.zeros(2, 3, 8)
    regions[0, :, :4] = regions[1, :, 4:] = 1
    found = sums(features, regions)
    assert found.places.tolist() == [12, 12] and found.means()[0].tolist() == [[1, 1], [5, 5]]


@pytest.mark.parametrize("kind", DISTANCES)
def test_a_distance_is_zero_at_its_target_and_not_elsewhere(kind):
    found = sums(random(1, 6, 9, 9), None)
    assert DISTANCES[kind](found, found).item() == pytest.approx(0, abs=1e-5)
    assert DISTANCES[kind](found, sums(3 * random(1, 6, 9, 9, seed=1), None)).item() > 0.1


def test_the_gram_distance_from_nothing_is_one():
    assert gram_distance(
        of(torch.zeros(3), torch.zeros(3, 3)), of(torch.ones(3), torch.eye(3))
    ).item() == pytest.approx(1)


def test_wasserstein_with_equal_spread_is_the_distance_of_the_means():
    spread, first, second = torch.diag(torch.tensor([1.0, 4.0])), torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0])
    found = wasserstein_distance(of(first, spread), of(second, spread)).item()
    assert found == pytest.approx(25 / (5 + 16 + 36), rel=1e-5)


def test_wasserstein_equals_scipys_matrix_roots():
    first, second = (random(5, 5, seed=seed).double() for seed in (1, 2))
    first, second = first @ first.T, second @ second.T
    root = np.asarray(sqrtm(second.numpy()))
    shared = np.trace(np.real(sqrtm(root @ first.numpy() @ root)))
    expected = (first.trace() + second.trace() - 2 * shared) / second.trace()
    zero = torch.zeros(5, dtype=torch.float64)
    assert wasserstein_distance(of(zero, first), of(zero, second)).item() == pytest.approx(float(expected), rel=1e-6)


def test_the_gradient_of_the_trace_of_a_root():
    matrix = random(2, 4, 4).double()
    matrix = (matrix @ matrix.mT + 0.1 * torch.eye(4)).requires_grad_()

    def of_symmetric(free: torch.Tensor) -> torch.Tensor:
        return TraceOfRoot.apply((free + free.mT) / 2)

    assert torch.autograd.gradcheck(of_symmetric, matrix)


def test_a_flat_canvas_has_a_finite_gradient():
    features = torch.zeros(1, 8, 4, 4, requires_grad=True)
    wasserstein_distance(sums(features + 1, None), sums(random(1, 8, 4, 4), None)).sum().backward()
    assert features.grad is not None and features.grad.isfinite().all()


def test_eigenvalues_that_float32_does_not_find_are_found_in_float64(monkeypatch):
    rows = random(2, 24, seed=2)
    matrix, eigh = (rows.mT @ rows)[None], torch.linalg.eigh
    expected = eigen(matrix)[0]

    def failing(given):
        if given.dtype == torch.float32:
            raise RuntimeError("failed to converge")
        return eigh(given)

    monkeypatch.setattr(torch.linalg, "eigh", failing)
    values, vectors = eigen(matrix)
    assert values.dtype == vectors.dtype == torch.float32 and torch.allclose(values, expected, atol=1e-4)
    assert torch.allclose((vectors * values[:, None]) @ vectors.mT, matrix, atol=1e-4)


def test_a_mixture_counts_by_weight_and_not_by_size():
    small, large = sums(torch.ones(1, 2, 2, 2), None), sums(torch.full((1, 2, 20, 20), 3.0), None)
    assert mixed([small, large], [0.25, 0.75]).means()[0].tolist() == [[2.5, 2.5]]
    assert torch.allclose(mixed([small], [1.0]).means()[1], small.means()[1])


@pytest.mark.parametrize("kind", DISTANCES)
def test_a_region_without_places_in_the_target_counts_nothing(kind):
    shares = torch.zeros(3, 4, 6)
    shares[0, :, :2], shares[1, :, 2:5], shares[2, :, 5:] = 1, 1, 1
    less = torch.cat((shares[:1], torch.zeros(1, 4, 6), shares[2:]))
    goal = random(1, 5, 4, 6, seed=1)
    (loss, gradient), (expected, expected_gradient) = (
        loss_and_gradient(sums(goal, there), canvas, kind) for there, canvas in ((less, shares), (less[::2], less[::2]))
    )
    assert torch.allclose(loss, expected) and loss > 0
    assert torch.allclose(gradient, expected_gradient) and not gradient[..., 2:5].any() and gradient.any()


@pytest.mark.parametrize("kind", DISTANCES)
def test_a_layer_where_no_region_has_places_counts_nothing(kind):
    loss, gradient = loss_and_gradient(sums(random(1, 5, 4, 6), torch.zeros(2, 4, 6)), torch.ones(2, 4, 6) / 2, kind)
    assert loss == 0 and not gradient.any()


def loss_and_gradient(target: Sums, regions: torch.Tensor, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Of a canvas with these regions, at one layer."""
    canvas = random(1, 5, 4, 6, seed=2).requires_grad_()
    loss = style_loss({"layer": sums(canvas, regions)}, {"layer": target}, kind)
    return loss.detach(), torch.autograd.grad(loss, canvas)[0]


def test_regions_count_by_their_share_of_the_canvas():
    target = sums(torch.ones(1, 1, 1, 4), torch.tensor([[[1.0, 1, 0, 0]], [[0, 0, 1.0, 1]]]))
    canvas = sums(torch.tensor([[[[1.0, 1, 1, 0]]]]), torch.tensor([[[1.0, 1, 1, 0]], [[0, 0, 0, 1.0]]]))
    assert style_loss({"layer": canvas}, {"layer": target}, "gram").item() == pytest.approx(0.25)
