"""The cells of the study: every combination of the factors, each with the name of its experiment."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from stages.common.params import flatten
from stages.study.params import SEEDS_APART, VARIED, StudyParams

FACTORS = ("works", "deduplicated", "augmentation", "order", "seed")


@dataclass(frozen=True, order=True)
class Cell:
    """One training: its factors."""

    works: int
    deduplicated: bool
    augmentation: str
    order: int
    seed: int

    def changes(self) -> dict[str, Any]:
        """What the factors change in params.yaml.

        Another choice of the works trains with another seed too, which no other cell has: of a size that takes all
        works, all choices are alike.
        """
        values = self.works, self.deduplicated, self.augmentation, self.order, SEEDS_APART * self.seed + self.order
        return dict(zip(VARIED.values(), values, strict=True))

    def name(self, *decisive: Any) -> str:
        """The experiment's name: the factors, and a hash of all that decides the result (JSON-ready values)."""
        digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:8]
        files = "dedup" if self.deduplicated else "files"
        return f"study-w{self.works}-{files}-{self.augmentation}-o{self.order}-s{self.seed}-{digest}"


def without_hash(name: str) -> str:
    """An experiment's name without the hash: its factors alone."""
    return name.rpartition("-")[0]


def cells(study: StudyParams) -> Iterator[Cell]:
    """Seed by seed and order by order, so that an interrupted study has every size and factor of the first ones."""
    assert study.train_works != "auto", "the session has put sizes there"
    for seed, order, works, deduplicated, augmentation in product(
        study.seeds, study.orders, study.train_works, study.deduplicated, study.augmentation
    ):
        yield Cell(works, deduplicated, augmentation, order, seed)


def fixed(study: StudyParams) -> dict[str, Any]:
    """What every cell changes in params.yaml alike."""
    return flatten(study.changes)
