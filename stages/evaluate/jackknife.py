"""The uncertainty of a statistic of several independent samples: the delete-a-group jackknife (Efron 1982; Kott 2001).

Pictures are left out, never drawn twice: a bootstrap makes duplicates, and duplicates bias distances of feature sets.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

GROUPS = 20
NORMAL = 1.96  # standard errors of a 95 % interval


def standard_errors(statistic: Callable[..., Mapping[str, float]], sizes: Sequence[int], seed: int) -> dict[str, float]:
    """Standard error of every number of `statistic`.

    It takes the places [n] of the pictures to use, one tensor for each sample. Each sample is parted at random into
    groups; its share of the variance is (G - 1) / G times the sum of squares of what the statistic does when one group
    is left out, about its mean. The samples are independent, so their shares add up.
    """
    whole = [torch.arange(size) for size in sizes]
    variances: dict[str, Tensor] = {}
    for place, (size, parts) in enumerate(zip(sizes, groups(sizes, seed), strict=True)):
        rows = [statistic(*whole[:place], _without(size, group), *whole[place + 1 :]) for group in parts]
        for name in rows[0]:
            values = torch.tensor([row[name] for row in rows], dtype=torch.float64)
            share = (len(parts) - 1) * values.var(correction=0)
            variances[name] = variances.get(name, torch.zeros(())) + share
    return {name: float(value.sqrt()) for name, value in variances.items()}


def groups(sizes: Sequence[int], seed: int) -> list[Sequence[Tensor]]:
    """The places of the pictures that are left out together, of each sample GROUPS random groups or fewer."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randperm(size, generator=generator).tensor_split(min(GROUPS, size)) for size in sizes]


def _without(size: int, group: Tensor) -> Tensor:
    """The places 0..size - 1 but those of the group, in order."""
    kept = torch.ones(size, dtype=torch.bool)
    kept[group] = False
    return kept.nonzero().flatten()
