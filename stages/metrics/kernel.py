"""Two feature sets by their inner products, which all distances here need, and the kernel distance (KID: Binkowski 2018)."""

from typing import NamedTuple

import torch
from torch import Tensor


class Gram(NamedTuple):
    """Inner products within and across two sets of N and M pictures with `features` features each, in float64."""

    first: Tensor  # [N, N]
    second: Tensor  # [M, M]
    cross: Tensor  # [N, M]
    features: int

    @classmethod
    def of(cls, first: Tensor, second: Tensor) -> "Gram":
        """Of two sets [N, D] and [M, D]."""
        return cls(first @ first.T, second @ second.T, first @ second.T, first.shape[1])

    def pick(self, first: Tensor, second: Tensor) -> "Gram":
        """Of some pictures of each set, by their places."""
        return Gram(
            self.first[first][:, first], self.second[second][:, second], self.cross[first][:, second], self.features
        )


def distance(gram: Gram, subsets: int, seed: int) -> tuple[float, float]:
    """Mean and standard deviation of the squared MMD over random subsets.

    Each subset has min(N, M) pictures of both sides, drawn without replacement (a duplicate would bias the estimate).
    """
    count = min(gram.cross.shape)
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(subsets):
        drawn = [torch.randperm(size, generator=generator)[:count] for size in gram.cross.shape]
        values.append(squared_mmd(gram.pick(*drawn)))
    return float(torch.stack(values).mean()), float(torch.stack(values).std())


def squared_mmd(gram: Gram) -> Tensor:
    """Unbiased squared maximum mean discrepancy (Gretton 2012, eq. 3) with the kernel (x.y / D + 1)^3; 0 for equal distributions."""
    first, second, cross = ((part / gram.features + 1) ** 3 for part in gram[:3])
    return _off_diagonal_mean(first) + _off_diagonal_mean(second) - 2 * cross.mean()


def _off_diagonal_mean(square: Tensor) -> Tensor:
    count = len(square)
    return (square.sum() - square.trace()) / (count * (count - 1))
