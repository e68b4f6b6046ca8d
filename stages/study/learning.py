"""A learning curve with its intervals: which family forecasts best, what it says of more works, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import fdtri

from stages.study.fit import FAMILIES, Curves, Family, fit

DRAWS = 400
LEVEL = 95  # percent
LEAST = 3  # sizes that a curve takes

# The values of each size, {works: {replicate: value}}. A replicate is one choice of the works where the study has
# several, else one seed: what it has at different sizes belongs together, as its smaller sets lie in its larger ones.
Groups = Mapping[int, Mapping[int, float]]


@dataclass(frozen=True)
class Value:
    """A number with its interval."""

    value: float
    low: float
    high: float

    def text(self, decimals: int) -> str:
        """`0.153 (0.150 to 0.156)`; without the interval where there is none."""
        interval = "" if np.isnan(self.low) else f" ({self.low:.{decimals}f} to {self.high:.{decimals}f})"
        return f"{self.value:.{decimals}f}{interval}"


class Scatter(NamedTuple):
    """The standard deviation of replicates, and its degrees of freedom."""

    deviation: float
    free: int

    def drawn(self, *seed: int) -> np.ndarray:
        """DRAWS standard deviations that it may be in truth, s (free / chi2(free))^(1/2): so few values tell it badly.

        A normal number times one of them is one of Student's t.
        """
        if not self.free:
            return np.zeros(DRAWS)
        return self.deviation * (self.free / np.random.default_rng(seed).chisquare(self.free, DRAWS)) ** 0.5


@dataclass(frozen=True)
class Learning:
    """The curve of the family that forecasts best, and those that resampled replicates give, each of its own best.

    Without replicates nothing is known of the chance: the ends of all intervals are NaN then.
    """

    curve: Curves  # one
    draws: tuple[Curves, ...]  # DRAWS in all
    sizes: tuple[int, ...]
    scatter: Scatter  # of a replicate around the mean of its size

    def at(self, works: float) -> Value:
        """The mean of all replicates to be expected at a number of works."""
        return self._value(lambda curves: curves.at(works))

    def end(self) -> Value:
        """Where the curve ends with ever more works."""
        return self._value(Curves.end)

    def gain(self, times: float) -> Value:
        """By how much `times` the largest size lowers the value."""
        return self._value(lambda curves: curves.at(self.sizes[-1]) - curves.at(times * self.sizes[-1]))

    def predict(self, works: float, replicates: int) -> Value:
        """The mean of so many new replicates: wider than `at`, by their own scatter."""
        noise = np.random.default_rng(DRAWS).normal(size=DRAWS) * self.scatter.drawn(DRAWS, 1) / replicates**0.5
        return self._value(lambda curves: curves.at(works), noise)

    def _value(self, of: Callable[[Curves], np.ndarray], noise: np.ndarray | float = 0.0) -> Value:
        value = float(of(self.curve)[0])
        if not self.scatter.deviation:
            return Value(value, float("nan"), float("nan"))
        drawn = np.concatenate([of(curves) for curves in self.draws]) + noise
        low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        return Value(value, float(low), float(high))


@dataclass(frozen=True)
class Forecast:
    """What a curve through smaller sizes said of a size, and what came: the mean of its replicates."""

    works: int
    expected: Value
    came: float

    @property
    def held(self) -> bool:
        """Whether it came within the interval."""
        return self.expected.low <= self.came <= self.expected.high


def learn(groups: Groups, seed: int = 0) -> Learning:
    """The curve through the means of LEAST sizes or more; raises ValueError for fewer.

    Its interval holds the chance of the trainings, the choice of the works where replicates are choices of works, and
    which family it is. DRAWS times the mean of each size is moved by what it may be off, and a curve fitted (parametric
    bootstrap, Efron 1993, 6.5): by a_r + e_rs for replicate r at size s, a_r the same at all sizes, of normal
    distributions whose variances are estimated (`shared_share`). To resample the values themselves says too little:
    means of three values then lie in a plane, and never beyond what was seen.
    """
    sizes = sorted(groups)
    if len(sizes) < LEAST:
        raise ValueError(f"a learning curve needs {LEAST} sizes or more")
    means = np.array([np.mean(list(groups[size].values())) for size in sizes])
    counts = np.array([len(groups[size]) for size in sizes])
    drawn = means + _noise(groups, seed)  # [DRAWS, M]
    curve, draws = _best(sizes, means[None], counts), _best(sizes, drawn, counts)
    return Learning(curve[0], tuple(draws), tuple(sizes), scatter(groups))


def check(groups: Groups) -> tuple[list[int], list[Forecast]]:
    """The smaller sizes, and what a curve through them said of the others: the largest third of all, rounded up.

    LEAST sizes at least are left for the curve; both are empty where there are no more.
    """
    sizes = sorted(groups)
    if len(sizes) <= LEAST:
        return [], []
    known = sizes[: max(LEAST, len(sizes) * 2 // 3)]
    learning = learn({size: groups[size] for size in known})
    return known, [
        Forecast(size, learning.predict(size, len(groups[size])), float(np.mean(list(groups[size].values()))))
        for size in sizes[len(known) :]
    ]


def _best(sizes: Sequence[int], rows: np.ndarray, counts: np.ndarray) -> list[Curves]:
    """For each row of means [B, M] the curve of the family that forecasts its larger sizes best from its smaller ones.

    The families that are the best of a row, each with its rows' curves. No more than LEAST sizes tell none: the rows
    take them in turn then.
    """
    if len(sizes) > LEAST:
        best = np.stack([_forecast_error(family, sizes, rows, counts) for family in FAMILIES]).argmin(0)  # [B]
    else:
        best = np.arange(len(rows)) % len(FAMILIES)
    found = [(fit(family, sizes, rows, counts), best == number) for number, family in enumerate(FAMILIES)]
    return [curves.pick(wanted) for curves, wanted in found if wanted.any()]


def _forecast_error(family: Family, sizes: Sequence[int], rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean distance [B] of all sizes from what the sizes before them say, LEAST at least."""
    errors = []
    for known in range(LEAST, len(sizes)):
        curves = fit(family, sizes[:known], rows[:, :known], counts[:known])
        errors += [np.abs(curves.at(sizes[later]) - rows[:, later]) for later in range(known, len(sizes))]
    return np.mean(errors, axis=0)


