"""One training step of both networks. Every random number comes from (seed, step)."""

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from stages.common.tensors import from_bytes
from stages.gan import adversarial
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.networks import Discriminator, PathLengthGenerator, SelfSupervisedDiscriminator
from stages.gan.noise import random
from stages.gan.regularization import gradient_penalty, lecam
from stages.train.params import TrainParams
from stages.train.parts import Networks
from stages.train.state import State

# Streams of random numbers: (seed, epoch, ORDER_STREAM), (seed, step, STEP_STREAM), (seed, step, VALIDATION_STREAM).
ORDER_STREAM, STEP_STREAM, VALIDATION_STREAM = 0, 1, 2
ANCHOR_RATE = 0.01  # how fast LeCam's moving averages follow (the official code's decay 0.99)
PATH_EVERY = 4  # steps between two path length penalties (StyleGAN2's official code)


class Microbatch(NamedTuple):
    """The random numbers of as many pictures as are in memory, or computed by a thread, at once (B of them)."""

    order: Tensor  # which training pictures, int64 [B]
    z: Tensor  # [B, L]
    uniform: Tensor  # [3, B, draws] in [0, 1): augment real pictures, then generated ones for either network
    noise: int  # seed of what the generator draws on the device


class Logits(NamedTuple):
    """What the discriminator says of real and generated pictures, [B] or [B, K] each, without gradients."""

    real: Tensor
    fake: Tensor


class Found(NamedTuple):
    """What a microbatch gave."""

    gradients: Sequence[Tensor | None]  # of the network that is moved, parameter by parameter
    values: dict[str, Tensor]  # what the next row of the log takes the means of
    logits: Logits
    penalties: list[Tensor | None]  # R1 and R2, where they were due
    fake: Tensor | None  # the generated pictures with their graph, where memory allows to keep them


def train_step(state: State, pictures: Tensor, params: TrainParams) -> Logits:
    """One step of the discriminator, then one of the generator; the logits of the whole batch.

    `pictures` [N, 3, R, R] are uint8, on the state's device. One batch of fakes serves both networks: a pass through
    the generator less than with noise of its own for each. A batch in microbatches makes them a second time instead,
    from the same random numbers, so that memory holds one microbatch alone. On a CPU the threads share the batch.
    """
    microbatches = sample_microbatches(state, len(pictures), params)
    state.parts.spread()
    found = discriminator_step(state, pictures, microbatches, params)
    generator_step(state, microbatches, found, params)
    state.parts.gather()
    state.step += 1
    state.ema.update(state.generator, state.step * params.batch, params.batch)
    whole = Logits(*(torch.cat(parts) for parts in zip(*(item.logits for item in found), strict=True)))
    state.anchors.lerp_(torch.stack([whole.real.mean(), whole.fake.mean()]), ANCHOR_RATE)
    return whole


