"""Tables find near pairs with the chance that the distance promises, whatever bits differ, and nothing else."""

from itertools import combinations
from math import comb

import faiss
import numpy as np
import pytest

from stages.dedupe import bit_sampling

DISTANCE = 72
PAIRS = 3000


def planted(spread: bool, distance: int = DISTANCE) -> np.ndarray:
    """Hashes uint8 [2 * PAIRS, 32]; rows i and PAIRS + i differ by `distance` bits, anywhere or in the first ones."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (PAIRS, 32), np.uint8)
    flips = np.tile(np.arange(256) < distance, (PAIRS, 1))
    return np.concatenate([hashes, hashes ^ np.packbits(rng.permuted(flips, axis=1) if spread else flips, axis=1)])


def near(hashes: np.ndarray, answering: int | None = None) -> set[tuple[int, ...]]:
    found = bit_sampling.near(hashes, np.arange(len(hashes)), answering or len(hashes), DISTANCE)
    pairs = set(map(tuple, found.tolist()))
    assert len(pairs) == len(found), "each once"
    return pairs


@pytest.mark.parametrize("missed", [0.001, 0.1])
def test_pairs_at_the_full_distance_are_missed_as_often_as_promised(monkeypatch, missed):
    monkeypatch.setattr(bit_sampling, "MISSED", missed)
    found = near(planted(True))
    assert found <= {(PAIRS + row, row) for row in range(PAIRS)}, "random hashes are far from each other"
    assert abs(PAIRS - len(found) - missed * PAIRS) <= 4 * (missed * PAIRS) ** 0.5


def test_it_does_not_matter_which_bits_differ():
    assert len(near(planted(False))) == PAIRS


def test_nearer_pairs_are_found():
    assert len(near(planted(True, 60))) == PAIRS


@pytest.mark.parametrize("bucket", [bit_sampling.BUCKET, 1])
def test_only_the_first_rows_answer_and_files_are_no_pairs_of_their_own(monkeypatch, bucket):
    monkeypatch.setattr(bit_sampling, "BUCKET", bucket)  # with 1 most buckets are empty
    hashes = planted(True, 10)[:: PAIRS // 10].repeat(3, 0)  # 20 different ones, 3 times each
    answering, owners = 12, np.arange(len(hashes)) // 2
    found = bit_sampling.near(hashes, owners, answering, DISTANCE)
    expected = [
        [row, answer]
        for answer, row in combinations(range(len(hashes)), 2)
        if answer < answering and owners[answer] != owners[row]
        if np.bitwise_count(hashes[row] ^ hashes[answer]).sum() <= DISTANCE
    ]
    assert found.tolist() == sorted(expected) and len(expected) > 20


def test_threads_change_nothing():
    hashes, threads = planted(True), faiss.omp_get_max_threads()
    found = near(hashes)
    faiss.omp_set_num_threads(3 - min(threads, 2))
    assert near(hashes) == found
    faiss.omp_set_num_threads(threads)


def test_the_plan_keeps_the_promise_and_the_size_of_buckets():
    for comparisons in (10**5, 10**8, 10**12):
        for distance in (0, 8, 72, 128):
            bits, tables = bit_sampling.plan(comparisons, 256, distance)
            agreeing = comb(256 - distance, bits) / comb(256, bits)
            assert (1 - agreeing) ** tables <= bit_sampling.MISSED * (1 + 1e-9)
            assert comparisons / 4**bits <= 2 * bit_sampling.BUCKET
    assert bit_sampling.worthwhile(10**12, 256, 72)
    assert not bit_sampling.worthwhile(10**12, 256, 128)
