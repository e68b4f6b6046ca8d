"""The rows of works.jsonl: which file of a group is kept, and why the others belong to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from stages.common.records import CatalogueRow, Match, WorkRow
from stages.dedupe.grouping import Finding
from stages.dedupe.groups import Groups
from stages.dedupe.keep import Cut, Kept

TOLD = ("title", "year", "technique", "rights", "page_url")  # what a source says of a work
OF_FILE = ("rights", "page_url")  # of these, what it may say of that file alone
UNTOLD = ("", "as the user knows")  # what the catalogue has where it says nothing


def describe(
    members: Iterable[Kept],
    rows: Sequence[CatalogueRow],
    findings: Sequence[Finding],
    groups: Groups,
    enabled: bool,
) -> list[WorkRow]:
    """The rows of all groups, their best rendition first: that one, or every file when duplicates are kept.

    Duplicates are kept when not `enabled`.
    """
    same, details = defaultdict(list), defaultdict(list)  # by the least member of the group
    for finding in findings:
        if finding.verdict.kind == "same":
            same[groups.root(finding.first)].append(finding)
        elif (detail := _detail(finding, groups)) is not None:
            details[groups.root(detail)].append(finding)
    return [
        row
        for kept in members
        for row in _of_group(kept, rows, same[min(kept.items)], details[min(kept.items)], enabled)
    ]


def set_of(group: Iterable[int], rows: Sequence[CatalogueRow]) -> str:
    """The set of a work: reserve, if a file of it lies there, else collection.

    So what both hold belongs to the reserve, which is never trained on; files of a folder that no list names lie in the
    collection. In one set alone, a work is never evaluated against itself.
    """
    return "reserve" if any(rows[item]["set"] == "reserve" for item in group) else "collection"


def _of_group(
    kept: Kept,
    rows: Sequence[CatalogueRow],
    same: Sequence[Finding],
    details: Sequence[Finding],
    enabled: bool,
) -> list[WorkRow]:
    """The rows of one group, the best rendition first, with the findings that joined it or call it a detail.

    A work is named by the content of its best rendition, so that new files change no other work's name.
    """
    chosen = kept.items[0]
    duplicates = sorted({rows[item]["file"] for item in kept.items} - {rows[chosen]["file"]})
    shown = {rows[item]["file"]: item for item in kept.items[: 1 if enabled else None]}
    return [
        _trimmed(rows[item], kept.cuts.get(item))
        | {
            "work": rows[chosen]["sha256"][:12],
            "set": set_of(kept.items, rows),
            "best": rows[item]["file"] == rows[chosen]["file"],
            **_told([row, *(rows[other] for other in kept.items)]),
            "duplicates": duplicates,
            "candidates": kept.candidates,
            "why": [_match(finding, rows) for finding in same],
            "detail_of": [_match(finding, rows) for finding in details],
        }
        for row, item in ((rows[item], item) for item in shown.values())
    ]


def _told(rows: Sequence[CatalogueRow]) -> dict[str, str]:
    """What is told of the file that comes first, by the one of its work of which most is told, of equal ones the first.

    A list may tell of one file of a work only. Its rights and its page stay a file's own, where it has them: a license
    of another photograph is none of this one.
    """
    most = max(rows, key=lambda row: sum(row[key] not in (*UNTOLD, _stem(row)) for key in TOLD))
    own = {key: rows[0][key] for key in OF_FILE if rows[0][key] not in UNTOLD}
    return {key: most[key] for key in TOLD} | own


def _stem(row: CatalogueRow) -> str:
    """The name of a file at its source, which is its title where nobody has told any."""
    return PurePosixPath(row.get("image_url", "")).stem


def _trimmed(row: CatalogueRow, cut: Cut | None) -> Any:
    """The file in data/works/ with its size: that of data/raw/, or what is left of it."""
    if cut is None:
        return {"file": row["file"], "width": row["width"], "height": row["height"]}
    left, top, right, bottom = cut
    trimmed = {"file": row["file"], "box": list(cut)}
    return {"file": row["file"], "width": right - left, "height": bottom - top, "trimmed": trimmed}


def _detail(finding: Finding, groups: Groups) -> int | None:
    """The file that shows less than half of the other one, unless other files have made one work of the two."""
    if groups.root(finding.first) == groups.root(finding.second):
        return None
    return {"part": finding.first, "whole": finding.second}.get(finding.verdict.kind)


def _match(finding: Finding, rows: Sequence[CatalogueRow]) -> Match:
    """Why two files belong together: how far their hashes differ, how they were aligned, how alike they are."""
    return {
        "files": [rows[finding.first]["file"], rows[finding.second]["file"]],
        "hash_distance": finding.hash_distance,
        "check": finding.verdict.check,
        "correlation": round(finding.verdict.score, 4),
    }
