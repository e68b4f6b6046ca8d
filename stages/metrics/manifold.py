"""How true and how varied: precision and recall (Kynkaanniemi 2019), density and coverage (Naeem 2020), by nearest neighbors."""

from torch import Tensor

from stages.metrics.kernel import Gram

PRECISION_K = 3  # neighbors, as in the papers
DENSITY_K = 5


def measure(gram: Gram) -> dict[str, float]:
    """The four shares for generated pictures (the first set) and real ones (the second), more than 5 each.

    precision: generated pictures inside the real pictures' manifold, the union of balls that reach to the third neighbor (eq. 2);
    recall: the same with the two exchanged; density: how many real balls hold a generated picture, on average, over k (eq. 3; may
    pass 1); coverage: real pictures whose ball holds a generated one (eq. 4). Recall rises with the number of generated
    pictures, and all four depend on the number of real ones: compare them at equal counts.
    """
    made, real = _within(gram.first), _within(gram.second)
    squares = gram.first.diagonal()[:, None] + gram.second.diagonal()
    across = (squares - 2 * gram.cross).clamp(min=0)  # [N, M] squared distances
    inside = across <= _reach(real, DENSITY_K)
    return {
        "precision": float((across <= _reach(real, PRECISION_K)).any(1).double().mean()),
        "recall": float((_reach(made, PRECISION_K) >= across.T).any(1).double().mean()),
        "density": float(inside.double().sum(1).mean() / DENSITY_K),
        "coverage": float(inside.any(0).double().mean()),
    }


def _within(products: Tensor) -> Tensor:
    """Squared distances [N, N] of one set."""
    squares = products.diagonal()
    return (squares[:, None] + squares - 2 * products).clamp(min=0).fill_diagonal_(0)


def _reach(within: Tensor, neighbors: int) -> Tensor:
    """The squared distance of each picture to its k-th neighbor, itself not counted, [N]."""
    return within.kthvalue(neighbors + 1).values
