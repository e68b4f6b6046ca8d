"""The training loop: steps, and when to report, to evaluate and to save."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from stages.common.tensors import from_bytes
from stages.gan.ada import INTERVAL
from stages.gan.noise import random
from stages.gan.style import GROUP
from stages.train.state import State
from stages.train.step import DRAWS, HELD_OUT, Settings, change, judge, learn


class Diverged(Exception):
    """A number of the training is not a number any more; `step` says before which step it was found."""

    def __init__(self, step: int):
        super().__init__(f"a loss is not a number any more (before step {step})")
        self.step = step


class Watcher(Protocol):
    """Who watches a training. Each method is called after a step, in this order, when it is due."""

    def report(self, row: dict[str, float]) -> None:
        """Means since the last report."""

    def evaluate(self) -> None:
        """Time to look at what the generator makes."""

    def snapshot(self) -> None:
        """Time to save."""

    def enough(self) -> bool:
        """Asked after every step: whether to end before all steps are done."""


def train(state: State, pictures: Tensor, validation: Tensor, settings: Settings, watcher: Watcher) -> None:
    """Train `state` up to `settings.steps`, from wherever it is, or until the watcher has had enough.

    `pictures` [N, 3, R, R] and `validation` [M, 3, R, R] (M may be 0) are uint8, on the state's device. At the end
    everything is due once more. Raises Diverged as soon as a report, or what comes before an evaluation or a snapshot,
    finds a loss that is not a number; such a state never reaches the watcher.
    """
    state.generator.train()
    state.discriminator.train()
    while state.step < settings.steps:
        logits = learn(state, pictures, settings)
        if settings.augmentation == "ada":
            adapt(state, *logits, validation, settings)
        last = state.step == settings.steps or watcher.enough()
        due = {name: last or state.step % every == 0 for name, every in settings.schedule().items()}
        if any(due.values()):
            check(state)
        if due["report"]:
            watcher.report(measure(state, settings, validation))
        if due["evaluate"]:
            watcher.evaluate()
        if due["snapshot"]:
            watcher.snapshot()
        if last:
            return


def adapt(state: State, real: Tensor, fake: Tensor, validation: Tensor, settings: Settings) -> None:
    """Let ADA see the logits of this step, and move its p when it is time to."""
    state.ada.observe(
        real - fake if settings.loss.startswith("relativistic") else real
    )  # those losses give only differences a meaning
    if state.step % INTERVAL == 0:
        means = None
        if state.ada.signal == "validation":
            means = (real.mean(), validation_logits(state, validation[: settings.batch], settings).mean(), fake.mean())
        state.ada.update(INTERVAL * settings.batch, means)


def measure(state: State, settings: Settings, validation: Tensor) -> dict[str, float]:
    """What to report now; the only place (with `check`) where the loop waits for the device."""
    steps = state.step - state.reported
    means = {name: total.item() / steps for name, total in state.totals.items()}
    for total in state.totals.values():
        total.zero_()
    state.reported = state.step
    r1, r2 = state.penalties.tolist()
    held_out = validation_logits(state, validation, settings).mean().item() if len(validation) else float("nan")
    row = {
        "step": state.step,
        "kimg": state.step * settings.batch / 1000,
        **means,
        "r1": r1,
        "r2": r2,
        "ada_p": state.ada.p.item(),
    }
    return row | {"logit_validation": held_out}


@torch.no_grad()
def validation_logits(state: State, pictures: Tensor, settings: Settings) -> Tensor:
    """Logits [M] or [M, K] of held-out pictures, uint8 [M, 3, R, R], changed like the real ones, so that the two compare."""
    draws = torch.from_numpy(random(settings.seed, state.step, HELD_OUT).random((len(pictures), DRAWS), np.float32))
    changed = change(state, from_bytes(pictures), draws.to(state.device), settings)
    whole = torch.cat(
        [changed, changed[:1].expand(-len(changed) % GROUP, -1, -1, -1)]
    )  # some discriminators judge whole groups only
    return torch.cat([judge(state, part, settings) for part in whole.split(settings.microbatch)])[: len(pictures)]


def check(state: State) -> None:
    """Raise Diverged if a loss since the last report, or the last penalty, was not a number."""
    if not torch.isfinite(torch.stack([*state.totals.values(), *state.penalties])).all():
        raise Diverged(state.step)
