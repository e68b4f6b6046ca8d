"""Whether a training that ends was still getting better, and what more time would bring."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

QUARTERS = 4  # evaluations of a training at least: the last quarter must have one, and something before it
FALLS = 0.05  # share of the score that the last quarter of a training takes away when it is still getting better


class Trend(NamedTuple):
    """How a score, lower is better, went in the last quarter of a training."""

    begin: float  # of the last quarter, kimg
    end: float  # of the training, kimg
    before: float  # the best score up to there
    now: float  # the best of all
    doubled: float  # what twice the kimg would bring, if the score goes on as it did

    @property
    def brought(self) -> float:
        """The share of the score that the last quarter took away."""
        return 1 - self.now / self.before

    @property
    def improving(self) -> bool:
        return self.brought > FALLS and self.doubled < (1 - FALLS) * self.now

    def cause(self) -> str:
        """In words, with the remedy."""
        return (
            f"the last quarter (from {self.begin:g} to {self.end:g} kimg) brought the score from {self.before:.1f} to "
            f"{self.now:.1f}, {self.brought:.0%} less, and twice the time would bring about {self.doubled:.1f}: "
            "raise train.kimg (or train.max_minutes)"
        )


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """Of (kimg, score) of each evaluation in order; None where they are too few to tell, or a score is 0 or less.

    The forecast is a power of the kimg, fitted by least squares of the logarithms to the second half of the training.
    FLD falls below 0 where the generator is as good as can be measured.
    """
    if not points or min(score for _, score in points) <= 0:
        return None
    end = points[-1][0]
    before = [score for kimg, score in points if kimg <= 0.75 * end]
    late = [(kimg, score) for kimg, score in points if kimg >= 0.5 * end]
    if not before or len(late) < 2:
        return None
    kimg, scores = np.log(late).T
    slope = np.polyfit(kimg, scores, 1)[0]
    now = min(score for _, score in points)
    return Trend(0.75 * end, end, min(before), now, float(now * 2 ** min(slope, 0.0)))
