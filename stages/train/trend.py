"""How the score of a training that ends has gone: better still, nowhere, or worse; and what more time would bring."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

QUARTERS = 4  # evaluations of a training at least: the last quarter must have one, and something before it
FALLS = 0.05  # share of the score that the last quarter of a training takes away when it is still getting better
# Of eleven sound trainings of the study the last quarter was at most 1.12 times the best score before, and the best at
# most 0.78 times the first; of two that were spoilt on purpose (tests/bench/bench_guard.py) 1.13 to 1.15, and 0.93.
# While it takes away as much as this, nothing can be wrong: the story's DCGAN, whose discriminator knows the works by
# heart, still gained 0.08, young trainings that are sound 0.11 to 0.23 (RECIPES.md).
FALLS_FAST = 0.1
WORSE = 1.13  # times the best score before, in the mean of the last quarter
# Of all that a training gained, what it lost again for a time: the eleven 0.29 at most, the spoilt ones 0.8 to 1.4.
LOST = 0.5
SOME = 1.1  # times the best score before, up to which a score is noise
NOWHERE = 0.88  # of the first score, above which the best one is no progress
EARLY = 0.2  # of the training, up to which a first score tells what progress is
REMEDY = "lower train.learning_rate, raise train.r1_gamma, or use train.augmentation diffaugment"


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

    @property
    def improving_fast(self) -> bool:
        return self.improving and self.brought > FALLS_FAST

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


def trouble(points: Sequence[tuple[float, float]]) -> tuple[str, str] | None:
    """What is wrong with how a score went, and why; None where nothing is, or the points are too few to tell."""
    if len(points) < QUARTERS or min(score for _, score in points) <= 0:
        return None
    (start, first), end = points[0], points[-1][0]
    best, when = min((score, kimg) for kimg, score in points)
    if start <= EARLY * end and best > NOWHERE * first:
        told = f"the score is {best:.1f} at best and was {first:.1f} after {start:g} kimg"
        return "learns_nothing", f"{told}: raise train.kimg if that was soon; or {REMEDY}"
    if when > 0.75 * end:
        return None
    kept = f"the score was {best:.1f} after {when:g} kimg (the generator of then is kept)"
    late = [score for kimg, score in points if kimg > 0.75 * end]
    now = sum(late) / len(late)
    if now > WORSE * best:
        return "worsening", f"{kept} and is {now:.1f} in the last quarter: show fewer kimg, or {REMEDY}"
    scores = [score for _, score in points]
    highs = [(score, min(scores[:place])) for place, score in enumerate(scores) if place]
    high, before = max(highs, key=lambda found: found[0] - found[1])
    if high - before > LOST * (first - best) and high > SOME * before:
        return "unstable", f"{kept}; it goes up and down, once from {before:.1f} to {high:.1f}: {REMEDY}"
    return None
