"""Pairs of files whose hashes are near.

All are compared by faiss, which takes packed bits at about a nanosecond a pair: exact. Where those comparisons are too
many, they are made within buckets only (bit_sampling.py). ACCURACY.md says what that finds and costs, and why not
faiss's own tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import faiss
import numpy as np

from stages.dedupe import bit_sampling, views

BLOCK = 16_384  # hashes that ask at a time: bounds the memory for the answers
EXACT = 10**11  # comparisons of hashes up to which all are made: minutes of one core, about 60,000 files


@dataclass(frozen=True)
class Candidates:
    """Pairs first < second in ascending order, each with its nearest two views; int64 [P] each."""

    first: np.ndarray
    second: np.ndarray
    bits: np.ndarray  # the hash distance
    view_first: np.ndarray
    view_second: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


def candidates(hashes: np.ndarray, boxes: np.ndarray, distance: int) -> Candidates:
    """Pairs of files of which some view of one is within `distance` bits of an outer view of the other.

    `hashes` is uint8 [N, V, 32], `boxes` float32 [N, V, 4]. Every view asks, only the outer views answer, so that more
    views cost linear time. Views that leave nothing away are the whole picture again, and left out.

    Beyond EXACT comparisons a pair may be missed, with a chance of at most `bit_sampling.MISSED`.
    """
    distinct, outer = _distinct(boxes), np.arange(hashes.shape[1]) < views.OUTER
    answering, asking = (np.argwhere(distinct & which) for which in (outer, ~outer))  # file, view
    comparisons = len(answering) * (len(answering) + len(asking))
    sampled = comparisons > EXACT and bit_sampling.worthwhile(comparisons, 8 * hashes.shape[-1], distance)
    search = _sampled if sampled else _exact
    blocks = [_best(block) for block in search(hashes, answering, asking, distance)]
    return Candidates(*_best(np.concatenate(blocks)).T)


def joined(found: Candidates, pairs: np.ndarray, hashes: np.ndarray) -> Candidates:
    """The candidates and further pairs [P, 2] with the hash distance of their whole pictures, in ascending order."""
    bits = np.bitwise_count(hashes[pairs[:, 0], 0] ^ hashes[pairs[:, 1], 0]).sum(1, dtype=np.int64)
    whole = np.zeros_like(bits)
    further = np.stack([pairs[:, 0], pairs[:, 1], bits, whole, whole], 1)
    known = np.stack([found.first, found.second, found.bits, found.view_first, found.view_second], 1)
    return Candidates(*_best(np.concatenate([known, further])).T)


def nearest(found: Candidates, most: int) -> Candidates:
    """Those that are among the `most` nearest of one of their two files at least, in ascending order."""
    kept = np.zeros(len(found), bool)
    for files in (found.first, found.second):
        order = np.lexsort((found.bits, files))
        place = np.arange(len(order)) - np.searchsorted(files[order], files[order])  # in the list of its file
        kept[order[place < most]] = True
    return Candidates(*(getattr(found, column.name)[kept] for column in fields(found)))


def _distinct(boxes: np.ndarray) -> np.ndarray:
    """Which views [N, V] show something else than the whole picture; and that itself too, plain and mirrored."""
    distinct = np.asarray(boxes.any(-1))
    distinct[:, :: views.COUNT] = True
    return distinct


def _exact(hashes: np.ndarray, answering: np.ndarray, asking: np.ndarray, distance: int) -> Iterator[np.ndarray]:
    """Rows (first, second, bits, view of the first, view of the second) of pairs of files, unordered and repeated."""
    everything = _index(hashes, answering)
    for start in range(0, len(answering), BLOCK):  # outer views among themselves: each pair once
        yield _search(
            hashes, answering[start : start + BLOCK], _index(hashes, answering[start:]), answering[start:], distance
        )
    for start in range(0, len(asking), BLOCK):
        yield _search(hashes, asking[start : start + BLOCK], everything, answering, distance)


def _sampled(hashes: np.ndarray, answering: np.ndarray, asking: np.ndarray, distance: int) -> Iterator[np.ndarray]:
    """The same rows, but for those that the tables miss."""
    rows = np.concatenate([answering, asking])
    codes = hashes[rows[:, 0], rows[:, 1]]
    pairs = bit_sampling.near(codes, rows[:, 0], len(answering), distance)
    for block in np.array_split(pairs, len(pairs) // BLOCK + 1):
        one, other = block.T
        bits = np.bitwise_count(codes[one] ^ codes[other]).sum(1, dtype=np.int64)
        yield _rows(rows[one], rows[other], bits)


def _index(hashes: np.ndarray, rows: np.ndarray) -> faiss.IndexBinaryFlat:
    index = faiss.IndexBinaryFlat(8 * hashes.shape[-1])
    index.add(np.ascontiguousarray(hashes[rows[:, 0], rows[:, 1]]))
    return index


def _search(
    hashes: np.ndarray, asking: np.ndarray, index: faiss.IndexBinaryFlat, answering: np.ndarray, distance: int
) -> np.ndarray:
    codes = np.ascontiguousarray(hashes[asking[:, 0], asking[:, 1]])
    limits, bits, rows = index.range_search(codes, distance + 1)  # faiss: strictly below
    return _rows(asking.repeat(np.diff(limits.astype(np.int64)), axis=0), answering[rows], bits)


def _rows(one: np.ndarray, other: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Pairs of views (file, view) of different files as rows, the lower file first."""
    one, other = (np.where((one[:, :1] > other[:, :1]), *sides) for sides in ((other, one), (one, other)))
    found = np.stack([one[:, 0], other[:, 0], bits.astype(np.int64), one[:, 1], other[:, 1]], 1)
    return found[one[:, 0] != other[:, 0]]


def _best(rows: np.ndarray) -> np.ndarray:
    """Of each pair of files the row of least distance, among equals of the lowest views; in ascending order."""
    rows = rows[np.lexsort(rows.T[::-1])]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(1)
    return rows[new]
