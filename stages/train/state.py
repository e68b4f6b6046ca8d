"""Everything that changes while training, as one thing that can be saved and put back."""

from typing import NamedTuple

import torch
from torch import Tensor

from stages.gan.architectures import build
from stages.gan.checkpoint import pack, unpack
from stages.gan.ema import Ema

BETA2 = 0.99  # of Adam; StyleGAN's, which follows a changing discriminator faster than the usual 0.999
TOTALS = ("loss_g", "loss_d", "logit_real", "logit_fake")  # summed between two reports


class Shape(NamedTuple):
    """Which networks: the arguments of `architectures.build`."""

    architecture: str
    latent: int
    width: int
    resolution: int
    seed: int


class State:
    """Both networks, the generator's average, both optimisers, and what the next report will say."""

    def __init__(self, shape: Shape, learning_rate: float, beta1: float, ema_kimg: float, device: torch.device):
        generator, discriminator = build(*shape)
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.ema = Ema(self.generator, ema_kimg)
        options = {"lr": learning_rate, "betas": (beta1, BETA2), "fused": True}
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), **options)
        self.adam_discriminator = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.totals = torch.zeros(len(TOTALS), device=device)
        self.r1 = torch.zeros((), device=device)  # the penalty when it was last measured, before its weight
        self.device = device
        self.step = 0

    def tensors(self) -> dict[str, Tensor]:
        """The whole state under flat names."""
        return pack(self._parts()) | {"totals": self.totals, "r1": self.r1, "step": torch.tensor(self.step)}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` gave, in a state of the same shape."""
        unpack(self._parts(), tensors)
        self.totals.copy_(tensors["totals"])
        self.r1.copy_(tensors["r1"])
        self.step = int(tensors["step"])

    def _parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "ema": self.ema.network,
            "adam_generator": self.adam_generator,
            "adam_discriminator": self.adam_discriminator,
        }
