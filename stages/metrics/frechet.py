"""The Frechet distance of two feature sets (FID: Heusel 2017, eq. 6), exact and fast for few pictures."""

import torch
from torch import Tensor

from stages.metrics.kernel import Gram


def distance(gram: Gram) -> float:
    """|m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)), from inner products alone; 2 pictures or more on both sides.

    Tr (S1 S2)^(1/2) is the nuclear norm of X1 X2^T / ((N-1)(M-1))^(1/2) with centered X: an N x M matrix in place of the
    square root of a D x D one, with no imaginary part to drop.
    """
    means = gram.first.mean() + gram.second.mean() - 2 * gram.cross.mean()
    traces = sum((part.trace() - part.mean() * len(part)) / (len(part) - 1) for part in (gram.first, gram.second))
    scale = ((len(gram.first) - 1) * (len(gram.second) - 1)) ** 0.5
    return float(means + traces - 2 * torch.linalg.svdvals(_centered(gram.cross)).sum() / scale)


def _centered(cross: Tensor) -> Tensor:
    """Inner products [N, M] of the features less each set's mean."""
    return cross - cross.mean(0) - cross.mean(1, keepdim=True) + cross.mean()
