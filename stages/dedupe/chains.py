"""A second look at groups: a chain of pairs that each look alike can lead from one work to another.

So every file of a group must show the same as one of them, its medoid: the one that looks like most of the others.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import combinations

from stages.dedupe.grouping import Finding, hash_distance
from stages.dedupe.groups import Groups
from stages.dedupe.hashing import Fingerprint
from stages.dedupe.verification import verify

SMALLEST = 3  # files of a group that can be a chain
Pair = tuple[int, int]


def unchained(
    findings: Sequence[Finding], told: Groups, prints: Sequence[Fingerprint], correlation: float, pool: Executor
) -> list[Finding]:
    """The findings without those that lead from one work to another, and with those of the second look.

    What is one work is joined in `told`, which comes with what the user says alone; that is never cut.
    """
    same = {(item.first, item.second): item for item in findings if item.verdict.kind == "same"}
    kept = [item for item in findings if item.verdict.kind != "same"]
    pending = _components(range(len(prints)), same, told)
    while pending:
        medoids = [_medoid(members, same) for members in pending]
        asked = [
            pair
            for members, medoid in zip(pending, medoids, strict=True)
            for item in members
            if item != medoid and (pair := _pair(item, medoid)) not in same and told.root(item) != told.root(medoid)
        ]
        looked = _compare(asked, prints, correlation, pool)
        kept += [item for item in looked if item.verdict.kind in ("part", "whole")]
        same |= {(item.first, item.second): item for item in looked if item.verdict.kind == "same"}
        rest = []
        for members, medoid in zip(pending, medoids, strict=True):
            agreeing = {told.root(item) for item in members if item == medoid or _pair(item, medoid) in same}
            inside = [item for item in members if told.root(item) in agreeing]
            outside = [item for item in members if told.root(item) not in agreeing]
            same = _cut(same, inside, outside)
            rest += _components(outside, same, told)
        pending = rest
    for first, second in same:
        told.join(first, second)
    return kept + list(same.values())


def _pair(one: int, other: int) -> Pair:
    return (min(one, other), max(one, other))


def _cut(same: dict[Pair, Finding], inside: Iterable[int], outside: Iterable[int]) -> dict[Pair, Finding]:
    """Without the pairs that lead from the one files to the others."""
    sides = dict.fromkeys(inside, True) | dict.fromkeys(outside, False)
    return {pair: item for pair, item in same.items() if sides.get(pair[0]) == sides.get(pair[1])}


def _components(items: Iterable[int], same: Iterable[Pair], told: Groups) -> list[list[int]]:
    """The groups of SMALLEST files and more that pairs and the user's word make of some files."""
    places = {item: place for place, item in enumerate(items)}
    found = Groups(len(places))
    for first, second in [*same, *((told.root(item), item) for item in places)]:
        if first in places and second in places:
            found.join(places[first], places[second])
    back = list(places)
    return [[back[place] for place in group] for group in found.members() if len(group) >= SMALLEST]


def _medoid(members: Sequence[int], same: dict[Pair, Finding]) -> int:
    """The file that looks like most others that look like each other; among equals the most alike, then the first.

    A file that leads to another work has one neighbor more than the others of its own: that does not count for it.
    """
    alike: dict[int, dict[int, float]] = {item: {} for item in members}
    for one, other in combinations(members, 2):
        if item := same.get(_pair(one, other)):
            alike[one][other] = alike[other][one] = item.verdict.score

    def likeness(item: int) -> tuple[int, int, float, int]:
        own = alike[item]
        agreed = sum(other in alike[one] for one, other in combinations(own, 2))
        return agreed, -len(own) if agreed else len(own), sum(own.values()), -item

    return max(members, key=likeness)


def _compare(pairs: Sequence[Pair], prints: Sequence[Fingerprint], correlation: float, pool: Executor) -> list[Finding]:
    """Pairs that were not compared before, by their whole pictures."""
    sides = [[prints[pair[side]] for pair in pairs] for side in (0, 1)]
    whole = [0] * len(pairs)
    verdicts = pool.map(partial(verify, correlation=correlation), *sides, whole, whole, chunksize=16)
    return [
        Finding(*pair, hash_distance(*(prints[item] for item in pair)), verdict)
        for pair, verdict in zip(pairs, verdicts, strict=True)
    ]
