"""Pairs of files that share features: how a detail finds its work, since a crop that small hashes like nothing else."""

from collections.abc import Iterator, Sequence

import faiss
import numpy as np

BLOCK = 4096  # files of which the features are floats at a time
SAMPLE = 256  # features of a cell, on average, from which its center is learned: as many as faiss takes
FLAT = 50_000  # features up to which comparing all is quicker than cells
PROBED = 8  # cells searched of sqrt(F)
NEIGHBORS = 12  # nearest features asked for: copies of the same work share them
REACH = 60.0  # of 255, the length of a feature: how near two must be to be shared
# Features that a pair must share to be compared (measured with 48 features a file: 54 of 60 details are found).
VOTES = 2


def sharing(items: Sequence[np.ndarray]) -> np.ndarray:
    """Pairs of files, first < second, int64 [P, 2], that share at least VOTES features; uint8 [F, 128] of each file.

    Features become the floats that faiss asks for a block of files at a time: all at once they would be the most that
    the stage holds.
    """
    owner = np.repeat(np.arange(len(items)), [len(item) for item in items])
    if len(owner) == 0:
        return np.zeros((0, 2), np.int64)
    index, count = _index(items, len(owner)), min(NEIGHBORS, len(owner))
    votes, start = [], 0
    for block in _blocks(items):
        distances, rows = index.search(block, count)
        asking = owner[start : start + len(block), None]
        near = (distances <= REACH**2) & (rows >= 0) & (owner[rows] != asking)
        votes.append(np.stack([np.broadcast_to(asking, rows.shape)[near], owner[rows][near]], 1))
        start += len(block)
    pairs, counts = np.unique(np.concatenate(votes), axis=0, return_counts=True)
    return np.unique(np.sort(pairs[counts >= VOTES], axis=1), axis=0)


def _index(items: Sequence[np.ndarray], features: int) -> faiss.Index:
    length = items[0].shape[1]
    if features <= FLAT:
        index = faiss.IndexFlatL2(length)
    else:
        cells = round(features**0.5)
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatL2(length), length, cells, faiss.ScalarQuantizer.QT_8bit_direct, faiss.METRIC_L2, False
        )
        index.nprobe = PROBED
        index.train(np.concatenate(items[:: max(1, features // (SAMPLE * cells))]).astype(np.float32))
    for block in _blocks(items):
        index.add(block)
    return index


def _blocks(items: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """The features of BLOCK files at a time, float32 [F, 128]."""
    for start in range(0, len(items), BLOCK):
        yield np.concatenate(items[start : start + BLOCK]).astype(np.float32)
