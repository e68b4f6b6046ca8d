"""A learning curve: a distance against the number of works, as a power law with an offset, and what it says of more works.

    y(N) = offset + scale * N^-power        offset, scale >= 0; power in 0.05 .. 3

the usual form of learning curves (Hestness 2017, eq. 1, with the irreducible error as the offset). For a given power the best
offset and scale are a line's, in closed form, so that every power of a fine grid is tried: no starting point, no local minimum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

POWERS = np.geomspace(0.05, 3, 1000)  # 0.4 % apart
DRAWS = 1000
LEVEL = 95  # per cent


@dataclass(frozen=True)
class Curve:
    offset: float
    scale: float
    power: float

    def __call__(self, works: np.ndarray | float) -> np.ndarray | float:
        return self.offset + self.scale * np.asarray(works, float) ** -self.power


@dataclass(frozen=True)
class Value:
    """A number with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Learning:
    """A fitted curve and the ones that resampled seeds give."""

    curve: Curve
    draws: tuple[Curve, ...]
    sizes: tuple[int, ...]

    def at(self, works: float) -> Value:
        """The expected value at a number of works."""
        return self._value(lambda curve: curve(works))

    def offset(self) -> Value:
        """Where the curve ends with ever more works."""
        return self._value(lambda curve: curve.offset)

    def gain(self, times: float) -> Value:
        """By how much `times` the largest size lowers the value."""
        return self._value(lambda curve: curve(self.sizes[-1]) - curve(times * self.sizes[-1]))

    def _value(self, of) -> Value:
        low, high = np.percentile([of(curve) for curve in self.draws], [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        return Value(float(of(self.curve)), float(low), float(high))


def fit(works: Sequence[float], values: np.ndarray) -> list[Curve]:
    """The least-squares curve of each row of `values` [B, M] at `works` [M]."""
    sizes, values = np.asarray(works, float), np.atleast_2d(np.asarray(values, float))
    unit = np.exp(np.log(sizes).mean())  # N in units of its geometric mean: powers that can be told apart
    x = (sizes[None] / unit) ** -POWERS[:, None]  # [P, M]
    xm, ym = x.mean(1), values.mean(1)
    variance = (x**2).mean(1) - xm**2
    slope = np.maximum((values @ x.T / x.shape[1] - ym[:, None] * xm) / variance, 0)  # [B, P]
    offset = ym[:, None] - slope * xm
    through_zero = values @ x.T / (x**2).sum(1)
    slope, offset = np.where(offset < 0, np.maximum(through_zero, 0), slope), np.maximum(offset, 0)
    # the sum of squares of y - offset - slope x, written out so that no [B, P, M] is needed
    m = x.shape[1]
    error = (values**2).sum(1)[:, None] + m * offset**2 + slope**2 * (x**2).sum(1) - 2 * offset * m * ym[:, None]
    error += -2 * slope * (values @ x.T) + 2 * offset * slope * m * xm
    best = error.argmin(1)
    rows = np.arange(len(values))
    return [Curve(float(a), float(b * unit**p), float(p)) for a, b, p in zip(offset[rows, best], slope[rows, best], POWERS[best], strict=True)]


def learn(groups: Mapping[int, Sequence[float]], seed: int = 0) -> Learning:
    """The curve through the values of each size, {works: [a value a seed]}, with three sizes or more.

    Its interval: seeds are drawn again within each size, their deviations from the mean widened by (n / (n - 1))^(1/2), since n drawn
    values scatter less than n new ones (Davison and Hinkley 1997, 2.3). It holds the chance of the trainings, not that of the form of the curve.
    """
    sizes = sorted(groups)
    if len(sizes) < 3:
        raise ValueError("a learning curve needs three sizes or more")
    rng = np.random.default_rng(seed)
    columns, drawn = [], []
    for size in sizes:
        values = np.asarray(groups[size], float)
        n = len(values)
        wide = values.mean() + (values - values.mean()) * np.sqrt(n / max(1, n - 1))
        columns += [size] * n
        drawn.append(wide[rng.integers(0, n, (DRAWS, n))])
    (curve,) = fit(columns, np.concatenate([groups[size] for size in sizes]))
    return Learning(curve, tuple(fit(columns, np.concatenate(drawn, axis=1))), tuple(sizes))
