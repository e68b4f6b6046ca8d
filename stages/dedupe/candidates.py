"""Pairs of files whose hashes are near: exact, by faiss, which compares packed bits at about a nanosecond a pair.

Tables (`IndexBinaryMultiHash`) were measured slower: at 60 of 256 bits they search most of their buckets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np

from stages.dedupe import views

BLOCK = 16_384  # hashes that ask at a time: bounds the memory for the answers


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
    """
    blocks = [_best(block) for block in _hits(hashes, _distinct(boxes), distance)]
    return Candidates(*_best(np.concatenate(blocks)).T)


def joined(found: Candidates, pairs: np.ndarray, hashes: np.ndarray) -> Candidates:
    """The candidates and further pairs [P, 2] with the hash distance of their whole pictures, in ascending order."""
    bits = np.bitwise_count(hashes[pairs[:, 0], 0] ^ hashes[pairs[:, 1], 0]).sum(1, dtype=np.int64)
    whole = np.zeros_like(bits)
    further = np.stack([pairs[:, 0], pairs[:, 1], bits, whole, whole], 1)
    known = np.stack([found.first, found.second, found.bits, found.view_first, found.view_second], 1)
    return Candidates(*_best(np.concatenate([known, further])).T)


def _distinct(boxes: np.ndarray) -> np.ndarray:
    """Which views [N, V] show something else than the whole picture; and that itself too, plain and mirrored."""
    distinct = np.asarray(boxes.any(-1))
    distinct[:, :: views.COUNT] = True
    return distinct


def _hits(hashes: np.ndarray, distinct: np.ndarray, distance: int) -> Iterator[np.ndarray]:
    """Rows (first, second, bits, view of the first, view of the second) of pairs of files, unordered and repeated."""
    outer = np.arange(hashes.shape[1]) < views.OUTER
    answering = np.argwhere(distinct & outer)  # file, view
    everything = _index(hashes, answering)
    for start in range(0, len(answering), BLOCK):  # outer views among themselves: each pair once
        yield _search(
            hashes, answering[start : start + BLOCK], _index(hashes, answering[start:]), answering[start:], distance
        )
    asking = np.argwhere(distinct & ~outer)
    for start in range(0, len(asking), BLOCK):
        yield _search(hashes, asking[start : start + BLOCK], everything, answering, distance)


def _index(hashes: np.ndarray, rows: np.ndarray) -> faiss.IndexBinaryFlat:
    index = faiss.IndexBinaryFlat(8 * hashes.shape[-1])
    index.add(np.ascontiguousarray(hashes[rows[:, 0], rows[:, 1]]))
    return index


def _search(
    hashes: np.ndarray, asking: np.ndarray, index: faiss.IndexBinaryFlat, answering: np.ndarray, distance: int
) -> np.ndarray:
    codes = np.ascontiguousarray(hashes[asking[:, 0], asking[:, 1]])
    limits, bits, rows = index.range_search(codes, distance + 1)  # faiss: strictly below
    one, other = asking.repeat(np.diff(limits.astype(np.int64)), axis=0), answering[rows]
    one, other = (np.where((one[:, :1] > other[:, :1]), *sides) for sides in ((other, one), (one, other)))
    found = np.stack([one[:, 0], other[:, 0], bits.astype(np.int64), one[:, 1], other[:, 1]], 1)
    return found[one[:, 0] != other[:, 0]]


def _best(rows: np.ndarray) -> np.ndarray:
    """Of each pair of files the row of least distance, among equals of the lowest views; in ascending order."""
    rows = rows[np.lexsort(rows.T[::-1])]
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(1)
    return rows[new]