def sample_microbatches(state: State, count: int, params: TrainParams) -> list[Microbatch]:
    """All random numbers of this step, for a training set of `count` pictures."""
    draws = AUGMENTATIONS[params.augmentation].draws
    size = min(params.microbatch_size, params.batch // state.parts.number)
    rng = random(params.seed, state.step, STEP_STREAM)
    z = torch.from_numpy(rng.standard_normal((params.batch, state.generator.latent), np.float32)).to(state.device)
    uniform = torch.from_numpy(rng.random((3, params.batch, draws), np.float32)).to(state.device)
    order = torch.from_numpy(batch_order(params.seed, state.step, params.batch, count)).to(state.device)
    noise = int(rng.integers(2**62))
    pieces = zip(order.split(size), z.split(size), uniform.split(size, dim=1), strict=True)
    return [Microbatch(*piece, noise + number) for number, piece in enumerate(pieces)]


def discriminator_step(
    state: State, pictures: Tensor, microbatches: list[Microbatch], params: TrainParams
) -> list[Found]:
    """Move the discriminator; what each microbatch gave."""
    keep = len(microbatches) == state.parts.number

    def one(networks: Networks, microbatch: Microbatch) -> Found:
        fake = generate(state, networks, microbatch)  # [B, 3, R, R]
        loss, found = discriminator_loss(state, networks, pictures, fake.detach(), microbatch, params)
        gradients = gradients_of(loss / len(microbatches), networks.discriminator)
        return found._replace(gradients=gradients, fake=fake if keep else None)

    state.adam_discriminator.zero_grad()
    found = []
    for item in state.parts.map(one, microbatches):
        add_gradients(state.discriminator, item.gradients)
        state.accumulate(1 / len(microbatches), **item.values)
        found.append(item._replace(gradients=()))
    for place, measured in enumerate(zip(*(item.penalties for item in found), strict=True)):
        if measured[0] is not None:
            state.penalties[place] = torch.stack(measured).mean()
    state.adam_discriminator.step()
    return found


def generator_step(state: State, microbatches: list[Microbatch], found: list[Found], params: TrainParams) -> None:
    """Move the generator, by fakes that were kept or are made again; `found` is what the discriminator's step gave."""

    def one(networks: Networks, given: tuple[Microbatch, Found]) -> tuple[Sequence[Tensor | None], Tensor]:
        microbatch, seen = given
        fake = generate(state, networks, microbatch) if seen.fake is None else seen.fake
        total, loss = generator_loss(state, networks, fake, seen.logits.real, microbatch, params)
        return gradients_of(total / len(microbatches), networks.generator), loss

    state.adam_generator.zero_grad()
    state.discriminator.requires_grad_(False)  # what is needed is the gradient of the picture, not of these weights
    for gradients, loss in state.parts.map(one, list(zip(microbatches, found, strict=True))):
        add_gradients(state.generator, gradients)
        state.accumulate(1 / len(microbatches), loss_g=loss)
    state.discriminator.requires_grad_(True)
    state.adam_generator.step()


def gradients_of(loss: Tensor, network: nn.Module) -> list[Tensor | None]:
    """Of a scalar, parameter by parameter, in their own layout, which Adam counts on; None where there is none."""
    parameters = list(network.parameters())
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return [
        gradient
        if gradient is None or gradient.stride() == parameter.stride()
        else torch.empty_like(parameter).copy_(gradient)
        for parameter, gradient in zip(parameters, found, strict=True)
    ]


def add_gradients(network: nn.Module, gradients: Sequence[Tensor | None]) -> None:
    """As `backward` adds them, but in the order of the calls, whichever thread was first."""
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        if gradient is not None:
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


def generate(state: State, networks: Networks, microbatch: Microbatch) -> Tensor:
    """The pictures [B, 3, R, R] of a microbatch: the same at every call."""
    noise = torch.Generator(state.device).manual_seed(microbatch.noise)
    with autocast(state):
        return networks.generator(microbatch.z, noise)


def discriminator_loss(
    state: State, networks: Networks, pictures: Tensor, fake: Tensor, microbatch: Microbatch, params: TrainParams
) -> tuple[Tensor, Found]:
    """What the discriminator minimizes, a scalar, and what was found on the way."""
    real = augment(state, from_bytes(pictures[microbatch.order]), microbatch.uniform[0], params)
    fake = augment(state, fake, microbatch.uniform[1], params)
    due = state.step % params.penalty_every == 0
    real.requires_grad_(due and params.r1_gamma > 0)
    fake.requires_grad_(due and params.r2_gamma > 0)
    real_logits, fake_logits, total = discriminate_both(state, networks, real, fake, microbatch)
    loss = adversarial.discriminator_loss(params.loss, real_logits, fake_logits)
    total = total + loss
    if params.lecam > 0:
        total = total + params.lecam * lecam(real_logits, fake_logits, state.anchors)
    penalty, measured = penalties(((real, real_logits), (fake, fake_logits)), params, state.device)
    values = {"loss_d": loss, "logit_real": real_logits.mean(), "logit_fake": fake_logits.mean()}
    logits = Logits(real_logits.detach(), fake_logits.detach())
    return total + penalty, Found((), {name: value.detach() for name, value in values.items()}, logits, measured, None)


def discriminate_both(
    state: State, networks: Networks, real: Tensor, fake: Tensor, microbatch: Microbatch
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits of real and of generated pictures, [B] or [B, K] each, and the loss of self-supervision, a scalar.

    In one batch, but where a penalty wants the gradient of one half, in two: the other half then needs none.
    """
    discriminator = networks.discriminator
    if isinstance(discriminator, SelfSupervisedDiscriminator):
        rng = torch.Generator(state.device).manual_seed(microbatch.noise)
        with autocast(state):
            real_logits, loss = discriminator.self_supervised(real, rng)
        return real_logits, discriminate(state, fake, discriminator), loss
    none = torch.zeros((), device=state.device)
    if real.requires_grad or fake.requires_grad:
        return discriminate(state, real, discriminator), discriminate(state, fake, discriminator), none
    real_logits, fake_logits = discriminate(state, torch.cat([real, fake]), discriminator).chunk(2)
    return real_logits, fake_logits, none


def penalties(
    seen: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]], params: TrainParams, device: torch.device
) -> tuple[Tensor, list[Tensor | None]]:
    """R1 and R2, weighted, a scalar, each where its pictures want a gradient; and each as it was measured.

    `seen` are real and generated pictures, augmented, as the discriminator sees them, and its logits of them.
    """
    total, measured = torch.zeros((), device=device), []
    for gamma, (pictures, logits) in zip((params.r1_gamma, params.r2_gamma), seen, strict=True):
        penalty = gradient_penalty(logits, pictures) if pictures.requires_grad else None
        measured.append(None if penalty is None else penalty.detach())
        if penalty is not None:
            total = total + gamma / 2 * penalty
    return params.penalty_every * total, measured


def generator_loss(
    state: State, networks: Networks, fake: Tensor, real_logits: Tensor, microbatch: Microbatch, params: TrainParams
) -> tuple[Tensor, Tensor]:
    """What the generator minimizes, a scalar, and what of it is adversarial.

    Departure of the relativistic losses: the real logits are one update old, which saves a pass.
    """
    logits = discriminate(state, augment(state, fake, microbatch.uniform[2], params), networks.discriminator)
    total = loss = adversarial.generator_loss(params.loss, real_logits, logits)
    if params.path_length > 0 and state.step % PATH_EVERY == 0:
        total = total + params.path_length * PATH_EVERY * path_penalty(state, networks, microbatch)
    return total, loss.detach()


def path_penalty(state: State, networks: Networks, microbatch: Microbatch) -> Tensor:
    """The path length penalty before its weight, a scalar.

    Of half the pictures, since it costs three passes; the official code shrinks the batch, too.
    """
    assert isinstance(networks.generator, PathLengthGenerator)  # TrainParams refuses train.path_length for others
    half = microbatch.z[: max(1, len(microbatch.z) // 2)]
    return networks.generator.path_penalty(half, torch.Generator(state.device).manual_seed(microbatch.noise + 1))


def augment(state: State, pictures: Tensor, uniform: Tensor, params: TrainParams) -> Tensor:
    """Pictures [B, 3, R, R] as the discriminator sees them; `uniform` [B, draws] decides how."""
    augmentation = AUGMENTATIONS[params.augmentation]
    setting = getattr(params, augmentation.option) if augmentation.option else None
    if augmentation.adaptive:
        setting = state.ada.p
    return resolve_name(augmentation.apply)(pictures, uniform, setting)


def discriminate(state: State, pictures: Tensor, discriminator: Discriminator) -> Tensor:
    """Logits [N] or [N, K] of pictures as they are."""
    with autocast(state):
        return discriminator(pictures)


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
