"""Two optimizers, a step at a time: L-BFGS, which needs the fewest steps, and Adam, which needs the least memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stages.common import optimizers

# Steps that L-BFGS remembers, at least and at most. Each costs two copies of the picture, and more than the least may
# take MEMORY bytes.
HISTORY = (20, 100)
MEMORY = 2**28
WHITENING = 0.5  # between 0, pixels, and 1, about the spectrum of a picture
# Adam's rate, on the scale of [-1, 1], and the decay of the average over its pictures: at 512 pixels, from the result
# at 362, five steps bring the weighted losses from 0.82 to 0.52 (rate 0.015: 0.56; 0.04 and decay 0.9: 1.04), five of
# L-BFGS to 0.54, and ten to 0.48 and 0.47.
RATE, DECAY = 0.01, 0.8


class Lbfgs:
    """As Gatys used it, but on whitened pictures; without a line search, so a step is one evaluation.

    A picture's spectrum falls with frequency, and so must its changes: seen as pixels, coarse changes need many steps.
    So the optimizer has another picture, whose spectrum is flatter, and the canvas is that one filtered (Olah,
    Mordvintsev and Schubert 2017, "Feature Visualization", section on preconditioning). It takes a quarter off the
    steps to the same losses (MEASURED.md).
    """

    def __init__(self, start: Tensor) -> None:
        """`start` [1, 3, H, W] in [-1, 1]."""
        self._filter = spectrum(start.shape[2:]).to(start)
        self._white = filtered(start, 1 / self._filter).contiguous().requires_grad_()
        history = min(max(HISTORY[0], MEMORY // (2 * self._white.nbytes)), HISTORY[1])
        self._optimizer = optimizers.LBFGS(
            [self._white], max_iter=1, history_size=history, tolerance_grad=0, tolerance_change=0
        )

    @property
    def canvas(self) -> Tensor:
        """What the next step's losses and gradient are asked for, [1, 3, H, W]."""
        return filtered(self._white.detach(), self._filter)

    def step(self, loss: Tensor, gradient: Tensor) -> None:
        """Change the canvas, given its loss (a scalar) and the loss's gradient [1, 3, H, W]."""
        self._white.grad = filtered(gradient, self._filter).contiguous()  # the filter is its own adjoint
        self._optimizer.step(lambda: loss)

    def result(self) -> Tensor:
        """The picture, within [-1, 1]."""
        return self.canvas.clamp(-1, 1)

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {"white": self._white.detach(), "optimizer": self._optimizer.state_dict()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._white.data.copy_(state["white"])
        self._optimizer.load_state_dict(state["optimizer"])


def spectrum(size: Sequence[int]) -> Tensor:
    """The filter for a picture of (height, width), [H, W // 2 + 1]: 1 / frequency^WHITENING, 1 on average."""
    down, across = torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1])[None]
    strength = (down.square() + across.square()).sqrt().clamp_min(1 / max(size)) ** -WHITENING
    return strength / strength.mean()


def filtered(picture: Tensor, strength: Tensor) -> Tensor:
    """A picture [1, 3, H, W] with each frequency multiplied."""
    return torch.fft.irfft2(torch.fft.rfft2(picture) * strength, s=picture.shape[2:])


class Adam:
    """With an average over the last pictures, which takes away the noise of the steps.

    Polyak and Juditsky 1992; as in Crowson's style-transfer-pytorch.
    """

    def __init__(self, start: Tensor) -> None:
        """`start` [1, 3, H, W] in [-1, 1]."""
        self.canvas = start.clone(memory_format=torch.contiguous_format).requires_grad_()
        self._optimizer = optimizers.Adam([self.canvas], lr=RATE, betas=(0.9, 0.99))
        self._average, self._weight = torch.zeros_like(start), 0.0

    def step(self, _loss: Tensor, gradient: Tensor) -> None:
        """Change the canvas, given the gradient of its loss."""
        self.canvas.grad = gradient.contiguous()
        self._optimizer.step()
        self.canvas.grad = None  # as large as the picture, and not needed beside the next one
        self.canvas.data.clamp_(-1, 1)
        self._average.lerp_(self.canvas.detach(), 1 - DECAY)
        self._weight += (1 - DECAY) * (1 - self._weight)

    def result(self) -> Tensor:
        """The averaged picture, within [-1, 1]."""
        return self._average / self._weight if self._weight else self.canvas.detach()

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {
            "canvas": self.canvas.detach(),
            "optimizer": self._optimizer.state_dict(),
            "average": self._average,
            "weight": self._weight,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.canvas.data.copy_(state["canvas"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._average.copy_(state["average"])
        self._weight = state["weight"]


OPTIMIZERS = {"lbfgs": Lbfgs, "adam": Adam}  # stylize.optimizer, without auto
