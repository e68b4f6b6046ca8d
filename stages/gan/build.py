"""Networks from their architecture's name."""

from pkgutil import resolve_name

import torch
from torch import nn

from stages.common.cli import UserError, nearest
from stages.gan.architectures import ARCHITECTURES
from stages.gan.networks import Discriminator, Generator


def build(name: str, latent: int, width: int, resolution: int, seed: int) -> tuple[Generator, Discriminator]:
    """Generator and discriminator on the CPU; the first weights depend on `seed` alone, on whatever device they end.

    Raises UserError for an unknown name.
    """
    if name not in ARCHITECTURES:
        choices = ", ".join(ARCHITECTURES)
        hint = nearest(name, ARCHITECTURES)
        raise UserError(f"train.architecture is {name!r}, but must be one of {choices}{hint}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_generator(name, latent, width, resolution), build_discriminator(name, width, resolution)


def build_generator(name: str, latent: int, width: int, resolution: int) -> Generator:
    """A generator on the CPU, its weights from torch's global random numbers.

    Raises KeyError for an unknown name, and ValueError for a resolution that the architecture does not have.
    """
    return resolve_name(ARCHITECTURES[name].generator)(latent, width, resolution)


def build_discriminator(name: str, width: int, resolution: int) -> Discriminator:
    """Likewise a discriminator."""
    return resolve_name(ARCHITECTURES[name].discriminator)(width, resolution)


def count_parameters(network: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(parameter.numel() for parameter in network.parameters())
