"""The numbers of metrics/dedupe.json: what the sets hold, how right the groups are where the source knows its works."""

from collections.abc import Sequence
from itertools import combinations

from stages.common.records import CatalogueRow, DedupeMetrics, WorkRow
from stages.dedupe.works import set_of


def metrics(
    members: list[list[int]], rows: Sequence[CatalogueRow], works: Sequence[WorkRow], corrected: list[str]
) -> DedupeMetrics:
    """Counts of files and works of both sets, and `precision` and `recall` where every file's true work is known."""
    collection = [group for group in members if set_of(group, rows) == "collection"]
    files = sum(map(len, collection))
    values: DedupeMetrics = {
        "files": files,
        "works": len(collection),
        "duplicates": files - len(collection),
        "reserve_files": len(rows) - files,
        "reserve_works": len(members) - len(collection),
        "details": sum(bool(work["detail_of"]) and work["best"] for work in works),
    }
    truth = [row["work"] for row in rows if row["work"] and not row.get("told")]
    if len(truth) == len(rows):
        values["precision"], values["recall"] = pairwise(members, truth)
    if corrected:
        values["corrected"] = corrected
    if trimmed := sum("trimmed" in work for work in works):
        values["trimmed"] = trimmed
    return values


def pairwise(groups: list[list[int]], truth: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of the pairs that share a group against those that share a true work."""
    found = {pair for group in groups for pair in combinations(sorted(group), 2)}
    works: dict[str, list[int]] = {}
    for item, work in enumerate(truth):
        works.setdefault(work, []).append(item)
    true = {pair for members in works.values() for pair in combinations(members, 2)}
    right = len(found & true)
    precision = right / len(found) if found else 1.0
    recall = right / len(true) if true else 1.0
    return precision, recall
