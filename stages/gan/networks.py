"""The base classes of every architecture's networks: what they take and give.

`width` is the number of feature maps next to the picture, `resolution` (R) the side of the square pictures.
"""

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """`Generator(latent, width, resolution)`: random vectors to pictures."""

    def __init__(self, latent: int):
        """`latent`: length of the vector that a picture is made of."""
        super().__init__()
        self.latent = latent

    def forward(self, z: Tensor, rng: torch.Generator | None = None, truncation: float = 1.0) -> Tensor:
        """z [N, latent], standard normal, to pictures [N, 3, R, R], about in [-1, 1], float32 also under autocast.

        `rng`, on z's device, is given in training only: noise and mixed styles are drawn from it, and the network's
        mean of w follows. Without it the result depends on z alone; noise then comes from the state.
        `truncation` 1 leaves z as it is, 0 gives the mean: the style generators draw w toward its mean, the others z
        toward 0.
        """
        raise NotImplementedError


class PathLengthGenerator(Generator):
    """A generator whose path length can be regularized (the row's `path_length`)."""

    def path_penalty(self, z: Tensor, rng: torch.Generator) -> Tensor:
        """The path length regularizer at z [N, latent], a scalar, before its weight."""
        raise NotImplementedError


class Discriminator(nn.Module):
    """`Discriminator(width, resolution)`: pictures to logits.

    It takes pictures one by one, or groups of `group_size` consecutive ones (the row says so): then N must be a
    multiple of that, or ValueError says so.
    """

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 3, R, R] to logits [N], or [N, K] for K of each picture; float32, high for real."""
        raise NotImplementedError


class SelfSupervisedDiscriminator(Discriminator):
    """A discriminator that learns from real pictures by a loss of its own, too."""

    def self_supervised(self, pictures: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """The same logits as `forward`, and a scalar loss for real pictures, before its weight."""
        raise NotImplementedError
