"""From verdicts on pairs to works: compare candidate pairs, nearest first, and join what is the same."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from stages.dedupe.candidates import Candidates, candidates, joined
from stages.dedupe.details import sharing
from stages.dedupe.groups import Groups
from stages.dedupe.hashing import Fingerprint
from stages.dedupe.verification import Verdict, verify

# Pairs compared before the groups are consulted again: a constant, so that the findings do not depend on the processes.
ROUND = 512
TOLD, EQUAL = Verdict("same", 1.0, "told"), Verdict("same", 1.0, "bytes")  # by the user, and by all of their bytes


def pairs_to_compare(prints: Sequence[Fingerprint], distance: int) -> Candidates:
    """Pairs that hash alike, and pairs that share features where the fingerprints have any."""
    hashes = np.stack([item.hashes for item in prints])
    found = candidates(hashes, np.stack([item.boxes for item in prints]), distance)
    return joined(found, sharing([item.features for item in prints]), hashes)


@dataclass(frozen=True)
class Finding:
    """A pair that was compared, or that was known to be one work, and what came out."""

    first: int
    second: int
    hash_distance: int  # bits of 256
    verdict: Verdict


def compare(
    prints: Sequence[Fingerprint], pairs: Candidates, groups: Groups, correlation: float, pool: Executor
) -> Iterator[list[Finding]]:
    """Compare the pairs round by round, nearest first, and join what is the same in `groups`.

    Yields what each round found. A pair that earlier rounds have joined already, or that the user's word keeps apart,
    is left out: it could change nothing.
    """
    order = np.argsort(pairs.bits, kind="stable")
    for start in range(0, len(order), ROUND):
        rows = [
            row
            for row in order[start : start + ROUND]
            if groups.root(one := int(pairs.first[row])) != groups.root(other := int(pairs.second[row]))
            and groups.may_join(one, other)
        ]
        found = _round(prints, pairs, rows, correlation, pool)
        yield [item for item in found if item.verdict.kind != "same" or groups.join(item.first, item.second)]


def rounds(pairs: Candidates) -> int:
    """How many times `compare` yields."""
    return -(-len(pairs) // ROUND)


def _round(
    prints: Sequence[Fingerprint], pairs: Candidates, rows: list[int], correlation: float, pool: Executor
) -> Iterator[Finding]:
    first, second = ([int(item) for item in side[rows]] for side in (pairs.first, pairs.second))
    views = ([int(view) for view in side[rows]] for side in (pairs.view_first, pairs.view_second))
    work = partial(verify, correlation=correlation)
    verdicts = pool.map(work, [prints[item] for item in first], [prints[item] for item in second], *views, chunksize=16)
    for one, two, row, verdict in zip(first, second, rows, verdicts, strict=True):
        yield Finding(one, two, int(pairs.bits[row]), verdict)


def of_pairs(pairs: Sequence[tuple[int, int]], verdict: Verdict, prints: Sequence[Fingerprint]) -> list[Finding]:
    """Findings of pairs that are one work without a comparison."""
    return [Finding(one, two, hash_distance(prints[one], prints[two]), verdict) for one, two in pairs]


def hash_distance(first: Fingerprint, second: Fingerprint) -> int:
    """Bits by which the hashes of two whole pictures differ."""
    return int(np.bitwise_count(first.hashes[0] ^ second.hashes[0]).sum())
