"""The numbers of metrics/dedupe.json: what the sets hold, how right the groups are where the source knows its works."""

from collections.abc import Sequence
from itertools import combinations

from stages.common.records import CatalogueRow, DedupeMetrics, WorkRow
from stages.dedupe.works import set_of


class Metrics(DedupeMetrics, total=False):
    """As the other stages know them, and what only the report shows."""

    not_corrected: list[str]  # lines of data/corrections.csv that found no file, where there are any, with the reason


def metrics(
    members: list[list[int]],
    rows: Sequence[CatalogueRow],
    works: Sequence[WorkRow],
    corrected: list[str],
    lost: Sequence[str] = (),
) -> Metrics:
    """Counts of files and works of both sets, and the corrections that found their files, and those that did not.

    With `precision` and `recall` where every file's true work is known, and `largest_unfaithful` and `faithful_kept`
    where the source tells which file of a work is the faithful one. `members` has the best file of each group first.
    """
    collection = [group for group in members if set_of(group, rows) == "collection"]
    files = sum(map(len, collection))
    values: Metrics = {
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
    if len(truth) == len(rows) and any(row.get("faithful") for row in rows):
        values["largest_unfaithful"], values["faithful_kept"] = choices(members, rows)
    if corrected:
        values["corrected"] = corrected
    if lost:
        values["not_corrected"] = list(lost)
    if trimmed := sum("trimmed" in work for work in works):
        values["trimmed"] = trimmed
    return values


def choices(members: list[list[int]], rows: Sequence[CatalogueRow]) -> tuple[int, int]:
    """How many true works have a largest file that is not the faithful one, and of how many of these that was kept.

    It was not where the largest file was taken for another work, which then is kept as well.
    """
    kept = {item: group[0] for group in members for item in group}
    works: dict[str | None, list[int]] = {}
    for item, row in enumerate(rows):
        works.setdefault(row["work"], []).append(item)
    unfaithful = right = 0
    for items in works.values():
        faithful = {rows[item]["file"] for item in items if rows[item].get("faithful")}
        largest = max(items, key=lambda item: rows[item]["width"] * rows[item]["height"])
        if faithful and rows[largest]["file"] not in faithful:
            unfaithful += 1
            right += rows[kept[largest]]["file"] in faithful
    return unfaithful, right


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
