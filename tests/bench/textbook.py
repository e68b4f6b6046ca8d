"""The textbook's loop over the project's networks, to compare with: see bench_gan_speed.py."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from stages.common.device import Runtime
from stages.gan import adversarial, diffaugment
from stages.gan.build import build
from stages.gan.losses import LOSSES
from stages.gan.networks import SelfSupervisedDiscriminator
from stages.gan.regularization import gradient_penalty
from stages.train.params import TrainParams
from stages.train.state import BETA2

Network = TypeVar("Network", bound=nn.Module)


class Decoded(Dataset):
    """The pictures of a folder, decoded whenever one is asked for: float32 [3, R, R] in [-1, 1]."""

    def __init__(self, folder: Path):
        self.paths = sorted(folder.iterdir())

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> Tensor:
        with Image.open(self.paths[number]) as picture:
            values = np.array(picture.convert("RGB"), np.float32)
        return torch.from_numpy(values / 127.5 - 1).permute(2, 0, 1).contiguous()


class Plain:
    """A textbook's loop over the same networks."""

    def __init__(self, params: TrainParams, runtime: Runtime, folder: Path):
        self.params, self.device = params, runtime.device
        networks = build(params.architecture, params.latent, params.width, params.resolution, params.seed)
        self.generator = contiguous(networks[0].to(self.device))
        self.discriminator = contiguous(networks[1].to(self.device))
        self.average = copy.deepcopy(self.generator)
        options = {"lr": params.learning_rate, "betas": (params.beta1, BETA2)}
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), **options)
        self.adam_discriminator = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.batches = endless(DataLoader(Decoded(folder), params.batch, shuffle=True, drop_last=True))
        self.rng = torch.Generator(self.device).manual_seed(params.seed)
        self.step = 0

    def run(self, steps: int) -> None:
        """Train for so many steps more."""
        with undetermined():
            for _ in range(steps):
                real = self.augment(next(self.batches).to(self.device))
                self.step_discriminator(real)
                self.step_generator(real)
                self.update_average()
                self.step += 1

    def step_discriminator(self, real: Tensor) -> None:
        with torch.no_grad():
            fake = self.generate()
        extra = 0.0
        if isinstance(self.discriminator, SelfSupervisedDiscriminator):
            real_logits, extra = self.discriminator.self_supervised(real, self.rng)
        else:
            real_logits = self.discriminator(real)
        fake_logits = self.discriminator(self.augment(fake))
        loss = adversarial.discriminator_loss(self.params.loss, real_logits, fake_logits) + extra
        if self.params.r1_gamma > 0 and self.step % self.params.penalty_every == 0:
            weight = self.params.penalty_every * self.params.r1_gamma / 2
            leaf = real.detach().requires_grad_()
            loss = loss + weight * gradient_penalty(self.discriminator(leaf), leaf)
        self.descend(self.adam_discriminator, loss)

    def step_generator(self, real: Tensor) -> None:
        fake_logits = self.discriminator(self.augment(self.generate()))
        if LOSSES[self.params.loss].relativistic:
            with torch.no_grad():
                real_logits = self.discriminator(real)
        else:
            real_logits = fake_logits.detach()  # which the other losses do not use
        self.descend(self.adam_generator, adversarial.generator_loss(self.params.loss, real_logits, fake_logits))

    @torch.no_grad()
    def update_average(self) -> None:
        for average, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            average.mul_(0.999).add_(value, alpha=0.001)

    def generate(self) -> Tensor:
        return self.generator(torch.randn(self.params.batch, self.params.latent, device=self.device), self.rng)

    def augment(self, images: Tensor) -> Tensor:
        uniform = torch.rand(len(images), diffaugment.DRAWS, device=self.device)
        return diffaugment.diffaugment(images, uniform, self.params.diffaugment)

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def contiguous(network: Network) -> Network:
    """The network with all maps and weights laid out as NCHW, whatever its own code prefers."""

    def lay_out(_: nn.Module, values: tuple) -> tuple:
        return tuple(value.contiguous() if isinstance(value, Tensor) else value for value in values)

    for module in network.modules():
        module.register_forward_pre_hook(lay_out)
    return network.to(memory_format=torch.contiguous_format)


def endless(batches: DataLoader) -> Iterator[Tensor]:
    """Epoch after epoch."""
    while True:
        yield from batches


@contextmanager
def undetermined() -> Iterator[None]:
    """Without deterministic algorithms, which a textbook does not ask for."""
    torch.use_deterministic_algorithms(False)
    yield
    torch.use_deterministic_algorithms(True)
