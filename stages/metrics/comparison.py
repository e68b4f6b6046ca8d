"""What every metric is a function of: generated pictures beside the test works, in one feature space."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from stages.metrics.grouped import ROWS, within
from stages.metrics.kernel import Gram
from stages.metrics.within import Products


class Comparison:
    """N generated pictures beside M test works, and F other real works, the floor, beside the same test works.

    What several metrics need is computed when one asks for it, and kept.
    """

    def __init__(self, pair: Gram, floor: Gram):
        """`pair`: generated pictures (first) and test works (second); `floor`: floor works and the same test works."""
        self.pair, self.floor = pair, floor

    @classmethod
    def of(cls, generated: Tensor, test: Tensor, floor: Tensor, *, groups: Sequence[Tensor] = ()) -> "Comparison":
        """Of features [N, D], [M, D] and [F, D].

        `groups`: the places of the generated pictures that a jackknife will leave out together; only many of them ask
        for it, by default 20 parts in order.
        """
        groups = groups or torch.arange(len(generated)).tensor_split(20)
        real = test.double()
        cross = torch.cat([part.double() @ real.T for part in generated.split(ROWS)])
        pair = Gram(within(generated, groups), Products.of(real), cross, real.shape[1])
        return cls(pair, Gram.of(floor.double(), real))

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
        squares = self.pair.first.squares[:, None] + self.pair.second.squares
        return (squares - 2 * self.pair.cross).clamp(min=0)
