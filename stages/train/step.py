"""One step of both networks: what is drawn, shown, judged and learned. Every random number comes from (seed, step)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from stages.common.tensors import from_bytes
from stages.gan import ada, diffaugment
from stages.gan.losses import LOSSES, gradient_penalty, lecam
from stages.gan.noise import random
from stages.train.state import State

ORDER, DRAW, HELD_OUT = (
    0,
    1,
    2,
)  # streams of random numbers: (seed, epoch, ORDER), (seed, step, DRAW), (seed, step, HELD_OUT)
DRAWS = max(ada.DRAWS, diffaugment.DRAWS)  # random numbers that change one picture
ANCHOR = 0.01  # how fast LeCam's moving averages follow (the official code's decay 0.99)


@dataclass(frozen=True)
class Settings:
    """How to train; params.yaml explains each."""

    loss: str
    batch: int
    microbatch: int  # pictures that are in memory at once; divides `batch`
    steps: int
    r1_gamma: float
    r2_gamma: float
    penalty_every: int  # steps
    lecam: float
    path_length: float
    path_every: int  # steps
    augmentation: str
    diffaugment: tuple[str, ...]
    seed: int
    dtype: torch.dtype
    report_every: int  # steps
    evaluate_every: int  # steps
    snapshot_every: int  # steps

    def schedule(self) -> dict[str, int]:
        """Every how many steps what is due."""
        return {"report": self.report_every, "evaluate": self.evaluate_every, "snapshot": self.snapshot_every}


class Part(NamedTuple):
    """The draws for as many pictures as are in memory at once (B of them)."""

    order: Tensor  # which training pictures, int64 [B]
    z: Tensor  # [B, L]
    uniform: Tensor  # [3, B, DRAWS] in [0, 1): changes real pictures, then generated ones for either network
    noise: int  # seed of what the generator draws on the device


def learn(state: State, pictures: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """One step of the discriminator, then one of the generator; returns the logits of real and generated pictures, [N] or [N, K].

    One batch of fakes serves both networks: a pass through the generator less than with noise of its own for each. A
    batch in several parts makes them a second time instead, from the same draws, so that memory holds one part alone.
    """
    parts = draw(state, len(pictures), settings)
    kept, logits = [], []
    state.adam_discriminator.zero_grad()
    for part in parts:
        fake = generate(state, part, settings)  # [B, 3, R, R]
        loss, judged = discriminator_loss(state, pictures, fake.detach(), part, settings)
        (loss / len(parts)).backward()
        kept.append(fake if len(parts) == 1 else None)
        logits.append(judged)
    state.adam_discriminator.step()

    state.adam_generator.zero_grad()
    state.discriminator.requires_grad_(
        False
    )  # the generator's step needs the gradient of the picture, not of these weights
    for part, fake, (real_logits, _) in zip(parts, kept, logits, strict=True):
        loss = generator_loss(
            state, generate(state, part, settings) if fake is None else fake, real_logits, part, settings
        )
        (loss / len(parts)).backward()
    state.discriminator.requires_grad_(True)
    state.adam_generator.step()

    state.step += 1
    state.ema.update(state.generator, state.step * settings.batch, settings.batch)
    real_logits, fake_logits = (torch.cat(part) for part in zip(*logits, strict=True))
    state.anchors.lerp_(torch.stack([real_logits.mean(), fake_logits.mean()]), ANCHOR)
    return real_logits, fake_logits


def draw(state: State, count: int, settings: Settings) -> list[Part]:
    """All random numbers of this step, for a training set of `count` pictures."""
    rng = random(settings.seed, state.step, DRAW)
    z = torch.from_numpy(rng.standard_normal((settings.batch, state.generator.latent), np.float32)).to(state.device)
    uniform = torch.from_numpy(rng.random((3, settings.batch, DRAWS), np.float32)).to(state.device)
    order = torch.from_numpy(batch_order(settings.seed, state.step, settings.batch, count)).to(state.device)
    noise = int(rng.integers(2**62))
    size = settings.microbatch
    pieces = zip(order.split(size), z.split(size), uniform.split(size, dim=1), strict=True)
    return [Part(*piece, noise + number) for number, piece in enumerate(pieces)]


def generate(state: State, part: Part, settings: Settings) -> Tensor:
    """The pictures [B, 3, R, R] of a part: the same at every call."""
    noise = torch.Generator(state.device).manual_seed(part.noise)
    with autocast(state, settings):
        return state.generator(part.z, noise)


def discriminator_loss(
    state: State, pictures: Tensor, fake: Tensor, part: Part, settings: Settings
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What the discriminator minimizes, and its logits of real and generated pictures, without a gradient."""
    real = change(state, from_bytes(pictures[part.order]), part.uniform[0], settings)
    fake = change(state, fake, part.uniform[1], settings)
    if hasattr(state.discriminator, "self_supervised"):
        with autocast(state, settings):
            real_logits, total = state.discriminator.self_supervised(
                real, torch.Generator(state.device).manual_seed(part.noise)
            )
        fake_logits = judge(state, fake, settings)
    else:
        total = torch.zeros((), device=state.device)
        real_logits, fake_logits = judge(state, torch.cat([real, fake]), settings).chunk(2)  # [B] or [B, K] each
    loss = LOSSES[settings.loss].discriminator(real_logits, fake_logits)
    total = total + loss
    if settings.lecam > 0:
        total = total + settings.lecam * lecam(real_logits, fake_logits, state.anchors)
    if state.step % settings.penalty_every == 0:
        total = total + settings.penalty_every * penalties(state, real, fake, settings)
    note(state, len(fake) / settings.batch, loss_d=loss, logit_real=real_logits.mean(), logit_fake=fake_logits.mean())
    return total, (real_logits.detach(), fake_logits.detach())


