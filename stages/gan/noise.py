"""Random numbers that depend on nothing but a key such as (seed, step).

That is why a resumed run has the bits of an unbroken one.
"""

from collections.abc import Iterable

import numpy as np


def random(*key: int) -> np.random.Generator:
    """An own stream of random numbers for each key of numbers from 0 on."""
    return np.random.default_rng((len(key), *key))  # alone, (1,) and (1, 0) would be the same seed


def normal(seed: int, numbers: Iterable[int], size: int) -> np.ndarray:
    """Standard normal vectors [N, size], float32; the i-th depends on (seed, numbers[i]) alone, whatever the others."""
    return np.stack([random(seed, number).standard_normal(size, np.float32) for number in numbers])
