"""Everything that changes while training, as one thing that can be saved and put back."""

from typing import NamedTuple

import torch
from torch import Tensor

from stages.gan.ada import Controller
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
    """Both networks, the generator's average, both optimizers, ADA's controller, and what the next report will say."""

    def __init__(
        self, shape: Shape, learning_rate: float, beta1: float, ema_kimg: float, ada: Controller, device: torch.device
    ):
        generator, discriminator = build(*shape)
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.ema = Ema(self.generator, ema_kimg)
        options = {"lr": learning_rate, "betas": (beta1, BETA2), "fused": True}
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), **options)
        self.adam_discriminator = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.ada = ada
        self.anchors = torch.zeros(2, device=device)  # LeCam's moving averages of the mean logits, real and fake
        self.totals = {name: torch.zeros((), device=device) for name in TOTALS}
        self.penalties = torch.zeros(2, device=device)  # R1 and R2 when they were last measured, before their weight
        self.device = device
        self.step = 0
        self.reported = 0  # the step of the last report

    def tensors(self) -> dict[str, Tensor]:
        """The whole state under flat names."""
        counters = {"step": torch.tensor(self.step), "reported": torch.tensor(self.reported)}
        return pack(self._parts()) | {f"plain.{name}": value for name, value in self._plain().items()} | counters

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` gave, in a state of the same shape."""
        unpack(self._parts(), tensors)
        for name, value in self._plain().items():
            value.copy_(tensors[f"plain.{name}"])
        self.step, self.reported = int(tensors["step"]), int(tensors["reported"])

    def _parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "ema": self.ema.network,
            "adam_generator": self.adam_generator,
            "adam_discriminator": self.adam_discriminator,
        }

    def _plain(self) -> dict[str, Tensor]:
        own = {"anchors": self.anchors, "penalties": self.penalties}
        return self.totals | own | {f"ada.{name}": value for name, value in self.ada.tensors().items()}