def _noise(groups: Groups, seed: int) -> np.ndarray:
    """By how much the means of the sizes may be off, [DRAWS, M]; it depends on the replicates' numbers and the sizes.

    Of n replicates a variance of (shared + own) / n.
    """
    spread, share = scatter(groups), shared_share(groups)
    columns = []
    for size, some in sorted(groups.items()):
        shared = np.mean([np.random.default_rng((seed, replicate)).normal(size=DRAWS) for replicate in some], axis=0)
        own = np.random.default_rng((seed, size, 1)).normal(size=DRAWS) / len(some) ** 0.5
        columns.append(share**0.5 * shared + (1 - share) ** 0.5 * own)
    return spread.drawn(seed, 0, 2)[:, None] * np.stack(columns, axis=1)


def shared_share(groups: Groups) -> float:
    """What part of a replicate's variance surely is the same at all sizes, as of a choice of works good at every one.

    The estimate r is the covariance of two sizes, pooled over all pairs, by the variance. Where every replicate has
    every size it is that of the two-way analysis of variance, whose F = MS_replicates / MS_rest is
    (1 + (M - 1) r) / (1 - r). Of so few replicates it is hardly known, and too much of it would make the curve's slope
    too sure: so its lower 95 % bound is taken, (F / c - 1) / (F / c - 1 + M), c the quantile of F (Searle 1992).
    """
    spread, count = scatter(groups), len(groups)
    among = len({replicate for some in groups.values() for replicate in some}) - 1
    products, free = 0.0, 0
    for one, other in combinations(groups.values(), 2):
        both = np.array([(one[replicate], other[replicate]) for replicate in sorted(one.keys() & other.keys())])
        if len(both) > 1:
            products += float((both - both.mean(0)).prod(1).sum())
            free += len(both) - 1
    if not free or not spread.deviation or among >= spread.free:
        return 0.0
    estimate = min(max(products / free / spread.deviation**2, 0.0), 1.0)
    inverse = fdtri(among, spread.free - among, LEVEL / 100) * (1 - estimate) / (1 + (count - 1) * estimate)  # c / F
    return max((1 - inverse) / (1 + (count - 1) * inverse), 0.0)


def smallest_difference(low: float, high: float) -> float:
    """From when on two measurements surely differ whose intervals are as wide as this one.

    Of a half-width h each, 2^(1/2) h; less where both are measured with the same test works.
    """
    return 2**0.5 * (high - low) / 2


def scatter(groups: Groups) -> Scatter:
    """Of a replicate around the mean of its size, one for all sizes; 0 where no size has several."""
    deviations = [np.array(list(some.values())) - np.mean(list(some.values())) for some in groups.values()]
    free = sum(len(some) - 1 for some in deviations)
    return Scatter(float((sum((some**2).sum() for some in deviations) / free) ** 0.5) if free else 0.0, free)
