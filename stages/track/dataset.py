"""The works that a run used, each part with a digest that tells whether two runs had the same pictures."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONTEXTS = {
    "train": "training",
    "validation": "validation",
    "test": "evaluation",
}  # part of split.json -> word on the page


@dataclass(frozen=True)
class Dataset:
    """A part of the split."""

    context: str
    name: str
    digest: str
    counts: dict[str, int]


def datasets(source: str, rows: Sequence[Mapping[str, Any]], split: Mapping[str, Sequence[str]]) -> list[Dataset]:
    """The parts of the split that have works.

    `rows` are those of works.jsonl. A file's name there tells its content, so the digest needs no pictures. Training sees every
    file that dedupe kept, the other parts the best of each work.
    """
    return [
        _dataset(
            source,
            context,
            [row for row in rows if row["work"] in set(split[part]) and (part == "train" or row["best"])],
        )
        for part, context in CONTEXTS.items()
        if split[part]
    ]


def _dataset(source: str, context: str, rows: Sequence[Mapping[str, Any]]) -> Dataset:
    works, files = {row["work"] for row in rows}, sorted(row["file"] for row in rows)
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    return Dataset(context, f"{source}, {len(works)} works", digest, {"works": len(works), "files": len(files)})
