"""The training loop, from top to bottom. Every random number comes from (seed, step), so a resumed run has the bits of an unbroken one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stages.common.door import UserError
from stages.gan.diffaugment import DRAWS, diffaugment
from stages.gan.losses import LOSSES, r1_penalty
from stages.gan.noise import random
from stages.train.state import TOTALS, State

ORDER, DRAW, HELD_OUT = 0, 1, 2  # streams of random numbers: (seed, epoch, ORDER), (seed, step, DRAW), (seed, step, HELD_OUT)


@dataclass(frozen=True)
class Settings:
    """How to train; params.yaml explains each."""

    loss: str
    batch: int
    steps: int
    r1_gamma: float
    r1_every: int
    diffaugment: tuple[str, ...]
    seed: int
    dtype: torch.dtype
    report_every: int  # steps
    snapshot_every: int  # steps


def train(state: State, pictures: Tensor, validation: Tensor, settings: Settings,
          on_report: Callable[[dict[str, float]], None], on_snapshot: Callable[[], None]) -> None:  # fmt: skip
    """Train `state` up to `settings.steps`, from wherever it is.

    `pictures` [N, 3, R, R] and `validation` [M, 3, R, R] (M may be 0) are uint8, on the state's device.
    `on_report` gets means since the last report; `on_snapshot` is called when it is time to save, and at the end.
    Raises UserError as soon as a report finds a loss that is not a number; such a state is never given to `on_snapshot`.
    """
    device, loss = state.device, LOSSES[settings.loss]
    generator, discriminator = state.generator.train(), state.discriminator.train()

    def judge(images: Tensor) -> Tensor:  # [N, 3, R, R] to [N]
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.dtype is torch.bfloat16):
            return discriminator(images)

    while state.step < settings.steps:
        rng = random(settings.seed, state.step, DRAW)
        z = torch.from_numpy(rng.standard_normal((settings.batch, generator.latent), np.float32)).to(device)
        draws = torch.from_numpy(rng.random((3, settings.batch, DRAWS), np.float32)).to(device)
        order = torch.from_numpy(batch_order(settings.seed, state.step, settings.batch, len(pictures))).to(device)

        # One batch of fakes serves both networks: a pass through the generator less than with noise of its own for each.
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.dtype is torch.bfloat16):
            fake = generator(z)  # [N, 3, R, R]
        real = diffaugment(normalise(pictures[order]), settings.diffaugment, draws[0])
        changed = diffaugment(fake.detach(), settings.diffaugment, draws[1])

        real_logits, fake_logits = judge(torch.cat([real, changed])).chunk(2)  # [N] each
        loss_d = loss.discriminator(real_logits, fake_logits)
        total = loss_d
        if settings.r1_gamma > 0 and state.step % settings.r1_every == 0:
            penalty = r1_penalty(judge, real)  # at the changed pictures, which are what the discriminator judges
            total = total + settings.r1_gamma / 2 * settings.r1_every * penalty
            state.r1 = penalty.detach()
        descend(state.adam_discriminator, total)

        discriminator.requires_grad_(False)  # the generator's step needs the gradient of the picture, not of these weights
        # Departure of the relativistic loss: the logits of the real pictures are one update old, which saves a pass.
        loss_g = loss.generator(real_logits.detach(), judge(diffaugment(fake, settings.diffaugment, draws[2])))
        descend(state.adam_generator, loss_g)
        discriminator.requires_grad_(True)

        state.step += 1
        state.ema.update(generator, state.step * settings.batch, settings.batch)
        state.totals += torch.stack([loss_g, loss_d, real_logits.mean(), fake_logits.mean()]).detach()
        last = state.step == settings.steps
        if last or state.step % settings.report_every == 0:
            on_report(measure(state, settings, validation, judge))
        if last or state.step % settings.snapshot_every == 0:
            check(state)
            on_snapshot()


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of the optimiser down the gradient of `loss`."""
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def measure(state: State, settings: Settings, validation: Tensor, judge: Callable[[Tensor], Tensor]) -> dict[str, float]:
    """What to report now; the only place (with `check`) where the loop waits for the device."""
    check(state)
    steps = settings.report_every if state.step % settings.report_every == 0 else state.step % settings.report_every
    means = dict(zip(TOTALS, (state.totals / steps).tolist(), strict=True))
    state.totals.zero_()
    draws = random(settings.seed, state.step, HELD_OUT).random((len(validation), DRAWS), np.float32)
    with torch.no_grad():  # changed like the real pictures, so that the two logits compare
        held_out = diffaugment(normalise(validation), settings.diffaugment, torch.from_numpy(draws).to(state.device))
        logits = [judge(part) for part in held_out.split(settings.batch)]
    return {
        "step": state.step,
        "kimg": state.step * settings.batch / 1000,
        "loss_g": means["loss_g"],
        "loss_d": means["loss_d"],
        "r1": state.r1.item(),
        "logit_real": means["logit_real"],
        "logit_fake": means["logit_fake"],
        "logit_validation": torch.cat(logits).mean().item(),  # not a number where there are no pictures
    }


def check(state: State) -> None:
    """Raise UserError if a loss since the last report, or the last penalty, was not a number."""
    if not (torch.isfinite(state.totals).all() and torch.isfinite(state.r1)):
        raise UserError(
            f"a loss is not a number any more (before step {state.step}): the training has diverged. "
            "Lower train.learning_rate, raise train.r1_gamma, or set train.precision to float32, then run the same command again."
        )


def batch_order(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """Which of `count` pictures the step shows, int64 [batch]: every epoch shows each once, in an order from (seed, epoch)."""
    places = np.arange(step * batch, (step + 1) * batch)
    epochs, inside = np.divmod(places, count)
    orders = {epoch: random(seed, epoch, ORDER).permutation(count) for epoch in np.unique(epochs).tolist()}
    return np.array([orders[epoch][place] for epoch, place in zip(epochs.tolist(), inside.tolist(), strict=True)])


def normalise(pictures: Tensor) -> Tensor:
    """uint8 0..255 to float32 [-1, 1]."""
    return pictures.float() / 127.5 - 1
