"""The windows of an overlap, with and without lines that count nowhere."""

import numpy as np
import pytest

from stages.dedupe.windows import COUNT, windows


def overlap(gap: slice | None) -> np.ndarray:
    """Bool [60, 80]: all but a margin, and but some lines."""
    inside = np.zeros((60, 80), bool)
    inside[3:55, 5:70] = True
    if gap is not None:
        inside[gap] = False
    return inside


@pytest.mark.parametrize("gap", [None, slice(20, 31)])
def test_windows_divide_the_lines_that_count(gap):
    inside = overlap(gap)
    picture = np.arange(inside.size).reshape(inside.shape)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    expected = [
        picture[np.ix_(some, others)].tolist()
        for some in np.array_split(rows, COUNT)
        for others in np.array_split(columns, COUNT)
    ]
    assert [picture[window].tolist() for window, _ in windows(inside, inside)] == expected
    assert all(kept.all() for _, kept in windows(inside, inside))


def test_a_window_of_which_half_counts_is_none():
    inside = overlap(None)
    counted = inside.copy()
    counted[3 : 3 + 4, :] = False  # of the first 8 lines
    assert len(list(windows(inside, counted))) == (COUNT - 1) * COUNT
    counted[3 + 3, :] = inside[3 + 3, :]
    assert len(list(windows(inside, counted))) == COUNT**2
