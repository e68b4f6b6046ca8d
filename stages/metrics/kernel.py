"""Two feature sets by their inner products, which all distances need, and the squared kernel distance of the two."""

from typing import NamedTuple

from torch import Tensor

from stages.metrics.within import Products, Within, kernel


class Gram(NamedTuple):
    """Inner products within and across two sets of N and M pictures with `features` features each, in float64."""

    first: Within  # [N, N]
    second: Within  # [M, M]
    cross: Tensor  # [N, M]
    features: int

    @classmethod
    def of(cls, first: Tensor, second: Tensor) -> "Gram":
        """Of two sets [N, D] and [M, D]."""
        return cls(Products.of(first), Products.of(second), first @ second.T, first.shape[1])

    def pick(self, first: Tensor, second: Tensor) -> "Gram":
        """Of some pictures of each set, by their places."""
        return Gram(self.first.pick(first), self.second.pick(second), self.cross[first][:, second], self.features)


def squared_mmd(gram: Gram) -> float:
    """Unbiased squared maximum mean discrepancy (Gretton 2012, eq. 3); 0 on average for equal distributions.

    The kernel is (x.y / D + 1)^3, as in KID (Binkowski 2018).
    """
    return gram.first.kernel_mean + gram.second.kernel_mean - 2 * float(kernel(gram.cross, gram.features).mean())
