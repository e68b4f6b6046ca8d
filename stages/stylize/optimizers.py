"""Two ways to follow the gradient, a step at a time: L-BFGS, which needs the fewest steps, and Adam, which needs the least memory."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from stages.stylize.objective import Losses, Weights

HISTORY = 20  # steps that L-BFGS remembers; each costs two copies of the picture
RATE = 0.04  # of Adam, on the scale of [-1, 1]: the picture's values change by about that much a step
DECAY = 0.9  # of the average over Adam's pictures


class Lbfgs:
    """As Gatys used it; without a line search, so a step is one evaluation."""

    pace = 1  # steps for one of the schedule's

    def __init__(self, start: Tensor) -> None:
        """`start` [1, 3, H, W] in [-1, 1]."""
        self.canvas = start.clone(memory_format=torch.contiguous_format).requires_grad_()
        self._optimizer = torch.optim.LBFGS([self.canvas], max_iter=1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0)

    def step(self, losses: Losses, weights: Weights, gradient: Tensor) -> None:
        """Change the canvas, given what was found there."""
        self.canvas.grad = gradient.contiguous()
        total = losses.content + weights.style * losses.style + weights.variation * losses.variation
        self._optimizer.step(lambda: total)

    def result(self) -> Tensor:
        """The picture, within [-1, 1]."""
        return self.canvas.detach().clamp(-1, 1)

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {"canvas": self.canvas.detach(), "optimizer": self._optimizer.state_dict()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.canvas.data.copy_(state["canvas"])
        self._optimizer.load_state_dict(state["optimizer"])


class Adam:
    """With an average over the last pictures, which takes away the noise of the steps (Polyak and Juditsky 1992; as Crowson's style-transfer-pytorch)."""

    pace = 3  # a guess so far: Adam needs several steps for one of L-BFGS

    def __init__(self, start: Tensor) -> None:
        """`start` [1, 3, H, W] in [-1, 1]."""
        self.canvas = start.clone(memory_format=torch.contiguous_format).requires_grad_()
        self._optimizer = torch.optim.Adam([self.canvas], lr=RATE, betas=(0.9, 0.99))
        self._average, self._weight = torch.zeros_like(start), 0.0

    def step(self, losses: Losses, weights: Weights, gradient: Tensor) -> None:
        """Change the canvas, given what was found there."""
        self.canvas.grad = gradient.contiguous()
        self._optimizer.step()
        self.canvas.data.clamp_(-1, 1)
        self._average.lerp_(self.canvas.detach(), 1 - DECAY)
        self._weight += (1 - DECAY) * (1 - self._weight)

    def result(self) -> Tensor:
        """The averaged picture, within [-1, 1]."""
        return self._average / self._weight if self._weight else self.canvas.detach()

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {"canvas": self.canvas.detach(), "optimizer": self._optimizer.state_dict(), "average": self._average, "weight": self._weight}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.canvas.data.copy_(state["canvas"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._average.copy_(state["average"])
        self._weight = state["weight"]


OPTIMIZERS = {"lbfgs": Lbfgs, "adam": Adam}
