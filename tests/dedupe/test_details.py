"""Files that share features are found, whether all features are compared or cells of them."""

import numpy as np
import pytest

from stages.dedupe import details


@pytest.mark.parametrize("flat", [details.FLAT, 100])
def test_files_that_share_features_are_found_and_no_others(monkeypatch, flat):
    monkeypatch.setattr(details, "FLAT", flat)
    rng = np.random.default_rng(0)
    wholes = [rng.integers(0, 90, (64, 128), np.uint8) for _ in range(40)]
    parts = [(whole[:8] + rng.integers(0, 5, (8, 128))).astype(np.uint8) for whole in wholes[:10]]
    one_only = np.concatenate([wholes[20][:1], rng.integers(0, 90, (9, 128), np.uint8)])
    found = details.sharing([*wholes, *parts, one_only, np.zeros((0, 128), np.uint8)])
    assert found.tolist() == [[number, 40 + number] for number in range(10)]


def test_no_features_no_pairs():
    assert details.sharing([np.zeros((0, 128), np.uint8)] * 2).shape == (0, 2)
