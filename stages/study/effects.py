"""The effect of one factor: differences of pairs that are alike in all others, and their t-interval; that of seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from stages.study.grid import FACTORS
from stages.study.learning import LEVEL, Scatter, Value

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Effect:
    """What `factor` = `to` in place of `of` changes in `metric`."""

    factor: str
    of: Any
    to: Any
    metric: str
    works: int | None  # the size of the pairs; None: every size
    pairs: int
    change: Value

    @property
    def sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.change.low > 0 or self.change.high < 0


def mean(values: Sequence[float], spread: Scatter | None = None) -> Value:
    """The mean with its t-interval, m +- t(free) s / n^(1/2); of a single value alone the ends are NaN.

    `spread`: s and its degrees of freedom where more is known of them than the values tell.
    """
    center, n = float(np.mean(values)), len(values)
    deviation, free = spread or (float(np.std(values, ddof=1)) if n > 1 else 0.0, n - 1)
    if not free:
        return Value(center, float("nan"), float("nan"))
    half = float(stdtrit(free, 0.5 + LEVEL / 200) * deviation / np.sqrt(n))
    return Value(center, center - half, center + half)


def effects(rows: Sequence[Row], factor: str, of: Any, to: Any, metric: str) -> list[Effect]:
    """The paired effect over all sizes first, then size by size.

    A cell without its partner or without the metric is left out.
    """
    others = [name for name in FACTORS if name != factor]
    known = [row for row in rows if row[metric] is not None]
    sides = {
        level: {tuple(row[name] for name in others): row[metric] for row in known if row[factor] == level}
        for level in (of, to)
    }
    changes: dict[int, list[float]] = {}
    for key in sorted(sides[of].keys() & sides[to].keys()):
        changes.setdefault(key[others.index("works")], []).append(sides[to][key] - sides[of][key])
    groups = {None: [change for some in changes.values() for change in some]} | changes
    return [Effect(factor, of, to, metric, works, len(found), mean(found)) for works, found in groups.items() if found]
