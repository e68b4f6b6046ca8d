"""The rows of the study: a cell's factors and what was measured of it; and their groups."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, product
from statistics import fmean
from typing import Any

from stages.common.params import flatten
from stages.gan.augmentations import AUGMENTATIONS
from stages.metrics.table import HEADLINE, METRICS
from stages.study.effects import Row
from stages.study.grid import FACTORS, Cell

ABOUT = ("training_pictures", "kimg", "verdict", "experiment")  # columns beside the factors and measures
SECONDS = ("experiment", "seconds")  # columns of a table of its own: the machine decides them, not the params
TEXTS = ("augmentation", "verdict", "experiment")  # columns that hold no numbers


def measures() -> Iterator[str]:
    """The keys of metrics/evaluate.json that have a column, of both feature spaces, such as "efficientnet.kid".

    Of the second one only what is measured in both, without the spread over subsets.
    """
    for key, metric in METRICS.items():
        yield key
        if key == HEADLINE:
            yield from (f"{key}_low", f"{key}_high")
        if metric.subsets:
            yield f"{key}_std"
        if metric.floor:
            yield f"{key}_floor"
    for key, metric in METRICS.items():
        if metric.measure and not metric.efficientnet_alone:
            yield f"efficientnet.{key}"
            if metric.floor:
                yield f"efficientnet.{key}_floor"


def columns() -> list[str]:
    """Of metrics/study.csv, in order."""
    return [*FACTORS, *(key.replace(".", "_") for key in measures()), *ABOUT]


def row(cell: Cell, name: str, evaluated: Mapping[str, Any], trained: Mapping[str, Any], note: str) -> dict[str, Any]:
    """A row of metrics/study.csv, and the cell's seconds; what was not measured is None.

    `note` is the experiment's message, which holds the seconds.
    """
    numbers = flatten(dict(evaluated))
    seconds = re.search(r"(\d+) s$", note)
    measured = {key.replace(".", "_"): numbers.get(key) for key in measures()}
    verdict = flatten(dict(trained)).get("verdict.state")
    about = (trained.get("n_train"), trained.get("kimg"), verdict, name)
    taken = int(seconds[1]) if seconds else None
    return asdict(cell) | measured | dict(zip(ABOUT, about, strict=True)) | {"seconds": taken}


def levels(rows: Sequence[Row], factor: str) -> list[Any]:
    """The values of `deduplicated` or `augmentation` that occur.

    Deduplicated comes before all files, augmentations in the order of their table, whose first one is none.
    """
    order = [True, False, *AUGMENTATIONS]
    return sorted({row[factor] for row in rows}, key=order.index)


def replicate_factor(rows: Sequence[Row]) -> str:
    """What makes the replicates of a size: the choices of the works where there are several, else the seeds."""
    return "order" if len({row["order"] for row in rows}) > 1 else "seed"


def lines(rows: Sequence[Row], metric: str) -> Iterator[tuple[bool, str, dict[int, dict[int, float]]]]:
    """For each combination (deduplicated, augmentation) the values of the metric, {works: {replicate: value}}.

    Of a choice of the works its mean over seeds: seeds of one choice tell nothing of another.
    """
    factor = replicate_factor(rows)
    known = sorted((row for row in rows if row[metric] is not None), key=lambda row: (row["works"], row[factor]))
    for combination in product(levels(rows, "deduplicated"), levels(rows, "augmentation")):
        some = [row for row in known if (row["deduplicated"], row["augmentation"]) == combination]
        groups: dict[int, dict[int, float]] = {}
        for (works, replicate), alike in groupby(some, key=lambda row: (row["works"], row[factor])):
            groups.setdefault(works, {})[replicate] = fmean(row[metric] for row in alike)
        if groups:
            yield *combination, groups


def headline_lines(rows: Sequence[Row], metric: str) -> tuple[bool, str, dict[int, dict[int, float]]]:
    """The combination that the figures of one combination show, and its values.

    One file each where there are such cells, and the last augmentation of the table.
    """
    wanted = levels(rows, "deduplicated")[0], levels(rows, "augmentation")[-1]
    groups = next((groups for *place, groups in lines(rows, metric) if tuple(place) == wanted), {})
    return *wanted, groups


def label(deduplicated: bool, augmentation: str) -> str:
    """A combination in words."""
    return f"{'deduplicated' if deduplicated else 'all files'}, {AUGMENTATIONS[augmentation].label}"
