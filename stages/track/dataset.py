"""The works that a run used, as MLflow dataset inputs whose digest tells whether two runs had the same pictures."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag

ROLES = {"train": "training", "validation": "validation", "test": "evaluation"}  # part of split.json -> context on the page


def inputs(source: str, rows: Sequence[Mapping[str, Any]], split: Mapping[str, Sequence[str]]) -> list[DatasetInput]:
    """One dataset for each part of the split that has works.

    `rows` are those of works.jsonl. A file's name there tells its content, so the digest needs no pictures. Training sees every
    file that dedupe kept, the other parts the best of each work.
    """
    return [_input(source, context, [row for row in rows if row["work"] in set(split[part]) and (part == "train" or row["best"])])
            for part, context in ROLES.items() if split[part]]  # fmt: skip


def _input(source: str, context: str, rows: Sequence[Mapping[str, Any]]) -> DatasetInput:
    works, files = {row["work"] for row in rows}, sorted(row["file"] for row in rows)
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    dataset = Dataset(
        name=f"{source}, {len(works)} works",
        digest=digest,
        source_type="local",
        source=json.dumps({"uri": "data/works"}),
        profile=json.dumps({"works": len(works), "files": len(files)}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])
