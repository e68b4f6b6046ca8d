"""Curves of a distance against the number of works N, in three families, each fitted by least squares.

    power law     offset + scale * N^-p           offset, scale >= 0; the usual form of learning curves (Hestness 2017,
                                                  eq. 1, with the irreducible error as the offset)
    exponential   offset + scale * exp(-N / t)    offset, scale >= 0; more works soon bring nothing
    logarithmic   offset - scale * log(N)         scale >= 0; every doubling brings the same

All are offset + scale * x, with an x of N and of one shape parameter. For a given shape the best offset and scale are a
line's, in closed form, so that every shape of a fine grid is tried: no starting point, no local minimum.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

FLAT = 1e-9  # variance of x below which it cannot tell the sizes apart


@dataclass(frozen=True)
class Family:
    """Curves of one form. N is in units of the sizes' geometric mean, so that shapes can be told apart."""

    name: str
    x: Callable[[np.ndarray, np.ndarray], np.ndarray]  # of N and the shape
    shapes: np.ndarray  # [P], what is tried
    ends: bool = True  # whether it has a level that it never falls below, the offset; else it falls until 0


FAMILIES = (
    Family("power law", lambda works, power: works**-power, np.geomspace(0.05, 3, 1000)),  # 0.4 % apart
    Family("exponential", lambda works, time: np.exp(-works / time), np.geomspace(0.02, 20, 1000)),
    Family("logarithmic", lambda works, _: -np.log(works), np.ones(1), ends=False),
)


@dataclass(frozen=True)
class Curves:
    """B curves of one family."""

    family: Family
    unit: float  # works
    offset: np.ndarray  # [B]
    scale: np.ndarray  # [B]
    shape: np.ndarray  # [B]

    def at(self, works: float) -> np.ndarray:
        """Their values [B] at a number of works."""
        return self.offset + self.scale * self.family.x(np.asarray(works / self.unit), self.shape)

    def end(self) -> np.ndarray:
        """Their values [B] with ever more works, no less than 0."""
        return np.maximum(self.offset, 0) if self.family.ends else np.zeros_like(self.offset)

    def pick(self, wanted: np.ndarray) -> "Curves":
        """Some of them, by a mask [B]."""
        return Curves(self.family, self.unit, self.offset[wanted], self.scale[wanted], self.shape[wanted])


def fit(family: Family, sizes: Sequence[int], values: ArrayLike, weights: ArrayLike | None = None) -> Curves:
    """The least-squares curves of the rows of `values` [B, M] at `sizes` [M], whose weights are those of their errors.

    `weights` [M]: 1 each unless given.
    """
    works, rows = np.asarray(sizes, float), np.atleast_2d(np.asarray(values, float))
    w = np.ones_like(works) if weights is None else np.asarray(weights, float)
    unit = float(np.exp(np.log(works).mean()))
    x = family.x(works[None] / unit, family.shapes[:, None])  # [P, M]
    m, x1, x2 = w.sum(), x @ w, x**2 @ w  # weighted sums over the M values: of 1, x, x^2, y, x y
    y1, xy = (rows @ w)[:, None], (rows * w) @ x.T  # [B, 1], [B, P]
    variance = x2 - x1**2 / m
    scale = np.where(variance > FLAT * x2, (xy - y1 * x1 / m) / np.maximum(variance, 1e-300), 0)
    scale = np.maximum(scale, 0)
    offset = (y1 - scale * x1) / m
    if family.ends:
        at_zero = np.maximum(xy / np.maximum(x2, 1e-300), 0)
        scale, offset = np.where(offset < 0, at_zero, scale), np.maximum(offset, 0)
    # The sum of w (y - offset - scale x)^2, less that of w y^2.
    error = offset * (m * offset - 2 * y1) + scale * (scale * x2 - 2 * xy + 2 * offset * x1)
    best, numbers = error.argmin(1), np.arange(len(rows))
    return Curves(family, unit, offset[numbers, best], scale[numbers, best], family.shapes[best])
