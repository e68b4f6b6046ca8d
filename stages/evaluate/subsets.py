"""A metric as the mean over random subsets of the pictures, as KID is usually told (Binkowski 2018)."""

from collections.abc import Callable

import torch

from stages.metrics.comparison import Comparison


def over_subsets(
    measure: Callable[[Comparison], float], comparison: Comparison, subsets: int, seed: int
) -> tuple[float, float]:
    """Mean and standard deviation of a metric over 2 random subsets or more.

    Each subset has min(N, M) generated pictures and as many test works, drawn without replacement (a duplicate would
    bias the estimate); the floor works stay.
    """
    generated, test, floor = comparison.sizes
    count, every = min(generated, test), torch.arange(floor)
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(subsets):
        first, second = (torch.randperm(size, generator=generator)[:count] for size in (generated, test))
        values.append(measure(comparison.pick(first, second, every)))
    found = torch.tensor(values, dtype=torch.float64)
    return float(found.mean()), float(found.std())
