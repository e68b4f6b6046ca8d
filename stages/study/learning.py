"""A learning curve with its intervals: which family forecasts best, what it says of more works, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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


@dataclass(frozen=True)
class Learning:
    """The curve of the family that forecasts best, and those that resampled replicates give, each of its own best.

    Without replicates nothing is known of the chance: the ends of all intervals are NaN then.
    """

    curve: Curves  # one
    draws: tuple[Curves, ...]  # DRAWS in all
    sizes: tuple[int, ...]
    scatter: float  # standard deviation of a replicate around the mean of its size

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
        noise = np.random.default_rng(int(works)).normal(0, self.scatter / replicates**0.5, DRAWS)
        return self._value(lambda curves: curves.at(works), noise)

    def _value(self, of: Callable[[Curves], np.ndarray], noise: np.ndarray | float = 0.0) -> Value:
        value = float(of(self.curve)[0])
        if not self.scatter:
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
    which family it is. Replicates get random weights, the same at all sizes (Bayesian bootstrap, Rubin 1981), their
    deviations widened by ((n + 1) / (n - 1))^(1/2), so that a mean of n scatters as it does in truth.
    """
    sizes = sorted(groups)
    if len(sizes) < LEAST:
        raise ValueError(f"a learning curve needs {LEAST} sizes or more")
    means = np.array([np.mean(list(groups[size].values())) for size in sizes])
    counts = np.array([len(groups[size]) for size in sizes])
    deviation = scatter(groups).deviation
    drawn = np.stack([_resampled(groups, size, deviation, seed) for size in sizes], axis=1)  # [DRAWS, M]
    curve, draws = _best(sizes, means[None], counts), _best(sizes, drawn, counts)
    return Learning(curve[0], tuple(draws), tuple(sizes), deviation)


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

    The families that are the best of a row, each with its rows' curves.
    """
    errors = np.stack([_forecast_error(family, sizes, rows, counts) for family in FAMILIES])  # [families, B]
    best = errors.argmin(0)
    found = [(fit(family, sizes, rows, counts), best == number) for number, family in enumerate(FAMILIES)]
    return [curves.pick(wanted) for curves, wanted in found if wanted.any()]


def _forecast_error(family: Family, sizes: Sequence[int], rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean distance [B] of all sizes from what the sizes before them say; 0 where there are no more than LEAST."""
    errors = []
    for known in range(LEAST, len(sizes)):
        curves = fit(family, sizes[:known], rows[:, :known], counts[:known])
        errors += [np.abs(curves.at(sizes[later]) - rows[:, later]) for later in range(known, len(sizes))]
    return np.mean(errors, axis=0) if errors else np.zeros(len(rows))


def _resampled(groups: Groups, size: int, deviation: float, seed: int) -> np.ndarray:
    """DRAWS means of a size's replicates under random weights, which depend on the replicates' numbers alone.

    A single replicate scatters as those of the other sizes do.
    """
    values = np.array(list(groups[size].values()))
    if (n := len(values)) < 2:
        return values + np.random.default_rng((seed, *groups[size], size)).normal(0, deviation, DRAWS)
    raw = [np.random.default_rng((seed, replicate)).exponential(size=DRAWS) for replicate in groups[size]]
    weights = np.stack(raw) / np.sum(raw, axis=0)
    middle = values.mean()
    return middle + ((n + 1) / (n - 1)) ** 0.5 * ((values - middle) @ weights)


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
