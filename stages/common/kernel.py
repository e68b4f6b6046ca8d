"""The kernel distance of two feature sets (KID: Binkowski 2018), unbiased also for few pictures."""

import torch


def distance(first: torch.Tensor, second: torch.Tensor, subsets: int, seed: int) -> tuple[float, float]:
    """Mean and standard deviation over random subsets of the squared MMD of float64 [N, D] and [M, D].

    Each subset has min(N, M) pictures of both sides, drawn without replacement (a duplicate would bias the estimate).
    """
    count = min(len(first), len(second))
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(subsets):
        drawn = [item[torch.randperm(len(item), generator=generator)[:count]] for item in (first, second)]
        values.append(squared_mmd(*drawn))
    return float(torch.stack(values).mean()), float(torch.stack(values).std())


def squared_mmd(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Unbiased squared maximum mean discrepancy (Gretton 2012, eq. 3) of [N, D] and [M, D]; 0 for equal distributions."""
    within = sum(_off_diagonal_mean(_kernel(item, item)) for item in (first, second))
    return within - 2 * _kernel(first, second).mean()


def _kernel(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The polynomial kernel (x.y / D + 1)^3."""
    return (first @ second.T / first.shape[1] + 1) ** 3


def _off_diagonal_mean(square: torch.Tensor) -> torch.Tensor:
    count = len(square)
    return (square.sum() - square.trace()) / (count * (count - 1))
