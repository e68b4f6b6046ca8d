"""Every number of one feature space, with its interval: KID, FID, both with their floor, precision, recall, density, coverage."""

from statistics import mean
from typing import NamedTuple

import torch
from torch import Tensor

from stages.evaluate import jackknife
from stages.metrics import frechet, kernel, manifold
from stages.metrics.kernel import Gram

LEAST = (
    manifold.DENSITY_K + 2
)  # pictures of each set: the jackknife leaves one out, and each of the others needs its neighbors
BOUNDS = {"precision": (0.0, 1.0), "recall": (0.0, 1.0), "density": (0.0, float("inf")), "coverage": (0.0, 1.0)}


class Sets(NamedTuple):
    """Features of three sets of pictures, float64 [., D], LEAST or more each."""

    made: Tensor  # generated
    test: Tensor  # the one reference
    floor: Tensor  # other real works: what a perfect generator would make


def judge(sets: Sets, subsets: int, seed: int) -> dict[str, float]:
    """The numbers; `x_low` and `x_high` bound a 95 % interval over the draw of pictures and works, not over trainings.

    `fid` is of all pictures, as everybody's; but FID falls with the number of pictures, so `fid_above_floor` compares as many
    generated as floor pictures with the test works, and a perfect generator has 0 on average.
    """
    everything = torch.cat(sets)
    products, features = everything @ everything.T, everything.shape[1]
    starts = [0, len(sets.made), len(sets.made) + len(sets.test)]

    def gram(first: Tensor, second: Tensor) -> Gram:
        return Gram(products[first][:, first], products[second][:, second], products[first][:, second], features)

    def measure(*places: Tensor) -> dict[str, float]:
        made, test, floor = (part + start for part, start in zip(places, starts, strict=True))
        pair = gram(made, test)
        count = min(len(made), len(floor))
        matched, base = (
            mean(frechet.distance(gram(part, test)) for part in _parts(all_of, count)) for all_of in (made, floor)
        )
        numbers = {
            "kid": float(kernel.squared_mmd(pair)),
            "fid": frechet.distance(pair),
            "fid_above_floor": matched - base,
        }
        return numbers | manifold.measure(pair)

    whole = [torch.arange(len(part)) for part in sets]
    numbers = measure(*whole)
    errors = jackknife.standard_errors(measure, [len(part) for part in sets], seed)
    numbers["kid"], kid_std = kernel.distance(Gram.of(sets.made, sets.test), subsets, seed)
    floor = Gram.of(sets.floor, sets.test)
    found = {"kid_std": kid_std, "kid_floor": float(kernel.squared_mmd(floor)), "fid_floor": frechet.distance(floor)}
    for name, value in numbers.items():
        low, high = BOUNDS.get(name, (-float("inf"), float("inf")))
        margin = jackknife.NORMAL * errors[name]
        found |= {name: value, f"{name}_low": max(low, value - margin), f"{name}_high": min(high, value + margin)}
    return found


def _parts(places: Tensor, count: int) -> list[Tensor]:
    """As many parts of `count` places as there are."""
    return [part for part in places.split(count) if len(part) == count]
