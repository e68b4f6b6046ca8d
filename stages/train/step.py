"""One training step of both networks. Every random number comes from (seed, step)."""

from pkgutil import resolve_name
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from stages.common.tensors import from_bytes
from stages.gan import adversarial
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.networks import PathLengthGenerator, SelfSupervisedDiscriminator
from stages.gan.noise import random
from stages.gan.regularization import gradient_penalty, lecam
from stages.train.params import TrainParams
from stages.train.state import State

# Streams of random numbers: (seed, epoch, ORDER_STREAM), (seed, step, STEP_STREAM), (seed, step, VALIDATION_STREAM).
ORDER_STREAM, STEP_STREAM, VALIDATION_STREAM = 0, 1, 2
ANCHOR_RATE = 0.01  # how fast LeCam's moving averages follow (the official code's decay 0.99)
PATH_EVERY = 4  # steps between two path length penalties (StyleGAN2's official code)


class Microbatch(NamedTuple):
    """The random numbers of as many pictures as are in memory at once (B of them)."""

    order: Tensor  # which training pictures, int64 [B]
    z: Tensor  # [B, L]
    uniform: Tensor  # [3, B, draws] in [0, 1): augment real pictures, then generated ones for either network
    noise: int  # seed of what the networks draw on the device


class Due(NamedTuple):
    """The lazy terms of a step."""

    penalties: bool  # R1 and R2, those that have a weight
    path_length: bool


class Logits(NamedTuple):
    """What the discriminator says of real and generated pictures, [B] or [B, K] each, without gradients."""

    real: Tensor
    fake: Tensor


def train_step(state: State, pictures: Tensor, params: TrainParams) -> Logits:
    """One step of the discriminator, then one of the generator; the logits of the whole batch.

    `pictures` [N, 3, R, R] are uint8, on the state's device. One batch of fakes serves both networks: a pass through
    the generator less than with noise of its own for each. A batch in microbatches makes them a second time instead,
    from the same random numbers, so that memory holds one microbatch alone.
    """
    microbatches = sample_microbatches(state, len(pictures), params)
    logits = update_networks(state, pictures, microbatches, params)
    finish_step(state, params)
    return logits


def update_networks(state: State, pictures: Tensor, microbatches: list[Microbatch], params: TrainParams) -> Logits:
    """What a step does on the device: both networks, LeCam's anchors; the logits of the whole batch."""
    kept, logits = discriminator_step(state, pictures, microbatches, params)
    generator_step(state, microbatches, kept, logits, params)
    whole = Logits(*(torch.cat(parts) for parts in zip(*logits, strict=True)))
    state.anchors.lerp_(torch.stack([whole.real.mean(), whole.fake.mean()]), ANCHOR_RATE)
    return whole


def finish_step(state: State, params: TrainParams) -> None:
    """Count the step, and let the generator's average follow."""
    state.step += 1
    state.ema.update(state.generator, state.step * params.batch, params.batch)


def sample_microbatches(state: State, count: int, params: TrainParams) -> list[Microbatch]:
    """All random numbers of this step, for a training set of `count` pictures."""
    draws, size = AUGMENTATIONS[params.augmentation].draws, params.microbatch_size
    rng = random(params.seed, state.step, STEP_STREAM)
    z = to_device(rng.standard_normal((params.batch, state.generator.latent), np.float32), state.device)
    uniform = to_device(rng.random((3, params.batch, draws), np.float32), state.device)
    order = to_device(batch_order(params.seed, state.step, params.batch, count), state.device)
    noise = int(rng.integers(2**62))
    pieces = zip(order.split(size), z.split(size), uniform.split(size, dim=1), strict=True)
    return [Microbatch(*piece, noise + number) for number, piece in enumerate(pieces)]


