"""The cells of the study: every combination of the factors, each with the name of its experiment."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from stages.common.params import flatten
from stages.study.params import StudyParams

KINDS = ["outs", "metrics", "plots"]  # of a stage's outputs in dvc.yaml
FACTORS = ("works", "deduplicated", "augmentation", "seed")


@dataclass(frozen=True, order=True)
class Cell:
    """One training: its factors."""

    works: int
    deduplicated: bool
    augmentation: str
    seed: int

    def changes(self) -> dict[str, Any]:
        """What the factors change in params.yaml."""
        return {
            "split.train_works": self.works,
            "dedupe.enabled": self.deduplicated,
            "train.augmentation": self.augmentation,
            "train.seed": self.seed,
        }

    def name(self, *decisive: Any) -> str:
        """The experiment's name: the factors, and a hash of all that decides the result (JSON-ready values)."""
        digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:8]
        return (
            f"study-w{self.works}-{'dedup' if self.deduplicated else 'files'}-{self.augmentation}-s{self.seed}-{digest}"
        )


def cells(study: StudyParams) -> Iterator[Cell]:
    """Seed by seed, so that an interrupted study has every size and every factor of the first seeds."""
    for seed, works, deduplicated, augmentation in product(
        study.seeds, study.train_works, study.deduplicated, study.augmentation
    ):
        yield Cell(works, deduplicated, augmentation, seed)


def fixed(study: StudyParams) -> dict[str, Any]:
    """What every cell changes in params.yaml alike."""
    return flatten(study.changes)


def needed(stages: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Of the stages of dvc.yaml the target, and every stage whose outputs it needs, directly or not."""
    made = {path: name for name, stage in stages.items() for path in outputs(stage)}
    found, waiting = {}, [target]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = stages[name]
            waiting += [
                made[out] for dep in stages[name].get("deps", []) for out in made if f"{dep}/".startswith(f"{out}/")
            ]
    return dict(sorted(found.items()))


def outputs(stage: Mapping[str, Any]) -> set[str]:
    """The paths that a stage of dvc.yaml writes."""
    entries = [entry for kind in KINDS for entry in stage.get(kind, [])]
    return {path for entry in entries for path in ([entry] if isinstance(entry, str) else entry)}


def sources(stages: Mapping[str, Any]) -> list[str]:
    """The deps that no stage writes: code, and data that lies in git."""
    made = [path for stage in stages.values() for path in outputs(stage)]
    deps = {dep.rstrip("/") for stage in stages.values() for dep in stage.get("deps", [])}
    return sorted(dep for dep in deps if not any(f"{dep}/".startswith(f"{out}/") for out in made))


def followed(stages: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The params that the stages follow, of all (flat, such as {"train.seed": 0})."""
    keys = {key for stage in stages.values() for key in stage.get("params", [])}
    return {
        key: value for key, value in sorted(values.items()) if any(f"{key}.".startswith(f"{other}.") for other in keys)
    }
