"""The training loop: steps, and when to log, to evaluate and to save."""

import math
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from stages.common.tensors import from_bytes
from stages.gan.ada_controller import INTERVAL
from stages.gan.architectures import ARCHITECTURES
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.losses import LOSSES
from stages.gan.noise import random
from stages.train.graphs import GraphedStep, can_capture
from stages.train.params import TrainParams
from stages.train.schedule import Schedule
from stages.train.state import State
from stages.train.step import VALIDATION_STREAM, Logits, augment, discriminate, train_step

# Held-out pictures are filled up to whole groups of the architecture, and for every one to a multiple of this: the last
# bits of a logit depend on how many pictures there are in its batch.
VALIDATION_MULTIPLE = 4


class Diverged(Exception):
    """A loss or penalty of the training is NaN or infinite; `step` says before which step that was found."""

    def __init__(self, step: int):
        super().__init__(f"a loss is NaN or infinite (before step {step})")
        self.step = step


class Callbacks(Protocol):
    """What happens besides the training. Each method is called after a step, in this order, when it is due."""

    def should_stop(self) -> bool:
        """Asked after every step but the last: whether to end before all steps are done."""
        ...

    def log(self, row: dict[str, float]) -> None:
        """Take the means since the last row."""

    def evaluate(self) -> None:
        """Evaluate what the generator makes."""

    def save(self) -> None:
        """Save the state."""


def train(
    state: State, pictures: Tensor, validation: Tensor, params: TrainParams, schedule: Schedule, callbacks: Callbacks
) -> None:
    """Train `state` up to `schedule.steps`, from wherever it is, or until the callbacks say stop.

    `pictures` [N, 3, R, R] and `validation` [M, 3, R, R] (M may be 0) are uint8, on the state's device. At the end
    everything is due once more. Raises Diverged as soon as a row, or what comes before an evaluation or a save, finds a
    loss that is NaN or infinite; such a state never reaches the callbacks.
    """
    state.generator.train()
    state.discriminator.train()
    step = partial(train_step, state, pictures, params)
    if can_capture(state.device, params):
        step = GraphedStep(state, pictures, params)
    while state.step < schedule.steps:
        logits = step()
        if AUGMENTATIONS[params.augmentation].adaptive:
            adapt(state, logits, validation, params)
        last = state.step == schedule.steps or callbacks.should_stop()
        due = schedule.due(state.step)
        if last or any(due.values()):
            check_finite(state)
        if last or due["log"]:
            callbacks.log(collect_row(state, validation, params))
        if last or due["evaluate"]:
            callbacks.evaluate()
        if last or due["save"]:
            callbacks.save()
        if last:
            return


def adapt(state: State, logits: Logits, validation: Tensor, params: TrainParams) -> None:
    """Let ADA observe the logits of this step, and move its p when that is due."""
    real, fake = logits
    state.ada.observe(real - fake if LOSSES[params.loss].relativistic else real)
    if state.step % INTERVAL == 0:
        means = None
        if state.ada.signal == "validation":
            held_out = validation_logits(state, validation[: params.batch], params)
            means = (real.mean(), held_out.mean(), fake.mean())
        state.ada.update(INTERVAL * params.batch, means)


def collect_row(state: State, validation: Tensor, params: TrainParams) -> dict[str, float]:
    """What to log now; the only place (with `check_finite`) where the loop waits for the device."""
    steps = state.step - state.logged_step
    means = {name: total.item() / steps for name, total in state.totals.items()}
    for total in state.totals.values():
        total.zero_()
    state.logged_step = state.step
    r1, r2 = state.penalties.tolist()
    held_out = validation_logits(state, validation, params).mean().item() if len(validation) else float("nan")
    return {
        "step": state.step,
        "kimg": state.step * params.batch / 1000,
        **means,
        "r1": r1,
        "r2": r2,
        "ada_p": state.ada.p.item(),
        "logit_validation": held_out,
    }


@torch.no_grad()
def validation_logits(state: State, pictures: Tensor, params: TrainParams) -> Tensor:
    """Logits [M] or [M, K] of held-out pictures, uint8 [M, 3, R, R], augmented as the real ones are."""
    rng = random(params.seed, state.step, VALIDATION_STREAM)
    uniform = rng.random((len(pictures), AUGMENTATIONS[params.augmentation].draws), np.float32)
    augmented = augment(state, from_bytes(pictures), torch.from_numpy(uniform).to(state.device), params)
    multiple = math.lcm(VALIDATION_MULTIPLE, ARCHITECTURES[params.architecture].group_size)
    missing = -len(augmented) % multiple
    whole = torch.cat([augmented, augmented[:1].expand(missing, -1, -1, -1)])
    logits = [discriminate(state, part) for part in whole.split(params.microbatch_size)]
    return torch.cat(logits)[: len(pictures)]


def check_finite(state: State) -> None:
    """Raise Diverged if a loss since the last row, or the last penalty, is NaN or infinite."""
    if not torch.isfinite(torch.stack([*state.totals.values(), *state.penalties])).all():
        raise Diverged(state.step)
