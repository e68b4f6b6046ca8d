"""The works that a run used, each part with a digest that tells whether two runs had the same pictures."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from stages.common.records import Split, WorkRow


@dataclass(frozen=True)
class Dataset:
    """A part of the split."""

    context: str  # the word on MLflow's page
    name: str
    digest: str
    counts: dict[str, int]


def datasets(collection: str, rows: Sequence[WorkRow], split: Split) -> list[Dataset]:
    """The parts of the split that have works.

    `rows` are those of works.jsonl. A file's name there tells its content, so the digest needs no pictures. Training
    sees every file that dedupe kept, the other parts the best of each work.
    """
    best = [row for row in rows if row["best"]]
    parts = [
        _dataset(collection, "training", rows, split["train"]),
        _dataset(collection, "validation", best, split["validation"]),
        _dataset(collection, "evaluation", best, split["test"]),
    ]
    return [part for part in parts if part.counts["works"]]


def _dataset(collection: str, context: str, rows: Sequence[WorkRow], names: Sequence[str]) -> Dataset:
    """Of those rows whose work is one of the names."""
    wanted = set(names)
    chosen = [row for row in rows if row["work"] in wanted]
    works, files = {row["work"] for row in chosen}, sorted(row["file"] for row in chosen)
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    return Dataset(context, f"{collection}, {len(works)} works", digest, {"works": len(works), "files": len(files)})
