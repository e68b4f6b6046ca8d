"""Stage dedupe: from data/raw/ to data/works/ (one best rendition a work, works.jsonl) and a contact sheet of duplicates."""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from stages.common import files, images, params
from stages.common.cli import progress, run_cli
from stages.dedupe.grouping import Finding, Groups, compare, pairs_to_compare, pairwise, rounds
from stages.dedupe.hashing import fingerprints
from stages.dedupe.params import DedupeParams
from stages.dedupe.workers import workers

RAW = Path("data/raw")
WORKS = Path("data/works")
SHEET_GROUPS, SHEET_COLUMNS = 12, 2


def main() -> None:
    settings = params.load().section(DedupeParams)
    rows = files.read_jsonl(RAW / "catalogue.jsonl")
    with workers() as pool:
        groups, findings = find(rows, settings, pool)
    members = groups.members()
    with files.folder(WORKS) as folder:
        works = [work for group in members for work in describe(group, rows, findings, groups, settings.enabled)]
        for work in works:
            files.write_bytes(folder / work["file"], (RAW / work["file"]).read_bytes())
        files.write_jsonl(folder / "works.jsonl", works)
    images.save_jpeg(Path("data/duplicates.jpg"), sheet(members, rows))
    files.write_json(
        Path("metrics/dedupe.json"),
        summary(members, rows) | {"details": sum(bool(work["detail_of"]) and work["best"] for work in works)},
    )
    print(f"dedupe: {len(rows)} files, {len(members)} works")


def find(rows: list[dict], settings: DedupeParams, pool: Executor) -> tuple[Groups, list[Finding]]:
    """Which files show one work, and the pairs that say so, or that one is a detail of the other."""
    paths = [RAW / row["file"] for row in rows]
    hashed = fingerprints(paths, settings.mirrored, settings.details, pool)
    prints = list(progress(hashed, total=len(paths), desc="hash", unit=" files"))
    pairs = pairs_to_compare(prints, settings.hash_distance)
    groups = Groups(len(rows))
    compared = progress(
        compare(prints, pairs, groups, settings.correlation, pool), total=rounds(pairs), desc="compare", unit=" rounds"
    )
    return groups, [finding for findings in compared for finding in findings if finding.verdict.kind != "different"]


def best(group: list[int], rows: list[dict]) -> int:
    """The rendition with most pixels; among equals the one with most bytes, then by name."""
    return max(
        group, key=lambda item: (rows[item]["width"] * rows[item]["height"], rows[item]["bytes"], rows[item]["file"])
    )


def describe(
    group: list[int], rows: list[dict], findings: list[Finding], groups: Groups, enabled: bool
) -> list[dict[str, Any]]:
    """The rows of works.jsonl for a group: its best rendition, or every file when duplicates are kept.

    A work is named by the content of its best rendition, so that new files change no other work's name. One that the
    collection holds belongs to the collection, even if the reserve holds it too: it must never be judged against itself.
    """
    chosen = best(group, rows)
    where = "collection" if any(rows[item]["set"] == "collection" for item in group) else "reserve"
    told = {
        "duplicates": sorted({rows[item]["file"] for item in group} - {rows[chosen]["file"]}),
        "why": [
            explain(finding, rows) for finding in findings if finding.verdict.kind == "same" and finding.first in group
        ],
        "detail_of": [explain(finding, rows) for finding in findings if detail(finding, groups) in group],
    }
    others = [] if enabled else [item for item in group if item != chosen]
    kept = {rows[item]["file"]: rows[item] for item in [chosen, *others]}
    copied = ("title", "year", "technique", "width", "height", "rights", "page_url")
    return [
        {"work": rows[chosen]["sha256"][:12], "set": where, "file": file, "best": file == rows[chosen]["file"]}
        | {key: row[key] for key in copied}
        | told
        for file, row in kept.items()
    ]


def detail(finding: Finding, groups: Groups) -> int | None:
    """The file of a finding that shows less than half of the other one, unless other files have made one work of them."""
    if groups.root(finding.first) == groups.root(finding.second):
        return None
    return {"part": finding.first, "whole": finding.second}.get(finding.verdict.kind)


def explain(finding: Finding, rows: list[dict]) -> dict[str, Any]:
    """Why two files belong together: the files, the bits of 256 by which they hash differently, how they were aligned, how alike they are."""
    files = [rows[finding.first]["file"], rows[finding.second]["file"]]
    verdict = finding.verdict
    return {
        "files": files,
        "hash_distance": finding.hash_distance,
        "check": verdict.check,
        "correlation": round(verdict.score, 4),
    }


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
    run_cli(main)
