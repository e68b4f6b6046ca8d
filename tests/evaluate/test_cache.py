"""The cache gives back what was computed, only for the same pixels in the same context, and survives damage."""

import numpy as np
import pytest
import torch
from PIL import Image

from stages.evaluate.cache import Cache


def pictures(seed: int = 0) -> list[Image.Image]:
    return [
        Image.fromarray(np.random.default_rng((seed, number)).integers(0, 256, (8, 8, 3), np.uint8))
        for number in range(3)
    ]


class Counted:
    """Features that are numbered by the call."""

    def __init__(self):
        self.calls = 0

    def __call__(self) -> torch.Tensor:
        self.calls += 1
        return torch.full((3, 4), 0.1 * self.calls, dtype=torch.float32).double()


@pytest.fixture
def compute():
    return Counted()


def test_the_second_time_nothing_is_computed_and_every_bit_is_the_same(tmp_path, compute):
    first, second = (Cache(tmp_path / "new").get(["a", 1], pictures(), compute) for _ in range(2))
    assert compute.calls == 1 and second.dtype == torch.float64 and torch.equal(first, second)


@pytest.mark.parametrize(("context", "seed"), [(["a", 2], 0), (["a", 1], 1)], ids=["context", "pixels"])
def test_another_context_or_other_pixels_are_computed(tmp_path, compute, context, seed):
    cache = Cache(tmp_path)
    cache.get(["a", 1], pictures(), compute)
    cache.get(context, pictures(seed), compute)
    assert compute.calls == 2


def test_the_same_bytes_in_another_shape_are_other_pictures(tmp_path, compute):
    flat = [Image.frombytes("RGB", (16, 4), picture.tobytes()) for picture in pictures()]
    cache = Cache(tmp_path)
    cache.get([], pictures(), compute)
    cache.get([], flat, compute)
    assert compute.calls == 2


def flipped(entry: bytes) -> bytes:
    """One bit of a number, as a disk flips it: the file is as long as before and can be read."""
    return entry[:-2] + bytes([entry[-2] ^ 0x40]) + entry[-1:]


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda _: b"no numbers", lambda entry: entry[:-8], flipped],
    ids=["empty", "foreign", "cut off", "one bit"],
)
def test_a_damaged_file_counts_as_none_and_is_mended(tmp_path, compute, damage):
    cache = Cache(tmp_path)
    cache.get([], pictures(), compute)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    cache.get([], pictures(), compute)
    assert compute.calls == 2
    cache.get([], pictures(), compute)
    assert compute.calls == 2


def test_only_what_was_kept_is_told_as_found(tmp_path, compute):
    told: list[int] = []
    Cache(tmp_path).get([], pictures(), compute, told.append)
    assert told == []
    Cache(tmp_path).get([], pictures(), compute, told.append)
    assert told == [3]
