"""What the ways to compute a dense block (direct.py, winograd.py) have in common (Wang 2018, arXiv 1809.00219, fig. 4).

Each of four convolutions adds GROWTH channels, rectified, to those that it and the ones before it saw; of the fifth's
result SCALE is added to the signal.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

GROWTH, SLOPE, SCALE = 32, 0.2, 0.2
DENSE, EACH = 3, 5  # dense blocks of a residual block, and convolutions of each


class Convolution(NamedTuple):
    """Of 3 x 3 pixels: weight [out, in, 3, 3] and bias [out], or what a way to compute it makes of them."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, module: nn.Conv2d) -> "Convolution":
        """The same as a module has; raises AssertionError where that has no bias."""
        assert module.bias is not None
        return cls(module.weight.data, module.bias.data)


class Dense(Protocol):
    """Dense blocks over signals of one size, with the memory that they share."""

    def __init__(self, channels: int, height: int, width: int, dtype: torch.dtype) -> None: ...

    @staticmethod
    def prepared(block: Sequence[Convolution]) -> list[Convolution]:
        """A dense block's five convolutions as `add` takes them."""
        ...

    def laid(self, signal: Tensor) -> Tensor:
        """[1, C, H, W] as `add` takes it; a copy."""
        ...

    def signal(self, laid: Tensor) -> Tensor:
        """The reverse of `laid`."""
        ...

    def add(self, laid: Tensor, convolutions: Sequence[Convolution]) -> None:
        """Add the residual of a dense block's five convolutions in place."""
        ...
