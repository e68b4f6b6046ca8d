"""The Frechet distance of two feature sets (FID: Heusel 2017, eq. 6), exact and fast for few pictures."""

import torch


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """|m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)) of float64 [N, D] and [M, D], N and M at least 2.

    Tr (S1 S2)^(1/2) is the nuclear norm of X1 X2^T / ((N-1)(M-1))^(1/2) with centred X: an N x M matrix in place of the
    square root of a D x D one, with no imaginary part to drop.
    """
    centred = [item - item.mean(0) for item in (first, second)]
    scale = ((len(first) - 1) * (len(second) - 1)) ** 0.5
    cross = torch.linalg.svdvals(centred[0] @ centred[1].T).sum() / scale
    traces = sum(item.square().sum() / (len(item) - 1) for item in centred)
    return float((first.mean(0) - second.mean(0)).square().sum() + traces - 2 * cross)
