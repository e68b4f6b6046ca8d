"""Is it copying? The nearest training work of each generated picture.

Beside it stands how near works come that nobody has copied: the test works.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

import torch
from PIL import Image, ImageOps
from scipy.special import betaincinv, ndtri  # scipy.stats takes as long to import as a third of torch
from torch import Tensor

from stages.common.images import sheet, square
from stages.evaluate import perceptual

LEVELS = (0.025, 0.975)  # of a 95 % interval
QUANTILE = 0.01  # of the test works' distances: what is nearer counts as copied
ZOOM = 0.95  # share of the side that a variant shows, since the training crops
VARIANTS = 4  # of each work
BLOCK = 128  # works in memory at once; with more, every picture passes the network again for each further block
BATCH = 32  # pictures
PAIRS, COLUMNS, CELL = 12, 3, 128  # of the sheet of the nearest: pairs, pairs in a row, pixels of a picture
Embed = Callable[[Sequence[Image.Image]], Tensor]  # RGB pictures to float32 [N, D]


class Nearest(NamedTuple):
    """Of each picture: the nearest training work, by its place, and its perceptual distance (LPIPS, about 0..1)."""

    work: list[int]
    distance: list[float]


class Copying(NamedTuple):
    """What the search has found of the generated pictures."""

    nearest: Nearest
    below: float  # the distance below which a picture counts as copied
    works: int  # test works, from which it was taken

    def numbers(self) -> dict[str, float]:
        """As keys of metrics/evaluate.json."""
        return share(self.nearest.distance, self.below) | {"copied_threshold": self.below} | by_chance(self.works)

    def rows(self, files: Sequence[str], works: Sequence[str]) -> list[dict[str, Any]]:
        """Who is nearest to which work, by the names of the pictures' files and of the works."""
        return [
            {"file": file, "work": works[work], "distance": round(distance, 4), "copied": distance < self.below}
            for file, work, distance in zip(files, self.nearest.work, self.nearest.distance, strict=True)
        ]

    def sheet(self, pictures: Sequence[Image.Image], works: Sequence[Image.Image]) -> Image.Image:
        """The nearest PAIRS of all: a picture, and beside it the work."""
        closest = sorted(range(len(pictures)), key=self.nearest.distance.__getitem__)[:PAIRS]
        pairs = [sheet([pictures[number], works[self.nearest.work[number]]], 2, (CELL, CELL), 2) for number in closest]
        return sheet(pairs, COLUMNS, pairs[0].size, 12)


def search(
    pictures: Sequence[Image.Image],
    test: Sequence[Image.Image],
    trained: Sequence[Image.Image],
    embed: Embed,
    on_progress: Callable[[int], object],
) -> Copying:
    """Compare generated pictures and test works, square RGB, with the training works.

    `on_progress` is called with the number of pictures done, generated ones and test works.
    """
    found, usual = nearest([pictures, test], trained, embed, on_progress)
    return Copying(found, threshold(usual.distance), len(test))


def nearest(
    sets: Sequence[Sequence[Image.Image]],
    works: Sequence[Image.Image],
    embed: Embed,
    on_progress: Callable[[int], object] = lambda _: None,
) -> list[Nearest]:
    """Compare sets of square RGB pictures with all works (1 or more), in blocks that bound the memory.

    `on_progress` is called with the number of pictures done.
    """
    places = [torch.zeros(len(pictures), dtype=torch.int64) for pictures in sets]
    least = [torch.full((len(pictures),), float("inf")) for pictures in sets]
    for first in range(0, len(works), BLOCK):
        vectors = embed([variant for work in works[first : first + BLOCK] for variant in variants(work)])  # [V B, D]
        squares = perceptual.squares(vectors)
        for pictures, place, best in zip(sets, places, least, strict=True):
            for start in range(0, len(pictures), BATCH):
                part = slice(start, start + BATCH)
                found = perceptual.distances(embed(pictures[part]), vectors, squares).min(dim=1)
                nearer = found.values < best[part]
                place[part] = torch.where(nearer, first + found.indices // VARIANTS, place[part])
                best[part] = torch.where(nearer, found.values, best[part])
                if first == 0:
                    on_progress(len(nearer))
    return [Nearest(place.tolist(), best.tolist()) for place, best in zip(places, least, strict=True)]


def variants(work: Image.Image) -> list[Image.Image]:
    """A work as a copyist of it may show it: plain, nearer (trainings crop), and both mirrored."""
    near = square(work.crop(_middle(work)), work.width)
    return [work, near, ImageOps.mirror(work), ImageOps.mirror(near)]


def threshold(test: Sequence[float]) -> float:
    """The distance below which a picture counts as copied, from the test works' own nearest distances."""
    return torch.tensor(test, dtype=torch.float64).quantile(QUANTILE).item()


def by_chance(works: int) -> dict[str, float]:
    """The share of pictures that count as copied though nothing is, with its 95 % interval: how sure the threshold is.

    It is the distribution of an order statistic of so many test works, Beta(k, works + 1 - k) (David and Nagaraja 2003,
    "Order Statistics", section 2.3), at the quantile's place k. With 144 works 0.3 % to 4 %, with 7 up to 40 %.
    """
    place = 1 + QUANTILE * (works - 1)
    low, high = (float(betaincinv(place, works + 1 - place, level)) for level in LEVELS)
    return {"copied_by_chance": place / (works + 1), "copied_by_chance_low": low, "copied_by_chance_high": high}


def share(distances: Sequence[float], below: float) -> dict[str, float]:
    """The share of copied pictures with its 95 % interval (Wilson 1927, with the score test's normal quantile)."""
    number = len(distances)
    copied = sum(distance < below for distance in distances) / number
    quantile = float(ndtri(LEVELS[1]))
    weight = 1 / (1 + quantile**2 / number)
    middle = weight * (copied + quantile**2 / (2 * number))
    half = weight * quantile * sqrt(copied * (1 - copied) / number + quantile**2 / (4 * number**2))
    # At either end the interval ends where the share is; rounding could leave it out.
    low, high = min(max(middle - half, 0.0), copied), max(min(middle + half, 1.0), copied)
    return {"copied": copied, "copied_low": low, "copied_high": high}


def _middle(picture: Image.Image) -> tuple[int, int, int, int]:
    """The middle of a square picture, ZOOM of its side."""
    border = round(picture.width * (1 - ZOOM) / 2)
    return (border, border, picture.width - border, picture.height - border)
