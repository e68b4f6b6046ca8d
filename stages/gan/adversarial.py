"""The adversarial losses, functions of logits; losses.py is their table.

Each takes the logits of as many real as generated pictures, both [N], or [N, K] from K places of each picture, float32
(`real[i]` and `fake[i]` form a pair), and returns their mean loss, a scalar.
"""

from pkgutil import resolve_name

import torch
import torch.nn.functional as F
from torch import Tensor

from stages.gan.losses import LOSSES


def discriminator_loss(name: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimizes, by the name of the loss."""
    return resolve_name(LOSSES[name].discriminator)(real, fake)


def generator_loss(name: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimizes, by the name of the loss."""
    return resolve_name(LOSSES[name].generator)(real, fake)


def undecided_loss(name: str) -> float:
    """The discriminator's loss while it tells nothing apart (all logits 0); 0 would be certainty."""
    return discriminator_loss(name, torch.zeros(1), torch.zeros(1)).item()


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
    """RaGAN (Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.2): each picture against the others' mean."""
    return F.softplus(fake.mean(0) - real).mean() + F.softplus(fake - real.mean(0)).mean()


def average_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The same with real and generated exchanged."""
    return average_discriminator(fake, real)


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """RpGAN (Jolicoeur-Martineau 2018, section 4.1; R3GAN 2024, equation 2): -log sigmoid(D(x) - D(G(z)))."""
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The same with real and generated exchanged: generated pictures should look more real than real ones."""
    return F.softplus(real - fake).mean()
