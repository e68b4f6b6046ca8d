"""Chains: what leads from one work to another is cut, what the user says is not; a bound on what is compared."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from stages.dedupe import chains
from stages.dedupe.candidates import Candidates, nearest
from stages.dedupe.chains import unchained
from stages.dedupe.grouping import TOLD, Finding
from stages.dedupe.groups import Groups
from stages.dedupe.verification import Verdict


def found(*pairs: tuple[int, int], score: float = 0.8) -> list[Finding]:
    return [Finding(first, second, 0, Verdict("same", score, "view")) for first, second in pairs]


@pytest.fixture
def second_look(monkeypatch):
    """Call it with findings and what the second look would call the same; gives groups, findings, who was asked."""
    asked: list[tuple[int, int]] = []

    def look(count: int, findings: list[Finding], true: set[tuple[int, int]], told: tuple[tuple[int, int], ...] = ()):
        def compare(pairs: list[tuple[int, int]], *_: Any) -> list[Finding]:
            asked.extend(pairs)
            return [Finding(*pair, 0, verdict(pair)) for pair in pairs]

        def verdict(pair: tuple[int, int]) -> Verdict:
            return Verdict("same" if pair in true else "part" if pair == (0, 7) else "different", 0.9, "view")

        monkeypatch.setattr(chains, "_compare", compare)
        groups = Groups(count)
        for pair in told:
            groups.join(*pair)
        prints: Any = range(count)
        with ThreadPoolExecutor(1) as pool:
            left = unchained(findings, groups, prints, 0.7, pool)
        return groups.members(), left, asked

    return look


def test_a_chain_is_cut_where_a_file_does_not_agree_with_the_medoid(second_look):
    groups, left, asked = second_look(5, found((0, 1), (1, 2), (2, 3), (3, 4)), true={(1, 3)})
    assert groups == [[0, 1, 2, 3], [4]], "1 is the first of the three that have most neighbors"
    assert asked == [(1, 3), (1, 4)]
    for item in left:
        assert any({item.first, item.second} <= set(group) for group in groups), "no finding leads out of its group"


def test_copies_that_agree_stay_one_work_and_are_asked_once(second_look):
    findings = found((0, 1), (1, 2), (2, 3))
    groups, left, asked = second_look(4, findings, true={(1, 3)})
    assert groups == [[0, 1, 2, 3]] and asked == [(1, 3)]
    assert left[:3] == findings and (left[3].first, left[3].second) == (1, 3)


def test_pairs_and_full_groups_are_not_looked_at_again(second_look):
    findings = found((0, 1), (2, 3), (2, 4), (3, 4))
    assert second_look(6, findings, true=set()) == ([[0, 1], [2, 3, 4], [5]], findings, [])


def test_the_users_word_is_never_cut(second_look):
    groups, _, _ = second_look(4, found((1, 2), (2, 3)), true=set(), told=((0, 1), (0, 3)))
    assert groups == [[0, 1, 2, 3]]
    assert found((0, 1))[0].verdict != TOLD


def test_a_detail_of_the_medoid_is_reported_as_one(second_look):
    findings = found((0, 1), (0, 2), (0, 3), (3, 7))
    groups, left, _ = second_look(8, findings, true=set())
    assert [0, 1, 2, 3] in groups and [7] in groups
    assert [(item.first, item.second) for item in left if item.verdict.kind == "part"] == [(0, 7)]


def test_what_is_left_of_a_group_is_looked_at_again(second_look):
    first = found((0, 1), (0, 2), (0, 3), (0, 4), (3, 4), (1, 2), (1, 3), (2, 3), (1, 4), (2, 4))
    second = found((4, 5), (5, 6), (6, 7), (5, 7))
    groups, _, _ = second_look(8, first + second, true=set())
    assert groups == [[0, 1, 2, 3, 4], [5, 6, 7]]


def test_of_many_pairs_the_nearest_of_each_file_are_compared():
    first, second = np.triu_indices(30, 1)
    bits = second - first
    zero = np.zeros_like(bits)
    everything = Candidates(first, second, bits, zero, zero)
    few = nearest(everything, 3)
    assert len(few) == 3 * 30 - 6 and few.bits.max() == 3
    assert np.array_equal(np.lexsort((few.second, few.first)), np.arange(len(few)))
    assert len(nearest(everything, 30)) == len(everything)
