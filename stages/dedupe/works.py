"""The rows of works.jsonl: which file of a group is kept, and why the others belong to it."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import unescape
from pathlib import PurePosixPath
from typing import Any

from stages.common.records import CatalogueRow, Match, WorkRow
from stages.dedupe.grouping import Finding
from stages.dedupe.groups import Groups
from stages.dedupe.keep import Cut, Kept

OF_WORK = ("title", "year", "technique")  # what a source says of a work
OF_FILE = ("rights", "page_url")  # what it may say of a file alone
TOLD = (*OF_WORK, *OF_FILE)
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

    A list may tell of one file of a work only, or the title of one and the year of another: what is not told of the
    one is told by the next. Its rights and its page stay a file's own, where it has them: a license of another
    photograph is none of this one.
    """
    said = [{key: row[key] for key in TOLD if _is_told(row, key)} for row in rows]
    order = sorted(range(len(rows)), key=lambda item: -len(said[item]))  # equal ones stay in their order
    most = rows[order[0]]
    work = {key: next((said[item][key] for item in order if key in said[item]), most[key]) for key in OF_WORK}
    own = {key: said[0].get(key, most[key]) for key in OF_FILE}
    return work | own


def _is_told(row: CatalogueRow, key: str) -> bool:
    """Whether somebody says this of a file: a title that is the name of the file at its source is said by nobody."""
    if key == "title" and _plain(row["title"]) == _plain(PurePosixPath(row.get("image_url", "")).stem):
        return False
    return row[key] not in UNTOLD


def _plain(text: str) -> str:
    """Equal for a name and for the title that the catalogue makes of it: composed, without entities and what is unseen.

    Systems spell the accents of a file's name in two ways.
    """
    seen = (sign for sign in unicodedata.normalize("NFC", unescape(text)) if unicodedata.category(sign) != "Cf")
    return " ".join("".join(seen).split())


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
