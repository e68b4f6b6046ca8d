"""An evaluation of what the generator makes, beside the validation works: how near, how varied, how contrasty.

Its score is FLD, which copies of the training works do not lower: the best generator is chosen by it. All is measured
in the features of EfficientNet, where FLD has every generator of known quality in the right order
(stages/evaluate/JUDGES.md), and which take a sixth of the time that Inception's do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from stages.common.images import to_array
from stages.metrics import efficientnet
from stages.metrics.comparison import Comparison
from stages.metrics.features import features
from stages.metrics.kid import kid
from stages.metrics.likelihood import fld

BATCH = 16  # pictures that the network has in memory at once


class Evaluation(NamedTuple):
    """What was found. `spread` and `contrast` are shares of what real pictures have: 1 is like them, 0 is none."""

    kimg: float
    fld: float  # to the validation works, less what these have among themselves: around 0 for a perfect generator
    kid: float  # to the validation works, unbiased; with so few pictures within some 0.01
    spread: float  # mean distance of two pictures in the features
    contrast: float  # mean standard deviation of the values within a picture


class Evaluator:
    """The pictures of the validation and training works, measured once."""

    def __init__(self, real: Sequence[Image.Image], trained: Sequence[Image.Image], device: torch.device):
        """`real`: 2 validation works or more; `trained`: the training works."""
        self._network = efficientnet.load(device)
        self._device = device
        self._real, self._trained = self._features(real), self._features(trained)
        self._distance, self._contrast = _mean_distance(self._real), _mean_contrast(real)

    def evaluate(self, pictures: Sequence[Image.Image], kimg: float) -> Evaluation:
        """Compare 2 generated pictures or more with the validation works."""
        generated = self._features(pictures)
        compared = Comparison.of(generated, self._real, self._real, self._trained)
        spread = _share(_mean_distance(generated), self._distance)
        contrast = _share(_mean_contrast(pictures), self._contrast)
        return Evaluation(kimg, fld(compared), kid(compared), spread, contrast)

    def _features(self, pictures: Sequence[Image.Image]) -> Tensor:
        return features(self._network, pictures, BATCH, self._device)  # float64 [N, 1280]


def _share(generated: float, real: float) -> float:
    """Of what real pictures have; 1 where these have nothing (pages of flat gray), so that nothing can be missed."""
    return generated / real if real else 1.0


def _mean_distance(vectors: Tensor) -> float:
    return torch.pdist(vectors).mean().item()


def _mean_contrast(pictures: Sequence[Image.Image]) -> float:
    return float(to_array(pictures).std(axis=(1, 2, 3)).mean())
