"""Near pairs among many hashes: locality-sensitive hashing by bit sampling (Indyk and Motwani 1998, section 4.2).

A table samples some bits at random. Hashes that agree in them share a bucket, and only within buckets all are compared.
Whatever bits two hashes differ in, the draws of the tables are independent of them: so the chance to miss a pair
follows from its distance alone.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import ceil, comb, log, log1p

import faiss
import numpy as np

MISSED = 0.001  # the chance to miss a pair at the full distance; nearer ones are missed less
BUCKET = 100_000  # comparisons in a mean bucket: with fewer the calls cost more, with more the comparisons
MOST = 16  # sampled bits: a key of 16 bits is sorted by its digits, in linear time
BATCH = 16  # tables between two removals of what was found repeatedly: bounds the memory for it


def plan(comparisons: int, length: int, distance: int) -> tuple[int, int]:
    """Of how many bits and how many tables find a pair at `distance` of `length` bits, but for the chance MISSED.

    `comparisons` is how many there are without tables.
    """
    bits = min(MOST, max(1, round(log(max(comparisons / BUCKET, 1), 4))))  # a bucket holds a share 4^-bits of them
    agreeing = comb(length - distance, bits) / comb(length, bits)
    return bits, ceil(log(MISSED) / log1p(-min(agreeing, 1 - MISSED)))


def worthwhile(comparisons: int, length: int, distance: int) -> bool:
    """Whether less than half of the comparisons remain: at large distances more would be repeated than left out."""
    bits, tables = plan(comparisons, length, distance)
    return tables < 2 ** (bits - 1)


def near(codes: np.ndarray, owners: np.ndarray, answering: int, distance: int) -> np.ndarray:
    """Pairs (row, answer) of rows of `codes` uint8 [R, B] within `distance` bits: int64 [P, 2], in ascending order.

    The first rows, `answering` many, answer to those after them. Rows of equal `owners` int [R] are no pair.
    """
    bits, tables = plan(len(codes) * answering, 8 * codes.shape[1], distance)
    rng = np.random.default_rng(0)
    samples = [rng.permutation(8 * codes.shape[1])[:bits] for _ in range(tables)]
    work = partial(_table, codes, np.ascontiguousarray(codes.T), owners, answering, distance)
    found = np.zeros(0, np.int64)
    with ThreadPoolExecutor(faiss.omp_get_max_threads(), "tables", faiss.omp_set_num_threads, (1,)) as pool:
        for start in range(0, tables, BATCH):
            found = np.unique(np.concatenate([found, *pool.map(work, samples[start : start + BATCH])]))
    return np.stack(np.divmod(found, answering), 1)


def _table(
    codes: np.ndarray, columns: np.ndarray, owners: np.ndarray, answering: int, distance: int, sample: np.ndarray
) -> np.ndarray:
    """What one table finds, each pair as one number: row * answering + answer."""
    keys = _keys(columns, sample)
    rows = np.argsort(keys, kind="stable")
    answers = rows[rows < answering]
    counts, found = [], []
    buckets = _bounds(keys, len(sample)), _bounds(keys[:answering], len(sample))
    for asked, hits in _buckets(np.take(codes, rows, 0), np.take(codes, answers, 0), *buckets, distance):
        counts.append(asked)
        found.append(hits)
    one, other = rows.repeat(np.concatenate(counts)), answers[np.concatenate(found)]
    kept = (other < one) & (owners[one] != owners[other])
    return one[kept] * answering + other[kept]


def _keys(columns: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """The sampled bits of each hash as a number, uint16 [R], from the bytes of the hashes, uint8 [B, R]."""
    keys = np.zeros(columns.shape[1], np.uint16)
    for bit in sample.tolist():
        keys <<= 1
        keys |= columns[bit // 8] >> (bit % 8) & 1
    return keys


def _bounds(keys: np.ndarray, bits: int) -> list[int]:
    """Where the buckets begin and end among the sorted keys."""
    return [0, *np.bincount(keys, minlength=2**bits).cumsum().tolist()]


def _buckets(
    asking: np.ndarray, answering: np.ndarray, asks: list[int], answers: list[int], distance: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each bucket how many answers each hash has, and which."""
    for bucket in range(len(asks) - 1):
        ours, theirs = slice(*asks[bucket : bucket + 2]), slice(*answers[bucket : bucket + 2])
        index = faiss.IndexBinaryFlat(8 * asking.shape[1])
        index.add(answering[theirs])
        limits, _, hits = index.range_search(asking[ours], distance + 1)  # faiss: strictly below
        yield np.diff(limits.astype(np.int64)), hits + theirs.start
