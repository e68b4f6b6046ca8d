"""A learning curve: a distance against the number of works, a power law with an offset, and what it says of more works.

    y(N) = offset + scale * N^-power        offset, scale >= 0; power in 0.05 .. 3

the usual form of learning curves (Hestness 2017, eq. 1, with the irreducible error as the offset). For a given power
the best offset and scale are a line's, in closed form, so that every power of a fine grid is tried: no starting point,
no local minimum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

POWERS = np.geomspace(0.05, 3, 1000)  # 0.4 % apart
DRAWS = 1000
LEVEL = 95  # percent


@dataclass(frozen=True)
class Curve:
    """offset + scale * N^-power, of N works."""

    offset: float
    scale: float
    power: float

    def __call__(self, works: ArrayLike) -> np.ndarray:
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

    def _value(self, of: Callable[[Curve], float | np.ndarray]) -> Value:
        low, high = np.percentile([float(of(curve)) for curve in self.draws], [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
        return Value(float(of(self.curve)), float(low), float(high))


def fit(works: ArrayLike, values: ArrayLike) -> list[Curve]:
    """The least-squares curve of each row of `values` [B, M] at `works` [M]."""
    sizes, rows = np.asarray(works, float), np.atleast_2d(np.asarray(values, float))
    unit = np.exp(np.log(sizes).mean())  # N in units of its geometric mean: powers that can be told apart
    x = (sizes[None] / unit) ** -POWERS[:, None]  # [P, M]
    m, x1, x2 = x.shape[1], x.sum(1), (x**2).sum(1)  # sums over the M values: of x, x^2, y, x y
    y1, xy = rows.sum(1)[:, None], rows @ x.T  # [B, 1], [B, P]
    scale = np.maximum((xy - y1 * x1 / m) / (x2 - x1**2 / m), 0)
    offset = (y1 - scale * x1) / m
    scale, offset = np.where(offset < 0, np.maximum(xy / x2, 0), scale), np.maximum(offset, 0)
    # The sum of (y - offset - scale x)^2, less that of y^2.
    error = offset * (m * offset - 2 * y1) + scale * (scale * x2 - 2 * xy + 2 * offset * x1)
    best, numbers = error.argmin(1), np.arange(len(rows))
    chosen = zip(offset[numbers, best], scale[numbers, best], POWERS[best], strict=True)
    return [Curve(float(a), float(b * unit**p), float(p)) for a, b, p in chosen]


def learn(groups: Mapping[int, ArrayLike], seed: int = 0) -> Learning:
    """The curve through the values of each size, {works: [a value a seed]}, with three sizes or more.

    Its interval: seeds are drawn again within each size, their deviations from the mean widened by (n / (n - 1))^(1/2),
    since n drawn values scatter less than n new ones (Davison and Hinkley 1997, 2.3). It holds the chance of the
    trainings, not that of the form of the curve. Raises ValueError for fewer sizes.
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
    (curve,) = fit(columns, np.concatenate([np.asarray(groups[size], float) for size in sizes]))
    return Learning(curve, tuple(fit(columns, np.concatenate(drawn, axis=1))), tuple(sizes))
