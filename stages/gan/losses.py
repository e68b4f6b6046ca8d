"""Losses as functions of logits, apart from any architecture, by name; the gradient penalties R1 and R2; LeCam.

Every discriminator and generator loss takes the logits of as many real as generated pictures, both [N], or [N, K] from K
places of each picture, float32 (`real[i]` and `fake[i]` form a pair), and returns their mean loss, a scalar. A new loss is two functions and one row.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Loss(NamedTuple):
    """What the discriminator and what the generator minimize."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def nonsaturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow 2014 (arXiv 1406.2661), equation 1: -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z))))."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def nonsaturating_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """Goodfellow 2014, section 3, the stronger gradient: -log sigmoid(D(G(z)))."""
    return F.softplus(-fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim and Ye 2017 (arXiv 1705.02894), section 3.3: max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """The same place: -D(G(z))."""
    return -fake.mean()


def average_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """RaGAN (Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.2): each picture against the mean of the other kind."""
    return F.softplus(fake.mean(0) - real).mean() + F.softplus(fake - real.mean(0)).mean()


def average_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The same with the parts exchanged."""
    return average_discriminator(fake, real)


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """RpGAN (Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.1; R3GAN 2024, equation 2): -log sigmoid(D(x) - D(G(z)))."""
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The same with the parts exchanged: generated pictures should look more real than real ones."""
    return F.softplus(real - fake).mean()


LOSSES = {
    "nonsaturating": Loss(nonsaturating_discriminator, nonsaturating_generator),
    "hinge": Loss(hinge_discriminator, hinge_generator),
    "relativistic_average": Loss(average_discriminator, average_generator),
    "relativistic": Loss(relativistic_discriminator, relativistic_generator),
}


def indifferent(name: str) -> float:
    """What the discriminator's loss is while it tells nothing apart (all logits 0); 0 would be certainty."""
    return LOSSES[name].discriminator(torch.zeros(1), torch.zeros(1)).item()


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """The mean over pictures [N, 3, H, W] of |gradient of D|^2, a scalar (Mescheder 2018, arXiv 1801.04406, equation 9).

    Times gamma / 2 it is their penalty R1 at real pictures, R2 at generated ones. Applied lazily, at every k-th step, it is
    multiplied by k (StyleGAN2, arXiv 1912.04958, section 3.1), which the training loop does. Logits of K places are
    averaged to one first.
    """
    pictures = pictures.detach().requires_grad_(True)
    logits = discriminator(pictures).reshape(len(pictures), -1).mean(1)  # [N]
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def lecam(real: Tensor, fake: Tensor, anchors: Tensor) -> Tensor:
    """Tseng 2021 (arXiv 2104.03310), equation 3: real logits stay near the usual fake ones, and the reverse.

    `anchors` [2] are moving averages of the mean logits of real and of generated pictures.
    """
    usual_real, usual_fake = anchors
    return (real - usual_fake).square().mean() + (fake - usual_real).square().mean()
