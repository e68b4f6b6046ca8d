"""Stage dedupe: from data/raw/ to data/works/, the best rendition of each work, and works.jsonl, which explains them.

data/duplicates.jpg shows the largest groups, metrics/dedupe.json counts.
"""

from concurrent.futures import Executor
from pathlib import Path

from stages.common import files, images, params
from stages.common.cli import progress, run_cli
from stages.common.records import CatalogueRow, read_catalogue
from stages.dedupe import works
from stages.dedupe.contact_sheet import contact_sheet
from stages.dedupe.grouping import Finding, Groups, compare, pairs_to_compare, rounds
from stages.dedupe.hashing import fingerprints
from stages.dedupe.metrics import metrics
from stages.dedupe.params import DedupeParams
from stages.dedupe.workers import workers

RAW = Path("data/raw")
WORKS = Path("data/works")


def main() -> None:
    settings = params.load().section(DedupeParams)
    rows = read_catalogue(RAW / "catalogue.jsonl")
    with workers() as pool:
        groups, findings = find(rows, settings, pool)
    members = groups.members()
    kept = works.describe(members, rows, findings, groups, settings.enabled)
    with files.folder(WORKS) as folder:
        for work in kept:
            files.write_bytes(folder / work["file"], (RAW / work["file"]).read_bytes())
        files.write_jsonl(folder / "works.jsonl", kept)
    images.save_jpeg(Path("data/duplicates.jpg"), contact_sheet(members, rows, RAW))
    files.write_json(Path("metrics/dedupe.json"), metrics(members, rows, kept))
    print(f"dedupe: {len(rows)} files, {len(members)} works")


def find(rows: list[CatalogueRow], settings: DedupeParams, pool: Executor) -> tuple[Groups, list[Finding]]:
    """Which files show one work, and the pairs that say so, or that one is a detail of the other."""
    paths = [RAW / row["file"] for row in rows]
    hashed = fingerprints(paths, settings.mirrored, settings.details, pool)
    prints = list(progress(hashed, total=len(paths), desc="hash", unit=" files"))
    pairs = pairs_to_compare(prints, settings.hash_distance)
    groups = Groups(len(rows))
    compared = compare(prints, pairs, groups, settings.correlation, pool)
    found = [
        finding
        for batch in progress(compared, total=rounds(pairs), desc="compare", unit=" rounds")
        for finding in batch
        if finding.verdict.kind != "different"
    ]
    return groups, found


if __name__ == "__main__":
    run_cli(main, lower="scrape.megapixels")
