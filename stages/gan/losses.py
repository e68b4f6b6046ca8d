"""Losses as functions of logits, apart from any architecture, by name; and the gradient penalty R1.

Every discriminator and generator loss takes the logits of as many real as generated pictures, both [N] and float32
(`real[i]` and `fake[i]` form a pair), and returns their mean loss, a scalar. A new loss is two functions and one row.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Loss(NamedTuple):
    """What the discriminator and what the generator minimise."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def nonsaturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow 2014 (arXiv 1406.2661), equation 1: -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z))))."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def nonsaturating_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow 2014, section 3, the stronger gradient: -log sigmoid(D(G(z)))."""
    return F.softplus(-fake).mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """RpGAN (Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.1; R3GAN 2024, equation 2): -log sigmoid(D(x) - D(G(z)))."""
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The same with the parts exchanged: generated pictures should look more real than real ones."""
    return F.softplus(real - fake).mean()


LOSSES = {
    "nonsaturating": Loss(nonsaturating_discriminator, nonsaturating_generator),
    "relativistic": Loss(relativistic_discriminator, relativistic_generator),
}


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """The mean over real pictures [N, 3, H, W] of |gradient of D|^2, a scalar (Mescheder 2018, arXiv 1801.04406, equation 9).

    Times gamma / 2 it is their penalty R1. Applied lazily, at every k-th step, it is multiplied by k (StyleGAN2,
    arXiv 1912.04958, section 3.1), which the training loop does. Valid only where D judges each picture by itself.
    """
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()
