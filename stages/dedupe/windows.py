"""The windows in which two aligned pictures are compared."""

from collections.abc import Iterator

import numpy as np

# Rows and columns of them: a motif that came or went fills at least one (measured: at 5, one look-alike in 25 passes).
COUNT = 7
Window = tuple[np.ndarray, ...]  # the indices of an array's rows and columns


def windows(inside: np.ndarray, counted: np.ndarray) -> Iterator[tuple[Window, np.ndarray]]:
    """Each window of an overlap of which more than half counts, and which of its pixels do; all are bool [H, W]."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    for part_rows in np.array_split(rows, COUNT):
        for part_columns in np.array_split(columns, COUNT):
            window = np.ix_(part_rows, part_columns)
            kept = counted[window]
            if kept.mean() > 0.5:
                yield window, kept
