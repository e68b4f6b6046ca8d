"""The rows of the study: a cell's factors and what was measured of it; and their groups."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from stages.common.params import flatten
from stages.study.effects import Row
from stages.study.grid import Cell

MEASURES = (
    "kid", "kid_std", "kid_floor", "fid", "fid_floor", "fid_above_floor", "precision", "recall", "density", "coverage", "copied",
    "efficientnet.kid", "efficientnet.kid_floor", "efficientnet.fid", "efficientnet.fid_floor", "efficientnet.fid_above_floor",
    "efficientnet.precision", "efficientnet.recall", "efficientnet.density", "efficientnet.coverage",
)  # fmt: skip
AUGMENTATIONS = {"none": "no augmentation", "diffaugment": "DiffAugment", "ada": "ADA"}


def row(cell: Cell, name: str, evaluated: Mapping[str, Any], trained: Mapping[str, Any], note: str) -> dict[str, Any]:
    """A row of metrics/study.csv; what was not measured is None. The note is the experiment's message, which holds its seconds."""
    numbers = flatten(dict(evaluated))
    seconds = re.search(r"(\d+) s$", note)
    measured = {key.replace(".", "_"): numbers.get(key) for key in MEASURES}
    verdict = flatten(dict(trained)).get("verdict.state")
    about = {
        "training_pictures": trained.get("n_train"),
        "kimg": trained.get("kimg"),
        "verdict": verdict,
        "seconds": int(seconds[1]) if seconds else None,
    }
    return asdict(cell) | measured | about | {"experiment": name}


def levels(rows: Sequence[Row], factor: str) -> list[Any]:
    """The values of `deduplicated` or `augmentation` that occur: deduplicated before all files, no augmentation before the others."""
    order = [True, False, *AUGMENTATIONS]
    return sorted({row[factor] for row in rows}, key=order.index)


def lines(rows: Sequence[Row], metric: str) -> Iterator[tuple[bool, str, dict[int, list[float]]]]:
    """For each combination (deduplicated, augmentation) the values of the metric, {works: [a value a seed]}."""
    for deduplicated in levels(rows, "deduplicated"):
        for augmentation in levels(rows, "augmentation"):
            groups: dict[int, list[float]] = {}
            for item in sorted(rows, key=lambda item: (item["works"], item["seed"])):
                if (item["deduplicated"], item["augmentation"]) == (deduplicated, augmentation) and item[
                    metric
                ] is not None:
                    groups.setdefault(item["works"], []).append(item[metric])
            if groups:
                yield deduplicated, augmentation, groups


def label(deduplicated: bool, augmentation: str) -> str:
    """A combination in words."""
    return f"{'deduplicated' if deduplicated else 'all files'}, {AUGMENTATIONS[augmentation]}"
