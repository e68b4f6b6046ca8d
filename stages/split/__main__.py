"""Stage split: from works.jsonl to data/split.json, the names of the training, validation and test works."""

from pathlib import Path

from stages.common import files, params
from stages.common.cli import run_cli
from stages.split.nested import by_fraction, with_reserve
from stages.split.params import SplitParams


def main() -> None:
    settings = params.load().section(SplitParams)
    rows = files.read_jsonl(Path("data/works/works.jsonl"))
    collection = sorted({row["work"] for row in rows if row["set"] == "collection"})
    reserve = sorted({row["work"] for row in rows if row["set"] == "reserve"})
    if reserve:
        parts = with_reserve(
            collection, reserve, settings.train_works, settings.validation_works, settings.test_works, settings.seed
        )
    else:
        parts = by_fraction(
            collection, settings.train_works, settings.validation_fraction, settings.test_fraction, settings.seed
        )
    files.write_json(Path("data/split.json"), parts)
    print("split: " + ", ".join(f"{len(works)} {name}" for name, works in parts.items()))


if __name__ == "__main__":
    run_cli(main)
