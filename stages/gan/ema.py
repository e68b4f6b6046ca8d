"""Exponential moving average of a generator's weights: the average is what is kept and sampled."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)
RAMP = 0.05  # the half-life is at most this share of the pictures shown so far (Karras 2020, official code: ema_rampup)


class Ema(Generic[Network]):
    """`network`, in evaluation mode, follows another one with a half-life in kimg (Karras 2020, arXiv 2006.06676).

    The ramp makes the first, random weights fade while little has been shown. Half-life 0 follows without delay.
    Departure: the statistics of batch norm are averaged like the weights that they belong to (Karras copies buffers;
    his networks have no batch norm).
    """

    def __init__(self, network: Network, half_life_kimg: float):
        self.network: Network = copy.deepcopy(network).eval().requires_grad_(False)
        self.half_life = half_life_kimg * 1000

    def decay(self, shown: int, batch: int) -> float:
        """The share of the average that stays when `batch` more pictures make `shown`: one half in a half-life."""
        half_life = min(self.half_life, RAMP * shown)
        return 0.5 ** (batch / half_life) if half_life > 0 else 0.0

    @torch.no_grad()
    def update(self, network: nn.Module, shown: int, batch: int) -> None:
        """Move the average toward `network` after a step with `batch` pictures, the last of `shown`."""
        share = 1 - self.decay(shown, batch)
        for average, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value, share)
            else:
                average.copy_(value)  # batch norm's counter
