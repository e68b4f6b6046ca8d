"""The metrics of the table in one feature space: value, 95 % interval, and where the row asks for it the floor."""

from collections.abc import Callable, Iterable, Mapping
from pkgutil import resolve_name
from typing import Any

from torch import Tensor

from stages.evaluate import jackknife
from stages.evaluate.subsets import over_subsets
from stages.metrics.comparison import Comparison
from stages.metrics.table import METRICS

Measure = Callable[[Comparison], float]


def measured(*, efficientnet_alone: bool | None = None) -> list[str]:
    """The metrics that have a function; of these, those that EfficientNet's features alone are for, or both spaces'."""
    wanted = (True, False) if efficientnet_alone is None else (efficientnet_alone,)
    return [key for key, metric in METRICS.items() if metric.measure and metric.efficientnet_alone in wanted]


def measure_space(comparison: Comparison, keys: Iterable[str], subsets: int, seed: int) -> dict[str, float]:
    """The numbers of these metrics, as keys of metrics/evaluate.json; LEAST pictures or more in each of the three sets.

    `x_low` and `x_high` bound a 95 % interval over the draw of pictures and works, not over trainings.
    """
    measures: dict[str, Measure] = {key: resolve_name(METRICS[key].measure) for key in keys}
    errors = jackknife.standard_errors(Statistic(comparison, measures), comparison.sizes, seed)
    found = {}
    for key, measure in measures.items():
        metric = METRICS[key]
        if metric.subsets:
            value, found[f"{key}_std"] = over_subsets(measure, comparison, subsets, seed)
        else:
            value = measure(comparison)
        if metric.floor:
            found[f"{key}_floor"] = measure(comparison.of_floor())
        margin, (least, most) = jackknife.NORMAL * errors[key], metric.bounds
        found |= {
            key: value,
            f"{key}_low": max(value - margin, least),
            f"{key}_high": min(value + margin, most),
        }  # NaN stays
    return found


def told(found: Mapping[str, Any]) -> str:
    """The numbers that matter most, of those that were measured, in one line."""
    copied = f"{found['copied']:.0%} copied (by chance up to {found['copied_by_chance_high']:.0%})"
    if "fld" not in found:
        return copied
    return (
        f"FLD {found['fld']:.1f} ({found['fld_low']:.1f} to {found['fld_high']:.1f}), KID {found['kid']:.4f}, "
        f"FID {found['fid']:.1f} ({found['fid_above_floor']:.1f} above the floor), {copied}"
    )


class Statistic:
    """All metrics of a part of the pictures, for the jackknife."""

    def __init__(self, comparison: Comparison, measures: Mapping[str, Measure]):
        self._comparison, self._measures = comparison, measures

    def __call__(self, *places: Tensor) -> dict[str, float]:
        """Of the pictures at these places of the three sets."""
        picked = self._comparison.pick(*places)
        return {key: measure(picked) for key, measure in self._measures.items()}
