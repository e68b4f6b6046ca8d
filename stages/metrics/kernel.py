"""Two feature sets by their inner products, which all distances need, and the squared kernel distance of the two."""

from typing import NamedTuple

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


def squared_mmd(gram: Gram) -> Tensor:
    """Unbiased squared maximum mean discrepancy (Gretton 2012, eq. 3); 0 on average for equal distributions.

    The kernel is (x.y / D + 1)^3, as in KID (Binkowski 2018).
    """
    first, second, cross = ((part / gram.features + 1) ** 3 for part in gram[:3])
    return _off_diagonal_mean(first) + _off_diagonal_mean(second) - 2 * cross.mean()


def _off_diagonal_mean(square: Tensor) -> Tensor:
    count = len(square)
    return (square.sum() - square.trace()) / (count * (count - 1))
