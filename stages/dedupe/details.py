"""Pairs of files that share features: how a detail finds its work, since a crop that small hashes like nothing else."""

import faiss
import numpy as np

FLAT = 50_000  # features up to which comparing all is quicker than cells
PROBED = 8  # cells searched of sqrt(F)
NEIGHBORS = 12  # nearest features asked for: copies of the same work share them
REACH = 60.0  # of 255, the length of a feature: how near two must be to be shared
# Features that a pair must share to be compared (measured with 48 features a file: 54 of 60 details are found).
VOTES = 2


def sharing(items: list[np.ndarray]) -> np.ndarray:
    """Pairs of files, first < second, int64 [P, 2], that share at least VOTES features; uint8 [F, 128] of each file."""
    owner = np.repeat(np.arange(len(items)), [len(item) for item in items])
    everything = np.concatenate(items).astype(np.float32)
    if len(everything) == 0:
        return np.zeros((0, 2), np.int64)
    distances, rows = _index(everything).search(everything, min(NEIGHBORS, len(everything)))
    near = (distances <= REACH**2) & (rows >= 0) & (owner[rows] != owner[:, None])
    votes = np.stack([owner.repeat(rows.shape[1]).reshape(rows.shape)[near], owner[rows][near]], 1)
    pairs, counts = np.unique(votes, axis=0, return_counts=True)
    return np.unique(np.sort(pairs[counts >= VOTES], axis=1), axis=0)


def _index(everything: np.ndarray) -> faiss.Index:
    length = everything.shape[1]
    if len(everything) <= FLAT:
        index = faiss.IndexFlatL2(length)
    else:
        cells = round(len(everything) ** 0.5)
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatL2(length), length, cells, faiss.ScalarQuantizer.QT_8bit_direct, faiss.METRIC_L2, False
        )
        index.nprobe = PROBED
        index.train(everything)
    index.add(everything)
    return index
