"""The architectures by name. A new one is one new file with a generator and a discriminator, one row here, one choice in params.yaml.

`Generator(latent, width, resolution)` keeps `latent`, and as a function `(z, rng=None, truncation=1.0)` maps z [N, latent],
standard normal, to pictures [N, 3, R, R], about in [-1, 1] and float32 also under autocast.
  rng         a torch.Generator on z's device, given in training only: noise and mixed styles are drawn from it, and the
              network's mean of w follows. Without it the result depends on z alone; noise then comes from the state.
  truncation  1 leaves z as it is, 0 gives the mean: the style generators draw w toward its mean, the others z toward 0.
  path_penalty(z, rng)   optional: a scalar that regularizes the generator, before its weight.

`Discriminator(width, resolution)` maps pictures [N, 3, R, R] to logits [N], or [N, K] for K judgments a picture; float32, high for real.
Pictures are judged one by one, or in groups of 4 consecutive ones: then 4 must divide N, or ValueError says so.
  self_supervised(pictures, rng)   optional: the same logits, and a scalar loss for real pictures, before its weight.

`width` is the number of feature maps next to the picture. Every network trains bit for bit the same with deterministic
algorithms, never waits for the device, and lets the discriminator's gradient be differentiated (for R1).
"""

import torch
from torch import nn

from stages.common.cli import UserError, nearest
from stages.gan import dcgan, fastgan, stylegan, stylegan2

ARCHITECTURES: dict[str, tuple[type[nn.Module], type[nn.Module]]] = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
    "stylegan": (stylegan.Generator, stylegan.Discriminator),
    "stylegan2": (stylegan2.Generator, stylegan2.Discriminator),
    "fastgan": (fastgan.Generator, fastgan.Discriminator),
}


def build(name: str, latent: int, width: int, resolution: int, seed: int) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator on the CPU; the first weights depend on `seed` alone, on whatever device they end.

    Raises UserError for an unknown name.
    """
    if name not in ARCHITECTURES:
        raise UserError(
            f"train.architecture is {name!r}, but must be one of {', '.join(ARCHITECTURES)}{nearest(name, ARCHITECTURES)}"
        )
    make_generator, make_discriminator = ARCHITECTURES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_generator(latent, width, resolution), make_discriminator(width, resolution)


def count_parameters(network: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(parameter.numel() for parameter in network.parameters())
