"""Paths between random vectors: pictures between two tell a generator that learned from one that stores pictures."""

import itertools

import torch
from torch import Tensor


def slerp(start: Tensor, end: Tensor, share: float) -> Tensor:
    """The vector [L] at `share` (0..1) of the arc from `start` to `end`, both [L] (White 2016, arXiv 1609.04468, 2.1).

    Departure: their length is interpolated linearly; White's formula assumes that it is equal. A straight line would
    pass nearer to the origin, where the generator has hardly been trained. Parallel vectors give the straight line.
    """
    lengths = start.norm(), end.norm()
    a, b = start / lengths[0], end / lengths[1]
    angle = torch.arccos((a @ b).clamp(-1, 1))
    if torch.sin(angle) < 1e-4:
        return torch.lerp(start, end, share)
    direction = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)
    return direction * torch.lerp(*lengths, share)


def interpolate(anchors: Tensor, between: int) -> Tensor:
    """From each anchor, [S, L], to the next with `between` vectors in between: [(S - 1) * (between + 1) + 1, L]."""
    shares = [step / (between + 1) for step in range(between + 1)]
    path = [slerp(start, end, share) for start, end in itertools.pairwise(anchors) for share in shares]
    return torch.stack([*path, anchors[-1]])
