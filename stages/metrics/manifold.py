"""How true and how varied: precision and recall (Kynkaanniemi 2019), density and coverage (Naeem 2020).

All four count pictures inside neighborhoods, balls around other pictures that reach to their k-th nearest neighbor.
Recall rises with the number of generated pictures, and all four depend on the number of test works: compare them at
equal counts. Each set needs more pictures than DENSITY_K.
"""

from torch import Tensor

from stages.metrics.comparison import Comparison

PRECISION_K = 3  # neighbors, as in the papers
DENSITY_K = 5


def precision(comparison: Comparison) -> float:
    """Generated pictures inside the test works' manifold, the union of their balls (eq. 2)."""
    reach = comparison.pair.second.reach(PRECISION_K)
    return float((comparison.across <= reach).any(1).double().mean())


def recall(comparison: Comparison) -> float:
    """Test works inside the generated pictures' manifold (eq. 2 with the two exchanged)."""
    reach = comparison.pair.first.reach(PRECISION_K)
    return float((reach >= comparison.across.T).any(1).double().mean())


def density(comparison: Comparison) -> float:
    """How many of the test works' balls hold a generated picture, on average, over k (eq. 3); may pass 1."""
    return float(_inside(comparison).double().sum(1).mean() / DENSITY_K)


def coverage(comparison: Comparison) -> float:
    """Test works whose ball holds a generated picture (eq. 4)."""
    return float(_inside(comparison).any(0).double().mean())


def _inside(comparison: Comparison) -> Tensor:
    """Whether each generated picture lies in the ball of each test work, [N, M]."""
    return comparison.across <= comparison.pair.second.reach(DENSITY_K)
