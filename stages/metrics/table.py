"""Evaluate's numbers as people read them in MLflow, on the report's page and in the README: names, rounding, intervals, floors, both feature spaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """A number in one feature space; each text is "" where there is none."""

    value: str
    interval: str
    floor: str


@dataclass(frozen=True)
class Row:
    """A number of the evaluation in both feature spaces."""

    name: str
    meaning: str
    better: str
    inception: Cell
    efficientnet: Cell


class Number(NamedTuple):
    """How a number of metrics/evaluate.json is shown."""

    form: str
    name: str
    better: str
    meaning: str


NUMBERS = {
    "kid": Number(
        ".3f", "KID", "lower", "Distance of the two distributions, unbiased with few pictures (Bińkowski 2018)."
    ),
    "fid": Number(
        ".0f",
        "FID",
        "lower",
        "Distance of two normal distributions (Heusel 2017). It grows as the pictures get fewer: read it beside its floor.",
    ),
    "fid_above_floor": Number(
        ".0f", "FID above the floor", "lower", "At equal counts, so that a perfect generator has 0."
    ),
    "precision": Number(
        ".2f",
        "Precision",
        "higher",
        "Share of the generated pictures that lie among the real ones (Kynkäänniemi 2019, k = 3).",
    ),
    "recall": Number(
        ".2f",
        "Recall",
        "higher",
        "Share of the real works that the generated pictures reach (Kynkäänniemi 2019, k = 3).",
    ),
    "density": Number(
        ".2f",
        "Density",
        "higher",
        "How densely real works surround a generated picture (Naeem 2020, k = 5); around 1 for real ones.",
    ),
    "coverage": Number(
        ".2f", "Coverage", "higher", "Share of the real works with a generated picture nearby (Naeem 2020, k = 5)."
    ),
    "copied": Number(
        ".1%",
        "Copied",
        "lower",
        "Share of the generated pictures nearer to a training work than 99 % of the test works are.",
    ),
}


def rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows that metrics/evaluate.json has numbers for."""
    second = found.get("efficientnet", {})
    made = [
        Row(number.name, number.meaning, number.better, cell(found, key), cell(second, key))
        for key, number in NUMBERS.items()
    ]
    return [row for row in made if row.inception.value or row.efficientnet.value]


def cell(found: Mapping[str, Any], key: str) -> Cell:
    """One number with its interval and floor."""
    value, low, high, floor = (text(found.get(key + end), NUMBERS[key].form) for end in ("", "_low", "_high", "_floor"))
    return Cell(value, f"{low} to {high}" if low and high else "", floor)


def text(value: float | None, form: str) -> str:
    """A number with a real minus, no minus before a zero, and a narrow space before the percent sign; "" for none."""
    if value is None:
        return ""
    return f"{value:z{form}}".replace("-", MINUS).replace("%", "\N{NARROW NO-BREAK SPACE}%")
