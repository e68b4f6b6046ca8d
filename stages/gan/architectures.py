"""The architectures by name. A new one is one new file with a generator and a discriminator, one row here, one choice in params.yaml.

A generator takes `latent, width, resolution`, keeps `latent`, and maps z [N, latent] to pictures [N, 3, R, R] in [-1, 1];
a discriminator takes `width, resolution` and maps pictures to logits [N], high for real.
"""

import torch
from torch import nn

from stages.common.door import UserError, nearest
from stages.gan import dcgan

ARCHITECTURES: dict[str, tuple[type[nn.Module], type[nn.Module]]] = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
}


def build(name: str, latent: int, width: int, resolution: int, seed: int) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator on the CPU; the first weights depend on `seed` alone, on whatever device they end.

    Raises UserError for an unknown name.
    """
    if name not in ARCHITECTURES:
        raise UserError(f"train.architecture is {name!r}, but must be one of {', '.join(ARCHITECTURES)}{nearest(name, ARCHITECTURES)}")
    make_generator, make_discriminator = ARCHITECTURES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_generator(latent, width, resolution), make_discriminator(width, resolution)


def count_parameters(network: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(parameter.numel() for parameter in network.parameters())