def penalties(state: State, real: Tensor, fake: Tensor, settings: Settings) -> Tensor:
    """R1 and R2, weighted, at the changed pictures, which are what the discriminator judges."""
    total = torch.zeros((), device=state.device)
    for place, (gamma, pictures) in enumerate(((settings.r1_gamma, real), (settings.r2_gamma, fake))):
        if gamma > 0:
            penalty = gradient_penalty(lambda images: judge(state, images, settings), pictures)
            state.penalties[place] = penalty.detach()
            total = total + gamma / 2 * penalty
    return total


def generator_loss(state: State, fake: Tensor, real_logits: Tensor, part: Part, settings: Settings) -> Tensor:
    """What the generator minimizes. Departure of the relativistic losses: the real logits are one update old, which saves a pass."""
    logits = judge(state, change(state, fake, part.uniform[2], settings), settings)
    total = loss = LOSSES[settings.loss].generator(real_logits, logits)
    if settings.path_length > 0 and state.step % settings.path_every == 0:
        half = part.z[
            : max(1, len(part.z) // 2)
        ]  # the official code shrinks the batch too: the penalty costs three passes
        penalty = state.generator.path_penalty(half, torch.Generator(state.device).manual_seed(part.noise + 1))
        total = total + settings.path_length * settings.path_every * penalty
    note(state, len(fake) / settings.batch, loss_g=loss)
    return total


def change(state: State, pictures: Tensor, uniform: Tensor, settings: Settings) -> Tensor:
    """Pictures [B, 3, R, R] as the discriminator sees them; `uniform` [B, DRAWS] decides how."""
    match settings.augmentation:
        case "diffaugment":
            return diffaugment.diffaugment(pictures, settings.diffaugment, uniform)
        case "ada":
            return ada.ada(pictures, state.ada.p, uniform)
    return pictures


def judge(state: State, pictures: Tensor, settings: Settings) -> Tensor:
    """Logits [N] or [N, K] of pictures as they are."""
    with autocast(state, settings):
        return state.discriminator(pictures)


def autocast(state: State, settings: Settings) -> torch.autocast:
    """bfloat16 where the settings say so."""
    return torch.autocast(state.device.type, torch.bfloat16, enabled=settings.dtype is torch.bfloat16)


def note(state: State, share: float, **values: Tensor) -> None:
    """Add a part's share to the sums of the next report; nothing waits for the device."""
    for name, value in values.items():
        state.totals[name] += share * value.detach()


def batch_order(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """Which of `count` pictures the step shows, int64 [batch]: every epoch shows each once, in an order from (seed, epoch)."""
    places = np.arange(step * batch, (step + 1) * batch)
    epochs, inside = np.divmod(places, count)
    orders = {epoch: random(seed, epoch, ORDER).permutation(count) for epoch in np.unique(epochs).tolist()}
    return np.array([orders[epoch][place] for epoch, place in zip(epochs.tolist(), inside.tolist(), strict=True)])
