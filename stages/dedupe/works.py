"""The rows of works.jsonl: which file of a group is kept, and why the others belong to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

from stages.common.records import CatalogueRow, Match, WorkRow
from stages.dedupe.grouping import Finding
from stages.dedupe.groups import Groups


def describe(
    members: Iterable[Sequence[int]],
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
    return [row for group in members for row in _of_group(group, rows, same[min(group)], details[min(group)], enabled)]


def best_first(
    groups: Iterable[Sequence[int]], rows: Sequence[CatalogueRow], told: Set[int] = frozenset()
) -> list[list[int]]:
    """The groups, each with its best file first: one that the user tells to keep, where there is one."""
    found = []
    for group in groups:
        chosen = best([item for item in group if item in told] or group, rows)
        found.append([chosen, *(item for item in group if item != chosen)])
    return found


def best(group: Sequence[int], rows: Sequence[CatalogueRow]) -> int:
    """The rendition with most pixels; among equals the one with most bytes, then by name."""

    def quality(item: int) -> tuple[int, int, str]:
        row = rows[item]
        return row["width"] * row["height"], row["bytes"], row["file"]

    return max(group, key=quality)


def set_of(group: Iterable[int], rows: Sequence[CatalogueRow]) -> str:
    """The set of a work: collection, if a file of it lies there, else reserve.

    So what both hold belongs to the collection: a work must never be evaluated against itself.
    """
    return "collection" if any(rows[item]["set"] == "collection" for item in group) else "reserve"


def _of_group(
    group: Sequence[int],
    rows: Sequence[CatalogueRow],
    same: Sequence[Finding],
    details: Sequence[Finding],
    enabled: bool,
) -> list[WorkRow]:
    """The rows of one group, the best rendition first, with the findings that joined it or call it a detail.

    A work is named by the content of its best rendition, so that new files change no other work's name.
    """
    chosen = group[0]
    duplicates = sorted({rows[item]["file"] for item in group} - {rows[chosen]["file"]})
    others = [] if enabled else [item for item in group if item != chosen]
    kept = {rows[item]["file"]: rows[item] for item in [chosen, *others]}
    return [
        {
            "work": rows[chosen]["sha256"][:12],
            "set": set_of(group, rows),
            "file": row["file"],
            "best": row["file"] == rows[chosen]["file"],
            "title": row["title"],
            "year": row["year"],
            "technique": row["technique"],
            "width": row["width"],
            "height": row["height"],
            "rights": row["rights"],
            "page_url": row["page_url"],
            "duplicates": duplicates,
            "why": [_match(finding, rows) for finding in same],
            "detail_of": [_match(finding, rows) for finding in details],
        }
        for row in kept.values()
    ]


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
