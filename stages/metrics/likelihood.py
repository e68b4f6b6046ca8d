"""What generated pictures say of works that nobody trained on: feature likelihood divergence (FLD, Jiralerspong 2023).

Each generated picture is the center of a Gaussian in feature space, narrow where a training work is near (section 3,
arXiv 2302.04440), so that a copy of a training work explains that work and nothing else; then the likelihood of the
test works is taken. A generator can be better at the training works than at the test works only by copying: that
difference is the generalization gap (section 5.2).

Departures from the paper: a variance is the squared distance to the nearest training work, and not fitted to the
likelihood of the training works. Fitted, only the nearest of several copies of a work becomes narrow, and the others
pass for new pictures: nine works learned by heart were then judged better than seventy-two (measured, see
stages/evaluate/JUDGES.md). A weak prior bounds the value of an exact copy. Features are scaled as a whole, by the test
works' mean variance, and not each by the training works', which would make the numbers of 9 and of 72 training works
incomparable. The constant that is subtracted is the value of the floor works in the place of the generated pictures, at
equal counts.
"""

import math
from functools import lru_cache

from torch import Tensor

from stages.metrics.comparison import Comparison

PRIOR = 0.3  # how much the prior of a variance, that of the test works, weighs beside the distance
PARTS = 10  # of the generated pictures, at most


def fld(comparison: Comparison) -> float:
    """Negative log-likelihood of the test works, less the floor's: 0 for a perfect generator, more is worse.

    In hundredths of a nat per feature, as in the paper (equation 2).
    """
    generated, floor = _values(comparison)
    return generated[0] - floor[0]


def fld_gap(comparison: Comparison) -> float:
    """How much better the training works are explained than the test works, beyond the floor: 0 without copying.

    The paper's generalization gap with the sign turned: more is worse.
    """
    generated, floor = _values(comparison)
    return (generated[0] - generated[1]) - (floor[0] - floor[1])


@lru_cache(maxsize=1)
def _values(comparison: Comparison) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of generated pictures and of floor works, at equal counts: the values at the test and at the training works."""
    count, features = min(comparison.sizes[0], comparison.sizes[2]), comparison.pair.features
    found = []
    for sides in (comparison.generated_to, comparison.floor_to):
        trained, test = (_parts(distances, count) / comparison.variance for distances in sides)
        found.append(divergence(trained, test, features))
    return found[0], found[1]


def _parts(distances: Tensor, count: int) -> Tensor:
    """The first parts of `count` pictures, [P, count, T], of distances [N, T]."""
    parts = min(PARTS, len(distances) // count)
    return distances[: parts * count].view(parts, count, -1)


def divergence(trained: Tensor, test: Tensor, features: int) -> tuple[float, float]:
    """At the test works and at the training works, the mean over P sets of N centers.

    `trained` [P, N, T] and `test` [P, N, M] are squared distances to the works, in units of the mean variance of one of
    `features` features.
    """
    log_variance = log_variances(trained, features)
    values = [-100 / features * float(_log_likelihood(part, log_variance, features).mean()) for part in (test, trained)]
    return values[0], values[1]


def log_variances(distances: Tensor, features: int) -> Tensor:
    """The logarithms of the centers' variances [P, N], of squared distances [P, N, T] to the training works."""
    return ((distances.min(2).values / features + PRIOR) / (1 + PRIOR)).log()


def _log_likelihood(distances: Tensor, log_variance: Tensor, features: int) -> Tensor:
    """Of each work under the mixture of the centers, [P, T]."""
    spread = log_variance[:, :, None]
    constant = 0.5 * features * math.log(2 * math.pi) + math.log(distances.shape[1])
    return (-0.5 * (distances / spread.exp() + features * spread)).logsumexp(1) - constant
