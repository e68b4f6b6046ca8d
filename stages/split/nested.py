"""Choose works for training, validation and test: seeded, nested, disjoint."""

import numpy as np

from stages.common.cli import UserError


def shuffled(works: list[str], seed: int) -> list[str]:
    """The works in an order that depends on their names and the seed alone, not on the order they came in."""
    names = sorted(works)
    return [names[index] for index in np.random.default_rng(seed).permutation(len(names))]


def with_reserve(
    collection: list[str], reserve: list[str], train: int, validation: int, test: int, seed: int
) -> dict[str, list[str]]:
    """Train on the first `train` works of the shuffled collection (so smaller sets are inside larger ones); judge on the reserve.

    Raises UserError when there are fewer works than asked for.
    """
    if validation + test > len(reserve):
        raise UserError(
            f"split.validation_works + split.test_works is {validation} + {test}, but the reserve has {len(reserve)} works. "
            f"Lower them to {len(reserve)} together, or raise museum.reserve."
        )
    kept = shuffled(reserve, seed)
    return {
        "train": _first(shuffled(collection, seed), train),
        "validation": kept[:validation],
        "test": kept[validation : validation + test],
    }


def by_fraction(collection: list[str], train: int, validation: float, test: float, seed: int) -> dict[str, list[str]]:
    """Without a reserve: the same test and validation works for every training size, taken from the end of the order."""
    order = shuffled(collection, seed)
    n_test, n_validation = max(1, round(test * len(order))), max(1, round(validation * len(order)))
    left = len(order) - n_test - n_validation
    if left < 1:
        raise UserError(
            f"the collection has {len(order)} works: too few to hold out {n_validation} for validation and {n_test} for test. Collect more, or lower split.validation_fraction and split.test_fraction."
        )
    return {
        "train": _first(order[:left], train),
        "validation": order[left : left + n_validation],
        "test": order[left + n_validation :],
    }


def _first(works: list[str], count: int) -> list[str]:
    if count > len(works):
        raise UserError(
            f"split.train_works is {count}, but there are only {len(works)} works to train on. Set it to at most {len(works)}, or collect more works."
        )
    return works[:count]
