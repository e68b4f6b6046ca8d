"""The search for works among files: hash all, compare what is near, join what is the same or told to be, look again."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path

from stages.dedupe import corrections
from stages.dedupe.candidates import nearest
from stages.dedupe.chains import unchained
from stages.dedupe.grouping import EQUAL, TOLD, Finding, compare, of_pairs, pairs_to_compare, rounds
from stages.dedupe.groups import Groups
from stages.dedupe.hashing import fingerprints
from stages.dedupe.params import DedupeParams

MOST = 50  # pairs of a file that are compared: enough for what is one work, and a bound where all hashes are alike


def find(
    folder: Path,
    corrected: corrections.Corrections,
    settings: DedupeParams,
    pool: Executor,
    watched: Callable[..., Iterable],
) -> tuple[Groups, list[Finding]]:
    """Which files show one work, and the pairs that say so, or that one is a detail of the other.

    The files lie in `folder`; `watched` shows the progress of what it is given, as `stages.common.cli.progress` does.
    """
    paths = [folder / row["file"] for row in corrected.rows]
    hashed = fingerprints(paths, settings.mirrored, settings.details, pool)
    prints = list(watched(hashed, total=len(paths), desc="hash", unit=" files"))
    alike = pairs_to_compare(prints, settings.hash_distance)
    pairs = nearest(alike, MOST)
    if len(pairs) < len(alike):
        print(f"dedupe: {len(alike)} pairs of files hash alike; compared are the {MOST} nearest of each file")
    groups, _ = corrections.groups(corrected)
    corrections.join_equal(groups, corrected.rows)
    compared = compare(prints, pairs, groups, settings.correlation, pool)
    batches = watched(compared, total=rounds(pairs), desc="compare", unit=" rounds")
    found = [finding for batch in batches for finding in batch if finding.verdict.kind != "different"]
    groups, told = corrections.groups(corrected)
    equal = corrections.join_equal(groups, corrected.rows)
    known = of_pairs(told, TOLD, prints) + of_pairs(equal, EQUAL, prints)
    return groups, known + unchained(found, groups, prints, settings.correlation, pool)
