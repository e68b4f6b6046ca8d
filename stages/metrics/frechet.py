"""The Frechet distance of two feature sets (FID: Heusel 2017, eq. 6), exact and fast for few pictures."""

from collections.abc import Iterator
from statistics import mean

import torch
from torch import Tensor

from stages.metrics.comparison import Comparison
from stages.metrics.kernel import Gram

ROUNDING = 1e-6  # by which the distance of two equal sets comes out below 0


def fid(comparison: Comparison) -> float:
    """Of all generated pictures, as everybody's: it falls with the number of pictures."""
    return distance(comparison.pair)


def fid_above_floor(comparison: Comparison) -> float:
    """At equal counts, so that a perfect generator has 0 on average.

    As many generated pictures as floor works, min(N, F) of each, are compared with the test works: the mean over as
    many such parts as there are, less the same of the floor.
    """
    count = min(len(comparison.pair.first), len(comparison.floor.first))
    matched, base = (
        mean(distance(part) for part in _parts(gram, count)) for gram in (comparison.pair, comparison.floor)
    )
    return matched - base


def distance(gram: Gram) -> float:
    """|m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)), from inner products alone; 2 pictures or more on both sides.

    Tr (S1 S2)^(1/2) is the nuclear norm of X1 X2^T / ((N-1)(M-1))^(1/2) with centered X: an N x M matrix in place of
    the square root of a D x D one, with no imaginary part to drop.
    """
    means = gram.first.mean + gram.second.mean - 2 * gram.cross.mean()
    traces = sum((part.squares.sum() - part.mean * len(part)) / (len(part) - 1) for part in (gram.first, gram.second))
    scale = ((len(gram.first) - 1) * (len(gram.second) - 1)) ** 0.5
    found = float(means + traces - 2 * torch.linalg.svdvals(_centered(gram.cross)).sum() / scale)
    return 0.0 if -ROUNDING < found < 0 else found


def _parts(gram: Gram, count: int) -> Iterator[Gram]:
    """As many parts as there are with `count` pictures of the first set and all of the second."""
    first, second = (torch.arange(size) for size in gram.cross.shape)
    return (gram.pick(part, second) for part in first.split(count) if len(part) == count)


def _centered(cross: Tensor) -> Tensor:
    """Inner products [N, M] of the features less each set's mean."""
    return cross - cross.mean(0) - cross.mean(1, keepdim=True) + cross.mean()
