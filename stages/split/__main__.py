"""Stage split: from works.jsonl to data/split.json, the names of the training, validation and test works."""

from pathlib import Path

from stages.common import files, params
from stages.common.cli import run_cli
from stages.common.records import read_works
from stages.split.nested import split, unused, warnings, works_of
from stages.split.params import SplitParams


def main() -> None:
    settings = params.load().section(SplitParams)
    collection, reserve, details = works_of(read_works(Path("data/works/works.jsonl")))
    chosen = split(collection, reserve, settings)
    files.write_json(Path("data/split.json"), chosen)
    sizes = {"train": len(chosen["train"]), "validation": len(chosen["validation"]), "test": len(chosen["test"])}
    if left := unused(collection, chosen):
        sizes[f"unused of {len(collection)} works of the collection (split.train_works: all trains on more)"] = left
    if left := unused(reserve, chosen):
        more = "split.validation_works and split.test_works take more"
        sizes[f"unused of {len(reserve)} works of the reserve ({more})"] = left
    if details:
        sizes["left out as details of other works (detail_of in data/works/works.jsonl)"] = len(details)
    print("split: " + ", ".join(f"{count} {name}" for name, count in sizes.items()))
    for warning in warnings(chosen):
        print(f"warning: {warning}")


if __name__ == "__main__":
    run_cli(main)
