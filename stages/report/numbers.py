"""Numbers as people read them: the table of the evaluation, with intervals, floors and both feature spaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"  # where a number was not measured


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


# key in metrics/evaluate.json, format, name, which way is better, what it means
_ROWS = (
    ("kid", ".3f", "KID", "lower", "Distance of the two distributions, unbiased with few pictures (Bińkowski 2018)."),
    ("fid", ".1f", "FID", "lower", "Distance of two normal distributions (Heusel 2017). It grows as the pictures get fewer: read it beside its floor."),
    ("fid_above_floor", ".1f", "FID above the floor", "lower", "At equal counts, so that a perfect generator has 0."),
    ("precision", ".3f", "Precision", "higher", "Share of the generated pictures that lie among the real ones (Kynkäänniemi 2019, k = 3)."),
    ("recall", ".3f", "Recall", "higher", "Share of the real works that the generated pictures reach (Kynkäänniemi 2019, k = 3)."),
    ("density", ".3f", "Density", "higher", "How densely real works surround a generated picture (Naeem 2020, k = 5); around 1 for real ones."),
    ("coverage", ".3f", "Coverage", "higher", "Share of the real works with a generated picture nearby (Naeem 2020, k = 5)."),
    ("copied", ".1%", "Copied", "lower", "Share of the generated pictures nearer to a training work than 99 % of the test works are."),
)  # fmt: skip


def rows(found: Mapping[str, Any]) -> list[Row]:
    """The rows that metrics/evaluate.json has numbers for."""
    second = found.get("efficientnet", {})
    made = [Row(name, meaning, better, cell(found, key, form), cell(second, key, form)) for key, form, name, better, meaning in _ROWS]
    return [row for row in made if row.inception.value or row.efficientnet.value]


def cell(found: Mapping[str, Any], key: str, form: str) -> Cell:
    """One number with its interval and floor."""
    low, high = text(found.get(f"{key}_low"), form), text(found.get(f"{key}_high"), form)
    return Cell(text(found.get(key), form), f"{low} to {high}" if low and high else "", text(found.get(f"{key}_floor"), form))


def text(value: float | None, form: str) -> str:
    """A number with a real minus, no minus before a zero, and a narrow space before the percent sign; "" for none."""
    if value is None:
        return ""
    return f"{value:z{form}}".replace("-", MINUS).replace("%", "\N{NARROW NO-BREAK SPACE}%")
