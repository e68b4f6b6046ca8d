"""The metrics: how each is measured, and how people read it in MLflow, on the report's page and in the README.

A further metric is one function of a Comparison (stages/metrics/comparison.py) in one file, and one row here. The stage
evaluate then measures it, with its interval, and everything that shows the numbers shows it too: in the features of
Inception and, as a second opinion, in those of EfficientNet; or in those of EfficientNet alone.
The rows name their functions as text, so that the table loads without torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from stages.common.cli import UserError

LEAST = 7  # pictures of each set: the jackknife leaves one out, and a neighborhood of DENSITY_K others must remain
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Metric:
    """A number of metrics/evaluate.json, beside whose `key` stand `key_low` and `key_high`, its 95 % interval.

    What EfficientNet says of metrics that Inception measures too stands apart, under `efficientnet`.
    """

    name: str
    form: str  # how its value is rounded, as in format()
    better: Literal["lower", "higher"]
    meaning: str
    bounds: tuple[float, float]  # of what it can be: no interval goes beyond, and a number that does is an error
    measure: str  # its function, "module:name" of a Comparison -> float; "" where the stage evaluate has another way
    above_floor: bool = False  # whether the floor is taken off already: a perfect generator has 0
    floor: bool = False  # whether other real works are measured too: what a perfect generator would get, `key_floor`
    efficientnet_alone: bool = False  # whether it is measured in EfficientNet's features only
    subsets: bool = False  # whether its value is a mean over random subsets, with the standard deviation `key_std`


@dataclass(frozen=True)
class Cell:
    """A number in one feature space; each text is "" where there is none."""

    value: str
    interval: str
    floor: str


NOTHING = Cell("", "", "")


@dataclass(frozen=True)
class Row:
    """A number of the evaluation in both feature spaces."""

    key: str
    name: str
    meaning: str
    better: str
    inception: Cell
    efficientnet: Cell

    @property
    def first(self) -> Cell:
        """The one that stands for the metric: Inception's, as in the papers, where it has one."""
        return self.inception if self.inception.value else self.efficientnet


FAR = 1e6  # beyond all distances in these feature spaces: damaged features, not pictures, are further apart
SHARE = (0.0, 1.0)
METRICS: dict[str, Metric] = {
    "fld": Metric(
        name="FLD",
        form=".1f",
        better="lower",
        meaning="How badly the generated pictures explain works that nobody trained on (feature likelihood divergence, "
        "Jiralerspong 2023), at equal counts, less the floor: a perfect generator has 0, and copies explain nothing.",
        bounds=(-FAR, FAR),
        measure="stages.metrics.likelihood:fld",
        above_floor=True,
        efficientnet_alone=True,
    ),
    "fld_gap": Metric(
        name="Generalization gap",
        form=".1f",
        better="lower",
        meaning="How much better they explain the training works than the test works (likewise); 0 without copying.",
        bounds=(-FAR, FAR),
        measure="stages.metrics.likelihood:fld_gap",
        above_floor=True,
        efficientnet_alone=True,
    ),
    "kid": Metric(
        name="KID",
        form=".3f",
        better="lower",
        meaning="Distance of the two distributions, unbiased with few pictures (Bińkowski 2018).",
        bounds=(-1.0, FAR),  # unbiased: around 0 for equal distributions, and a little below
        measure="stages.metrics.kid:kid",
        floor=True,
        subsets=True,
    ),
    "fid": Metric(
        name="FID",
        form=".0f",
        better="lower",
        meaning="Distance of two normal distributions (Heusel 2017). It grows as the pictures get fewer: "
        "read it beside its floor.",
        bounds=(0.0, FAR),
        measure="stages.metrics.frechet:fid",
        floor=True,
    ),
    "fid_above_floor": Metric(
        name="FID above the floor",
        form=".0f",
        better="lower",
        meaning="At equal counts, so that a perfect generator has 0.",
        bounds=(-FAR, FAR),
        measure="stages.metrics.frechet:fid_above_floor",
        above_floor=True,
    ),
    "precision": Metric(
        name="Precision",
        form=".2f",
        better="higher",
        meaning="Share of the generated pictures that lie among the real ones (Kynkäänniemi 2019, k = 3).",
        bounds=SHARE,
        measure="stages.metrics.manifold:precision",
    ),
    "recall": Metric(
        name="Recall",
        form=".2f",
        better="higher",
        meaning="Share of the real works that the generated pictures reach (Kynkäänniemi 2019, k = 3).",
        bounds=SHARE,
        measure="stages.metrics.manifold:recall",
    ),
    "density": Metric(
        name="Density",
        form=".2f",
        better="higher",
        meaning="How densely real works surround a generated picture (Naeem 2020, k = 5); around 1 for real ones.",
        bounds=(0.0, float("inf")),
        measure="stages.metrics.manifold:density",
    ),
    "coverage": Metric(
        name="Coverage",
        form=".2f",
        better="higher",
        meaning="Share of the real works with a generated picture nearby (Naeem 2020, k = 5).",
        bounds=SHARE,
        measure="stages.metrics.manifold:coverage",
    ),
    "copied": Metric(
        name="Copied",
        form=".1%",
        better="lower",
        meaning="Share of the generated pictures nearer to a training work than 99 % of the test works are.",
        bounds=SHARE,
        measure="",  # it needs the pictures: stages/evaluate/copies.py
    ),
}
HEADLINE = "fld"  # the metric that stands above all others: copies do not lower it (stages/evaluate/JUDGES.md)


