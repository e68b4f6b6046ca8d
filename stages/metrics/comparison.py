"""What every metric is a function of: generated pictures beside the test works, in one feature space."""

from functools import cached_property

import torch
from torch import Tensor

from stages.metrics.kernel import Gram


class Comparison:
    """N generated pictures beside M test works, and F other real works, the floor, beside the same test works.

    What several metrics need is computed when one asks for it, and kept.
    """

    def __init__(self, pair: Gram, floor: Gram):
        """`pair`: generated pictures (first) and test works (second); `floor`: floor works and the same test works."""
        self.pair, self.floor = pair, floor

    @classmethod
    def of(cls, generated: Tensor, test: Tensor, floor: Tensor) -> "Comparison":
        """Of features [N, D], [M, D] and [F, D], float64."""
        return cls(Gram.of(generated, test), Gram.of(floor, test))

    @property
    def sizes(self) -> tuple[int, int, int]:
        """N, M and F."""
        return len(self.pair.first), len(self.pair.second), len(self.floor.first)

    def pick(self, generated: Tensor, test: Tensor, floor: Tensor) -> "Comparison":
        """Of some pictures and works of each set, by their places."""
        return Comparison(self.pair.pick(generated, test), self.floor.pick(floor, test))

    def of_floor(self) -> "Comparison":
        """The floor works in the place of the generated pictures: what a perfect generator would make."""
        return Comparison(self.floor, self.floor)

    @cached_property
    def across(self) -> Tensor:
        """Squared distances [N, M] of generated pictures and test works."""
        squares = self.pair.first.diagonal()[:, None] + self.pair.second.diagonal()
        return (squares - 2 * self.pair.cross).clamp(min=0)

    @cached_property
    def neighbors_of_generated(self) -> Tensor:
        """Squared distances [N, N] of each generated picture to all, the nearest first, which is the picture itself."""
        return _neighbors(self.pair.first)

    @cached_property
    def neighbors_of_test(self) -> Tensor:
        """Squared distances [M, M] of each test work to all, the nearest first, which is the work itself."""
        return _neighbors(self.pair.second)


def _neighbors(products: Tensor) -> Tensor:
    """Squared distances [N, N] of one set from its inner products, each row ascending."""
    squares = products.diagonal()
    distances = (squares[:, None] + squares - 2 * products).clamp(min=0).fill_diagonal_(0)
    return torch.sort(distances, dim=1).values
