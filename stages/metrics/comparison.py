"""What every metric is a function of: generated pictures beside the test works, in one feature space."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from stages.metrics.grouped import ROWS, within
from stages.metrics.kernel import Gram
from stages.metrics.within import Products

SAME = 1e-6  # share of the test works' mean squared distance from their mean, below which two works are one
LEAST_VARIANCE = 1e-9  # of a feature, which is around 0.1 for pictures of one painter
FAR = 1e9  # likewise: more than any two pictures are apart


class Trained(NamedTuple):
    """Squared distances to T training works."""

    generated: Tensor  # [N, T]
    floor: Tensor  # [F, T]


class Comparison:
    """N generated pictures beside M test works, and F other real works, the floor, beside the same test works.

    What several metrics need is computed when one asks for it, and kept.
    """

    def __init__(self, pair: Gram, floor: Gram, trained: Trained):
        """`pair`: generated pictures (first) and test works (second); `floor`: floor works and the same test works.

        `trained`: how far both are from the works that the generator was trained on.
        """
        self.pair, self.floor, self.trained = pair, floor, trained

    @classmethod
    def of(
        cls, generated: Tensor, test: Tensor, floor: Tensor, trained: Tensor, *, groups: Sequence[Tensor] = ()
    ) -> "Comparison":
        """Of features [N, D], [M, D], [F, D] and [T, D]; T may be 0 where no metric asks for the training works.

        `groups`: the places of the generated pictures that a jackknife will leave out together; only many of them ask
        for it, by default 20 parts in order.
        """
        groups = groups or torch.arange(len(generated)).tensor_split(20)
        real, other, known = test.double(), floor.double(), trained.double()
        cross, to_trained = (
            torch.cat([part.double() @ some.T for part in generated.split(ROWS)]) for some in (real, known)
        )
        pair = Gram(within(generated, groups), Products.of(real), cross, real.shape[1])
        squares = known.square().sum(1)
        distances = Trained(
            _distances(pair.first.squares, squares, to_trained),
            _distances(other.square().sum(1), squares, other @ known.T),
        )
        return cls(pair, Gram.of(other, real), distances)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """N, M and F."""
        return len(self.pair.first), len(self.pair.second), len(self.floor.first)

    def pick(self, generated: Tensor, test: Tensor, floor: Tensor) -> "Comparison":
        """Of some pictures and works of each set, by their places."""
        trained = Trained(self.trained.generated[generated], self.trained.floor[floor])
        return Comparison(self.pair.pick(generated, test), self.floor.pick(floor, test), trained)

    def of_floor(self) -> "Comparison":
        """The floor works in the place of the generated pictures: what a perfect generator would make."""
        return Comparison(self.floor, self.floor, Trained(self.trained.floor, self.trained.floor))

    @cached_property
    def across(self) -> Tensor:
        """Squared distances [N, M] of generated pictures and test works."""
        return _across(self.pair)

    @cached_property
    def variance(self) -> float:
        """Of the test works' features, the mean over the features; above 0 also where the works are all alike."""
        test = self.pair.second
        whole = float(test.squares.sum() - test.mean * len(test)) / (len(test) - 1)
        return max(whole / self.pair.features, LEAST_VARIANCE)

    @property
    def generated_to(self) -> tuple[Tensor, Tensor]:
        """Squared distances of the generated pictures to the training works [N, T] and to the test works [N, M]."""
        return self.trained.generated, self.across

    @property
    def floor_to(self) -> tuple[Tensor, Tensor]:
        """Likewise of the floor works, [F, T] and [F, M].

        A floor work that is a training or test work itself is far from itself, so that it does not pass for a copy:
        small collections have no other works, and a training is evaluated by the validation works alone.
        """
        whole = self.variance * self.pair.features
        to_trained, to_test = (
            distances.masked_fill(distances < SAME * whole, FAR * whole)
            for distances in (self.trained.floor, _across(self.floor))
        )
        return to_trained, to_test


def _across(gram: Gram) -> Tensor:
    """Squared distances [N, M] of the pictures of the two sets."""
    return _distances(gram.first.squares, gram.second.squares, gram.cross)


def _distances(first: Tensor, second: Tensor, products: Tensor) -> Tensor:
    """Squared distances [N, M], of the squares [N] and [M] and the inner products [N, M]."""
    return (first[:, None] + second - 2 * products).clamp(min=0)