def check(found: Mapping[str, Any]) -> None:
    """Raises UserError for numbers of metrics/evaluate.json that cannot be: not finite, or beyond a row's bounds."""
    wrong = [
        f"{where}{key}{end} is {numbers[key + end]:g}, but lies between {least:g} and {most:g}"
        for where, numbers in (("", found), ("efficientnet.", found.get("efficientnet", {})))
        for key, metric in METRICS.items()
        for end, (least, most) in _ranges(metric).items()
        if key + end in numbers and not (isfinite(numbers[key + end]) and least <= numbers[key + end] <= most)
    ]
    if wrong:
        raise UserError(
            "\n  ".join(["the numbers of the evaluation cannot be right, and none is written:", *wrong])
            + "\nSomething is damaged: delete .cache/features and run `dvc repro` again; if that does not help, "
            "reinstall the packages of requirements.txt, which hold the networks' weights"
        )


def _ranges(metric: Metric) -> dict[str, tuple[float, float]]:
    """Of a metric and of what stands beside it, by the end of its key."""
    return dict.fromkeys(("", "_low", "_high", "_floor"), metric.bounds) | {"_std": (0.0, FAR)}


def rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows that metrics/evaluate.json has numbers for."""
    made = [
        Row(key, metric.name, metric.meaning, metric.better, *_spaces(found, key)) for key, metric in METRICS.items()
    ]
    return [row for row in made if row.first.value]


def _spaces(found: Mapping[str, Any], key: str) -> tuple[Cell, Cell]:
    """A metric in the features of Inception and in those of EfficientNet."""
    if METRICS[key].efficientnet_alone:
        return NOTHING, cell(found, key)
    return cell(found, key), cell(found.get("efficientnet", {}), key)


def cell(found: Mapping[str, Any], key: str) -> Cell:
    """One number with its interval and floor."""
    form = METRICS[key].form
    value, low, high, floor = (text(found.get(key + end), form) for end in ("", "_low", "_high", "_floor"))
    if value and METRICS[key].above_floor:
        floor = "0"
    return Cell(value, f"{low} to {high}" if low and high else "", floor)


def text(value: float | None, form: str) -> str:
    """A number with a real minus, no minus before a zero, a narrow space before the percent sign; "" for none."""
    if value is None:
        return ""
    return f"{value:z{form}}".replace("-", MINUS).replace("%", "\N{NARROW NO-BREAK SPACE}%")
