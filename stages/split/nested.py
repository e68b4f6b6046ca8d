"""Choose works for training, validation and test: seeded, nested, disjoint."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from stages.common.cli import UserError
from stages.common.records import Split, WorkRow
from stages.metrics.table import LEAST
from stages.split.params import SplitParams

Wanted = int | Literal["all"]  # how many works to train on; all: every one that is left


class Works(NamedTuple):
    """The names of a source's works, sorted."""

    collection: list[str]
    reserve: list[str]
    details: list[str]  # of other works, from either set: in no part


def works_of(rows: Sequence[WorkRow]) -> Works:
    """The works that can be split, and the details of others, which are left out.

    A detail in another part than its whole would let the training see a piece of a test work. Left out of all parts,
    it counts for no size of the training set, and a smaller set stays a part of every larger one.
    """
    wholes = [row for row in rows if not row["detail_of"]]
    collection, reserve = ({row["work"] for row in wholes if row["set"] == kind} for kind in ("collection", "reserve"))
    details = {row["work"] for row in rows if row["detail_of"]}
    return Works(sorted(collection), sorted(reserve), sorted(details))


def split(collection: list[str], reserve: list[str], settings: SplitParams) -> Split:
    """The split of a source's works, with its reserve where it has one; raises UserError when there are too few."""
    seed, order = settings.seed, settings.order
    if reserve:
        chosen = with_reserve(collection, reserve, settings.validation_works, settings.test_works, seed)
    else:
        chosen = by_fraction(collection, settings.validation_fraction, settings.test_fraction, seed)
    train = shuffled(chosen["train"], seed, order) if order else chosen["train"]
    return {**chosen, "train": _first(train, settings.train_works)}


def shuffled(works: list[str], *seed: int) -> list[str]:
    """The works in an order that depends on their names and the seed alone, not on the order they came in."""
    names = sorted(works)
    return [names[index] for index in np.random.default_rng(seed).permutation(len(names))]


def with_reserve(collection: list[str], reserve: list[str], validation: int, test: int, seed: int) -> Split:
    """Train on the whole shuffled collection, validate and test on the reserve.

    Raises UserError when the reserve has fewer works than asked for, and when it has all of them.
    """
    if not collection:
        raise UserError(
            f"all {len(reserve)} works are in the reserve, which is never trained on: put some into the set collection"
        )
    if len(reserve) < 2:
        raise UserError(
            "the reserve has 1 work, but one is needed for validation and another for test: put 2 works or more into "
            "the set reserve, or none, which holds out shares of the collection"
        )
    if validation + test > len(reserve):
        raise UserError(
            f"split.validation_works + split.test_works is {validation} + {test}, "
            f"but the reserve has {len(reserve)} works. "
            f"Lower them to {len(reserve)} together, or put more works into the reserve (museum.reserve; of a folder "
            "or a list its column set)."
        )
    kept = shuffled(reserve, seed)
    return {
        "train": shuffled(collection, seed),
        "validation": kept[:validation],
        "test": kept[validation : validation + test],
    }


def by_fraction(collection: list[str], validation: float, test: float, seed: int) -> Split:
    """Without a reserve: the same test and validation works for every training size, taken from the end of the order.

    `validation` and `test` are shares of the collection, 1 work at least. A small collection tests on a larger share,
    up to a third, as evaluate measures distances from LEAST test works on. Raises UserError where nothing is left.
    """
    order = shuffled(collection, seed)
    n_test = max(1, round(test * len(order)), min(LEAST, len(order) // 3))
    n_validation = max(1, round(validation * len(order)))
    left = len(order) - n_test - n_validation
    if left < 1:
        raise UserError(
            f"the collection has {len(order)} works: too few to hold out {n_validation} for validation "
            f"and {n_test} for test. Collect 3 or more, or lower split.validation_fraction and split.test_fraction."
        )
    return {
        "train": order[:left],
        "validation": order[left : left + n_validation],
        "test": order[left + n_validation :],
    }


def unused(works: list[str], chosen: Split) -> int:
    """How many of the works are in no part."""
    return len(set(works) - {*chosen["train"], *chosen["validation"], *chosen["test"]})


def warnings(chosen: Split) -> list[str]:
    """What the later numbers cannot tell since there are too few works for them."""
    train, validation, test = len(chosen["train"]), len(chosen["validation"]), len(chosen["test"])
    found = []
    if test < LEAST or max(validation, train) < LEAST:
        found.append(
            f"{test} test works, and {validation} validation or {train} training works for the floor: with fewer than "
            f"{LEAST} of either no KID, FID or any other distance will be measured, only how near the samples come to "
            "training works. Collect more works, or raise the share of the smaller part"
        )
    if validation < 2:
        found.append("with 1 validation work the best generator cannot be told, and the last one will be kept")
    return found


def _first(works: list[str], count: Wanted) -> list[str]:
    if count == "all":
        return works
    if count > len(works):
        raise UserError(
            f"split.train_works is {count}, but there are only {len(works)} works to train on. "
            f"Set it to all or to at most {len(works)}, or collect more works."
        )
    return works[:count]
