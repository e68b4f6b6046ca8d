"""Stage dedupe: from data/raw/ to data/works/ (one best rendition a work, works.jsonl) and a contact sheet of duplicates."""

from pathlib import Path
from typing import Any

from stages.common import images, params, report
from stages.common.door import enter, progress
from stages.dedupe.grouping import join, local_correlation, pairwise
from stages.dedupe.hashing import Fingerprint, candidates, fingerprint

RAW = Path("data/raw")
WORKS = Path("data/works")
SHEET_GROUPS, SHEET_COLUMNS = 12, 2


def main() -> None:
    settings = params.load().dedupe
    rows = report.read_jsonl(RAW / "catalogue.jsonl")
    prints = [fingerprint(images.read(RAW / row["file"])) for row in progress(rows, desc="hash", unit=" files")]
    merges = find_merges(prints, settings.hash_distance, settings.correlation)
    groups = join(len(rows), [(merge["first"], merge["second"]) for merge in merges])
    with report.folder(WORKS) as folder:
        works = [work for group in groups for work in describe(group, rows, merges, settings.enabled)]
        for work in works:
            report.write_bytes(folder / work["file"], (RAW / work["file"]).read_bytes())
        report.write_jsonl(folder / "works.jsonl", works)
    images.save_jpeg(Path("data/duplicates.jpg"), sheet(groups, rows))
    report.write_json(Path("metrics/dedupe.json"), summary(groups, rows))
    print(f"dedupe: {len(rows)} files, {len(groups)} works")


def find_merges(prints: list[Fingerprint], distance: int, correlation: float) -> list[dict[str, Any]]:
    """The pairs that show one work, each with what convinced us: hash distance (bits of 256) and local correlation."""
    found = []
    for first, second, bits, *views in progress(candidates(prints, distance), desc="compare", unit=" pairs"):
        score = local_correlation(prints[first].thumbnail, prints[second].thumbnail, *views)
        if score >= correlation:
            found.append({"first": first, "second": second, "hash_distance": bits, "correlation": round(score, 4)})
    return found


def best(group: list[int], rows: list[dict]) -> int:
    """The rendition with most pixels; among equals the one with most bytes, then by name."""
    return max(group, key=lambda item: (rows[item]["width"] * rows[item]["height"], rows[item]["bytes"], rows[item]["file"]))


def describe(group: list[int], rows: list[dict], merges: list[dict], enabled: bool) -> list[dict[str, Any]]:
    """The rows of works.jsonl for a group: its best rendition, or every file when duplicates are kept.

    A work is named by the content of its best rendition, so that new files change no other work's name. One that the
    collection holds belongs to the collection, even if the reserve holds it too: it must never be judged against itself.
    """
    chosen = best(group, rows)
    work = rows[chosen]["sha256"][:12]
    where = "collection" if any(rows[item]["set"] == "collection" for item in group) else "reserve"
    why = [
        {"files": [rows[merge["first"]]["file"], rows[merge["second"]]["file"]]} | {key: merge[key] for key in ("hash_distance", "correlation")}
        for merge in merges
        if merge["first"] in group
    ]
    duplicates = sorted({rows[item]["file"] for item in group} - {rows[chosen]["file"]})
    others = [] if enabled else [item for item in group if item != chosen]
    kept = {rows[item]["file"]: rows[item] for item in [chosen, *others]}
    copied = ("title", "year", "technique", "width", "height", "rights", "page_url")
    return [
        {"work": work, "set": where, "file": file, "best": file == rows[chosen]["file"]}
        | {key: row[key] for key in copied}
        | {"duplicates": duplicates, "why": why}
        for file, row in kept.items()
    ]


def summary(groups: list[list[int]], rows: list[dict]) -> dict[str, Any]:
    """The metrics: what the collection holds, and how right the groups are where the source vouches for its works."""
    collection = [group for group in groups if any(rows[item]["set"] == "collection" for item in group)]
    files = sum(map(len, collection))
    values = {"files": files, "works": len(collection), "duplicates": files - len(collection)}
    values |= {"reserve_files": len(rows) - files, "reserve_works": len(groups) - len(collection)}
    truth = [row["work"] for row in rows]
    if all(truth):
        values["precision"], values["recall"] = pairwise(groups, truth)
    return values


def sheet(groups: list[list[int]], rows: list[dict]):
    """The largest groups, two in a row, each with its best rendition first."""
    largest = sorted((group for group in groups if len(group) > 1), key=lambda group: -len(group))[:SHEET_GROUPS]
    width = max(map(len, largest), default=1)
    cell, pictures = (180, 140), []
    for group in largest:
        first = best(group, rows)
        ordered = [first, *(item for item in group if item != first)]
        pictures += [images.read(RAW / rows[item]["file"]) for item in ordered]
        pictures += [images.blank(cell)] * (width - len(group))
    return images.sheet(pictures or [images.blank(cell)], width * SHEET_COLUMNS, cell)


if __name__ == "__main__":
    enter(main)
