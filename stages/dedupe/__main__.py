"""Stage dedupe: from data/raw/ to data/works/, the best rendition of each work, and works.jsonl, which explains them.

data/duplicates.jpg shows the largest groups, metrics/dedupe.json counts.
"""

from pathlib import Path

from stages.common import files, images, params
from stages.common.cli import progress, run_cli
from stages.common.records import read_catalogue
from stages.dedupe import corrections, keep, works
from stages.dedupe.contact_sheet import contact_sheet
from stages.dedupe.metrics import metrics
from stages.dedupe.params import DedupeParams
from stages.dedupe.search import find
from stages.dedupe.workers import workers

RAW, CORRECTIONS = Path("data/raw"), Path("data/corrections.csv")
WORKS = Path("data/works")


def main() -> None:
    settings = params.load().section(DedupeParams)
    corrected = corrections.read(CORRECTIONS, read_catalogue(RAW / "catalogue.jsonl"))
    rows = corrected.rows
    with workers() as pool:
        groups, findings = find(RAW, corrected, settings, pool, progress)
        chosen = keep.kept(groups.members(), rows, corrected.kept, RAW, settings.trim, pool)
    members = [work.items for work in chosen]
    kept = works.describe(chosen, rows, findings, groups, settings.enabled)
    with files.folder(WORKS) as folder:
        for work in kept:
            if trimmed := work.get("trimmed"):
                files.write_bytes(folder / work["file"], keep.cut_out(RAW / trimmed["file"], trimmed["box"]))
            else:
                files.write_bytes(folder / work["file"], (RAW / work["file"]).read_bytes())
        files.write_jsonl(folder / "works.jsonl", kept)
    images.save_jpeg(Path("data/duplicates.jpg"), contact_sheet(members, rows, RAW))
    files.write_json(Path("metrics/dedupe.json"), metrics(members, rows, kept, corrected.told, corrected.lost))
    for line in corrected.lost:
        print(f"warning: {line}")
    print(f"dedupe: {len(rows)} files, {len(members)} works")


if __name__ == "__main__":
    run_cli(main, lower="scrape.megapixels")
