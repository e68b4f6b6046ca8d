"""What .cache/ and .resume/ keep carries a checksum: one flipped bit anywhere, and it counts as absent."""

import pytest

from stages.common import kept

DATA = bytes(range(256)) + b"\n" * 3


def test_what_was_kept_comes_back(tmp_path):
    kept.write(tmp_path / "deep/entry", DATA)
    assert kept.read(tmp_path / "deep/entry") == DATA
    kept.write(tmp_path / "empty", b"")
    assert kept.read(tmp_path / "empty") == b""


def test_one_flipped_bit_at_any_place_makes_it_absent():
    entry = kept.sealed("entry", DATA)
    damaged = [
        entry[:at] + bytes([entry[at] ^ 1 << bit]) + entry[at + 1 :] for at in range(len(entry)) for bit in range(8)
    ]
    assert len(damaged) == 8 * (65 + len(DATA)) and kept.opened("entry", entry) == DATA
    assert not any(kept.opened("entry", one) is not None for one in damaged)


@pytest.mark.parametrize("length", [0, 1, 64, 65, 100])
def test_what_is_cut_off_is_absent(length):
    assert kept.opened("entry", kept.sealed("entry", DATA)[:length]) is None


def test_an_entry_under_another_name_is_absent(tmp_path):
    kept.write(tmp_path / "one", DATA)
    (tmp_path / "one").rename(tmp_path / "other")
    assert kept.read(tmp_path / "other") is None and kept.read(tmp_path / "one") is None
