"""A feature set that is too large for all its inner products: by sums over groups of pictures.

Whole groups can be left out, as the jackknife does, without computing anything again.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from stages.metrics.within import Products, Within, kernel

LARGE = 4000  # pictures from which a set is Grouped: all products of fewer take 128 MB at most
ROWS = 2048  # pictures whose products with a group are in memory at once
NEIGHBORS = 5  # the farthest neighbor that a metric asks for


class Sums(NamedTuple):
    """Of G groups of N pictures, in float64."""

    products: Tensor  # [G, G], of all pairs of two groups' pictures
    kernel: Tensor  # [G, G], likewise, but for the pairs of a picture with itself
    nearest: Tensor  # [N, G, NEIGHBORS] squared distances of each picture to its nearest in each group


class Grouped(Within):
    """The same numbers as `Products`, but for rounding."""

    def __init__(self, features: Tensor, groups: Sequence[Tensor]):
        """`features` [N, D]; `groups`: the places of each group's pictures; every picture is in one."""
        self._features, self._groups = features, groups
        self._places = torch.arange(len(features))  # of the pictures that count
        self._inside = torch.ones(len(groups), dtype=torch.bool)  # which groups count
        self._kept: list[Sums] = []  # shared with the sets that `pick` gives

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def squares(self) -> Tensor:
        """Of each picture the product with itself, [N]."""
        return _squares(self._features)[self._places]

    @property
    def mean(self) -> float:
        """Of all products."""
        return float(self._total(self._sums.products)) / len(self) ** 2

    @property
    def kernel_mean(self) -> float:
        """Of KID's kernel over all pairs of different pictures."""
        return float(self._total(self._sums.kernel)) / (len(self) * (len(self) - 1))

    def reach(self, k: int) -> Tensor:
        """Of each picture the squared distance to its k-th nearest neighbor, [N]; k from 1 to NEIGHBORS."""
        nearest = self._sums.nearest[:, self._inside]
        return torch.cat([part.flatten(1).kthvalue(k).values for part in nearest.split(ROWS)])[self._places]

    def pick(self, places: Tensor) -> Within:
        """Some of the pictures; what is not the whole without some groups is computed anew."""
        found = self._places[places]
        inside = self._whole_groups(found) if 2 * len(found) > len(self) else None
        if inside is None:
            return within(self._features[found], torch.arange(len(found)).tensor_split(len(self._groups)))
        part = Grouped(self._features, self._groups)
        part._places, part._inside, part._kept = found, inside, self._kept
        return part

    def _whole_groups(self, places: Tensor) -> Tensor | None:
        """Which groups the places are all pictures of, once each; None if they are anything else."""
        counts = torch.zeros(len(self._features), dtype=torch.int64).index_add_(0, places, torch.ones_like(places))
        shares = torch.tensor([counts[group].sum() / len(group) for group in self._groups])
        return shares == 1 if counts.max() == 1 and ((shares == 0) | (shares == 1)).all() else None

    @property
    def _sums(self) -> Sums:
        if not self._kept:
            self._kept.append(_sums(self._features, self._groups))
        return self._kept[0]

    def _total(self, table: Tensor) -> Tensor:
        return table[self._inside][:, self._inside].sum()


def within(features: Tensor, groups: Sequence[Tensor]) -> Within:
    """The fitting kind of a set of features [N, D]; `groups` are those that a jackknife will leave out."""
    return Grouped(features, groups) if len(features) >= LARGE else Products.of(features.double())


def _squares(features: Tensor) -> Tensor:
    return torch.cat([part.double().square().sum(1) for part in features.split(ROWS)])


def _sums(features: Tensor, groups: Sequence[Tensor]) -> Sums:
    """All products, ROWS pictures by one group at a time."""
    count, length = features.shape
    squares, rows = _squares(features), torch.arange(count)
    labels = torch.empty(count, dtype=torch.int64)
    for number, group in enumerate(groups):
        labels[group] = number
    products, kernels = torch.zeros(2, len(groups), len(groups), dtype=torch.float64)
    nearest = torch.full((count, len(groups), NEIGHBORS), float("inf"), dtype=torch.float64)
    for number, group in enumerate(groups):
        theirs, place = features[group].double(), torch.full((count,), -1)
        place[group] = torch.arange(len(group))
        for part in rows.split(ROWS):
            found = features[part].double() @ theirs.T  # [rows, group]
            own = (place[part] >= 0).nonzero().flatten(), place[part][place[part] >= 0]  # pictures with themselves
            values = kernel(found, length)
            values[own] = 0
            products[:, number].index_add_(0, labels[part], found.sum(1))
            kernels[:, number].index_add_(0, labels[part], values.sum(1))
            distances = (squares[part, None] + squares[group] - 2 * found).clamp(min=0)
            distances[own] = float("inf")
            few = min(NEIGHBORS, len(group))
            nearest[part, number, :few] = distances.topk(few, dim=1, largest=False).values
    return Sums(products, kernels, nearest)