def to_device(values: np.ndarray, device: torch.device) -> Tensor:
    """Random numbers as a tensor; a GPU gets them while it still works at the step before."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def due(state: State, params: TrainParams) -> Due:
    """What this step does beyond the usual."""
    penalties = params.r1_gamma > 0 or params.r2_gamma > 0
    return Due(
        penalties and state.step % params.penalty_every == 0, params.path_length > 0 and state.step % PATH_EVERY == 0
    )


def discriminator_step(
    state: State, pictures: Tensor, microbatches: list[Microbatch], params: TrainParams
) -> tuple[list[Tensor | None], list[Logits]]:
    """Move the discriminator; the fakes of each microbatch, where they are kept for the generator, and its logits."""
    kept, logits = [], []
    state.adam_discriminator.zero_grad()
    for microbatch in microbatches:
        fake = generate(state, microbatch)  # [B, 3, R, R]
        loss, found = discriminator_loss(state, pictures, fake.detach(), microbatch, params)
        (loss / len(microbatches)).backward()
        kept.append(fake if len(microbatches) == 1 else None)
        logits.append(found)
    state.adam_discriminator.step()
    return kept, logits


def generator_step(
    state: State,
    microbatches: list[Microbatch],
    kept: list[Tensor | None],
    logits: list[Logits],
    params: TrainParams,
) -> None:
    """Move the generator, by fakes that were kept or are made again."""
    state.adam_generator.zero_grad()
    state.discriminator.requires_grad_(False)  # what is needed is the gradient of the picture, not of these weights
    for microbatch, fake, (real_logits, _) in zip(microbatches, kept, logits, strict=True):
        if fake is None:
            fake = generate(state, microbatch)
        loss = generator_loss(state, fake, real_logits, microbatch, params)
        (loss / len(microbatches)).backward()
    state.discriminator.requires_grad_(True)
    state.adam_generator.step()


def generate(state: State, microbatch: Microbatch) -> Tensor:
    """The pictures [B, 3, R, R] of a microbatch: the same at every call."""
    with autocast(state):
        return state.generator(microbatch.z, state.rngs.seeded("noise", microbatch.noise))


def discriminator_loss(
    state: State, pictures: Tensor, fake: Tensor, microbatch: Microbatch, params: TrainParams
) -> tuple[Tensor, Logits]:
    """What the discriminator minimizes, a scalar, and its logits."""
    real = augment(state, from_bytes(pictures[microbatch.order]), microbatch.uniform[0], params)
    fake = augment(state, fake, microbatch.uniform[1], params)
    penalized = due(state, params).penalties
    real.requires_grad_(penalized and params.r1_gamma > 0)
    fake.requires_grad_(penalized and params.r2_gamma > 0)
    real_logits, fake_logits, total = discriminate_both(state, real, fake, microbatch)
    loss = adversarial.discriminator_loss(params.loss, real_logits, fake_logits)
    total = total + loss
    if params.lecam > 0:
        total = total + params.lecam * lecam(real_logits, fake_logits, state.anchors)
    total = total + penalties(state, ((real, real_logits), (fake, fake_logits)), params)
    share = len(fake) / params.batch
    state.accumulate(share, loss_d=loss, logit_real=real_logits.mean(), logit_fake=fake_logits.mean())
    return total, Logits(real_logits.detach(), fake_logits.detach())


def discriminate_both(
    state: State, real: Tensor, fake: Tensor, microbatch: Microbatch
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of real and of generated pictures, [B] or [B, K] each, and the loss of self-supervision, a scalar.

    In one batch, but where a penalty wants the gradient of one half, in two: the other half then needs none.
    """
    if isinstance(state.discriminator, SelfSupervisedDiscriminator):
        rng = state.rngs.seeded("self_supervision", microbatch.noise)
        with autocast(state):
            real_logits, loss = state.discriminator.self_supervised(real, rng)
        return real_logits, discriminate(state, fake), loss
    none = torch.zeros((), device=state.device)
    if real.requires_grad or fake.requires_grad:
        return discriminate(state, real), discriminate(state, fake), none
    real_logits, fake_logits = discriminate(state, torch.cat([real, fake])).chunk(2)
    return real_logits, fake_logits, none


def penalties(state: State, seen: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]], params: TrainParams) -> Tensor:
    """R1 and R2, weighted, a scalar, each where its pictures want a gradient.

    `seen` are real and generated pictures, augmented, as the discriminator sees them, and its logits of them.
    """
    total = torch.zeros((), device=state.device)
    for place, (gamma, (pictures, logits)) in enumerate(zip((params.r1_gamma, params.r2_gamma), seen, strict=True)):
        if pictures.requires_grad:
            penalty = gradient_penalty(logits, pictures)
            state.penalties[place] = penalty.detach()
            total = total + gamma / 2 * penalty
    return params.penalty_every * total


def generator_loss(
    state: State, fake: Tensor, real_logits: Tensor, microbatch: Microbatch, params: TrainParams
) -> Tensor:
    """What the generator minimizes, a scalar.

    Departure of the relativistic losses: the real logits are one update old, which saves a pass.
    """
    logits = discriminate(state, augment(state, fake, microbatch.uniform[2], params))
    total = loss = adversarial.generator_loss(params.loss, real_logits, logits)
    if due(state, params).path_length:
        total = total + params.path_length * PATH_EVERY * path_penalty(state, microbatch)
    state.accumulate(len(fake) / params.batch, loss_g=loss)
    return total


def path_penalty(state: State, microbatch: Microbatch) -> Tensor:
    """The path length penalty before its weight, a scalar.

    Of half the pictures, since it costs three passes; the official code shrinks the batch, too.
    """
    assert isinstance(state.generator, PathLengthGenerator)  # TrainParams refuses train.path_length for others
    half = microbatch.z[: max(1, len(microbatch.z) // 2)]
    return state.generator.path_penalty(half, state.rngs.seeded("path_length", microbatch.noise))


def augment(state: State, pictures: Tensor, uniform: Tensor, params: TrainParams) -> Tensor:
    """Pictures [B, 3, R, R] as the discriminator sees them; `uniform` [B, draws] decides how."""
    augmentation = AUGMENTATIONS[params.augmentation]
    setting = getattr(params, augmentation.option) if augmentation.option else None
    if augmentation.adaptive:
        setting = state.ada.p
    return resolve_name(augmentation.apply)(pictures, uniform, setting)


def discriminate(state: State, pictures: Tensor) -> Tensor:
    """Logits [N] or [N, K] of pictures as they are."""
    with autocast(state):
        return state.discriminator(pictures)


def autocast(state: State) -> torch.autocast:
    """bfloat16 where the state says so."""
    return torch.autocast(state.device.type, torch.bfloat16, enabled=state.dtype is torch.bfloat16)


def batch_order(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """Which of `count` pictures the step shows, int64 [batch].

    Every epoch shows each once, in an order from (seed, epoch).
    """
    places = np.arange(step * batch, (step + 1) * batch)
    epochs, inside = np.divmod(places, count)
    orders = {epoch: random(seed, epoch, ORDER_STREAM).permutation(count) for epoch in np.unique(epochs).tolist()}
    return np.array([orders[epoch][place] for epoch, place in zip(epochs.tolist(), inside.tolist(), strict=True)])
