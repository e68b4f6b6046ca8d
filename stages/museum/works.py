"""The catalogue: which works exist, with title, year, technique and look-alikes.

`plan` is a pure function of its arguments. Every fact of a work comes from (seed, set, number) alone, so a longer
collection begins with the shorter one, and the reserve does not depend on the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from stages.museum import titles
from stages.museum.compositions import COMPOSITIONS
from stages.museum.palettes import NAMES as PALETTES

T = TypeVar("T")
BLOCK = 9  # of every nine works of the collection, one varies an earlier one
_SETS = {"collection": 1, "reserve": 2}
_TECHNIQUES = (
    ("Oil on canvas", 0.62),
    ("Oil on panel", 0.14),
    ("Oil on wood", 0.08),
    ("Tempera and oil on panel", 0.06),
    ("Oil and collage on canvas", 0.05),
    ("Gouache on board", 0.05),
)
_FORMATS = (
    ((4, 3), 0.24),
    ((3, 2), 0.17),
    ((1, 1), 0.13),
    ((3, 4), 0.17),
    ((2, 3), 0.09),
    ((5, 4), 0.10),
    ((16, 10), 0.10),
)


@dataclass(frozen=True)
class Work:
    """One work as the catalogue knows it; enough to paint it."""

    id: str
    title: str
    year: int
    technique: str
    set: str
    number: int
    composition: str
    palette: str
    format: tuple[int, int]  # width : height
    key: tuple[int, ...]  # seed of the composition; look-alikes share it
    variation_of: str | None = None

    @property
    def brush_key(self) -> tuple[int, ...]:
        """Seed of what is this work's alone: its changes and its brush strokes."""
        return (self.key[0], _SETS[self.set], self.number, 99)


def plan(collection: int, reserve: int, seed: int) -> list[Work]:
    """The first `collection` works of the collection, then `reserve` works of the reserve."""
    if collection < 1 or reserve < 0:
        raise ValueError("a plan needs at least one work in the collection and none below zero")
    return _series("collection", collection, seed) + _series("reserve", reserve, seed)


def _series(name: str, count: int, seed: int) -> list[Work]:
    works: list[Work] = []
    used: dict[str, int] = {}  # titles of each composition
    for number in range(1, count + 1):
        original = _original_of(name, number, seed)
        if original is None:
            works.append(_new(name, number, seed, used))
        else:
            works.append(_variation(works[original - 1], number, seed))
    return works


def _original_of(name: str, number: int, seed: int) -> int | None:
    """The number of the earlier work that this one varies, if it does."""
    if name != "collection":
        return None
    block, place = divmod(number - 1, BLOCK)
    rng = np.random.default_rng([seed, _SETS[name], 5, block])
    varied = int(rng.integers(5, BLOCK))
    original = int(rng.integers(1, 5))  # never the first: that one is the sleeper
    return block * BLOCK + original + 1 if place == varied else None


def in_rounds(options: tuple[str, ...], number: int, salt: int, name: str, seed: int) -> str:
    """Options in rounds, each round shuffled: neighbors differ, all get used."""
    round_, place = divmod(number - 1, len(options))
    rng = np.random.default_rng([seed, _SETS[name], salt, round_])
    return options[int(rng.permutation(len(options))[place])]


def pick(options: tuple[tuple[T, float], ...], rng: np.random.Generator) -> T:
    """One of the options by chance, each with its weight."""
    weights = np.array([w for _, w in options])
    return options[int(rng.choice(len(options), p=weights / weights.sum()))][0]


def _new(name: str, number: int, seed: int, used: dict[str, int]) -> Work:
    key = (seed, _SETS[name], number)
    rng = np.random.default_rng([*key, 1])
    year = int(rng.integers(1924, 1980))
    technique, ratio = pick(_TECHNIQUES, rng), pick(_FORMATS, rng)
    if name == "collection" and number == 1:
        composition, palette, title = "sleeper", "rose dusk", titles.SLEEPER
        ratio = (4, 3)
    else:
        composition = in_rounds(COMPOSITIONS, number, 11, name, seed)
        palette = in_rounds(PALETTES, number, 12, name, seed)
        turn = used.get(composition, 0)
        used[composition] = turn + 1
        # Even titles belong to the collection, odd ones to the reserve.
        title = titles.title(composition, 2 * turn + (name == "reserve"), seed)
    return Work(
        id=slug(title),
        title=title,
        year=year,
        technique=technique,
        set=name,
        number=number,
        composition=composition,
        palette=palette,
        format=ratio,
        key=key,
    )


def _variation(original: Work, number: int, seed: int) -> Work:
    rng = np.random.default_rng([seed, _SETS[original.set], number, 1])
    title = original.title + str(rng.choice(titles.VARIATIONS))
    year = min(1979, original.year + int(rng.integers(0, 7)))
    return replace(
        original,
        id=slug(title),
        title=title,
        year=year,
        number=number,
        technique=pick(_TECHNIQUES, rng),
        variation_of=original.id,
    )


def slug(title: str) -> str:
    """A title as an id: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
