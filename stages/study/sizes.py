"""The sizes that `study.train_works: auto` stands for: halves of the works that there are to train on.

How many these are is counted in the works of the last run, so that there must be one.
"""

from collections.abc import Mapping
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from stages.common import files
from stages.common.cli import UserError
from stages.common.params import Params
from stages.common.records import read_works
from stages.metrics.table import HEADLINE, METRICS
from stages.metrics.table import LEAST as LEAST_TEST
from stages.scrape.sources import SOURCES
from stages.split.nested import split, works_of
from stages.split.params import SplitParams
from stages.study.learning import LEAST, smallest_difference

WORKS = Path("data/works/works.jsonl")
SMALLEST = 5  # works: fewer are repeated so often that the size says little
MOST = 6  # sizes


class Sizes(NamedTuple):
    """What was chosen, and what there is to say of it."""

    sizes: list[int]
    told: list[str]


def choose(root: Path, evaluated: str, everything: Params, raw: Mapping[str, Any]) -> Sizes:
    """The sizes for the collection of the last run, with the params that all cells share.

    `evaluated`: the metrics file of its evaluation; `raw`: params.yaml before the changes of all cells. Raises
    UserError without a run, where the cells will have other works than it had, and where works are too few.
    """
    if not (root / WORKS).is_file():
        raise UserError(
            f"study.train_works is auto, which counts the works of the last run, but there is no {WORKS}: "
            "run `dvc repro` first, or name the sizes: study.train_works: [9, 18, 36]"
        )
    if others := _changes_of_works(raw, everything):
        raise UserError(
            f"study.train_works is auto, which counts the works of the last run, but study.changes has {others}, "
            "which gives the cells other works: take it out, or name the sizes"
        )
    settings = everything.section(SplitParams).model_copy(update={"train_works": "all"})
    works = works_of(read_works(root / WORKS))
    parts = split(works.collection, works.reserve, settings)
    train, validation, test = (len(parts[part]) for part in ("train", "validation", "test"))
    alone = test >= LEAST_TEST > validation  # the floor of the distances is then of the training works
    sizes = halved(train, LEAST_TEST if alone else 0)
    listed = ", ".join(map(str, sizes))
    told = [f"study.train_works is auto: {train} works to train on, {test} to test: sizes {listed}"]
    if alone:
        told.append(floor_of_each(validation, len(works.collection), settings, bool(works.reserve)))
    return Sizes(sizes, told + power(root / evaluated, test))


def halved(most: int, least: int = 0) -> list[int]:
    """The works and their halves, halves of halves and so on, SMALLEST or more; of few works three sizes nearer by.

    `least`: the fewest works of which distances are measured; 0 where that is not a matter of the training works.
    """
    halves = [most // 2**number for number in range(MOST) if most // 2**number >= max(SMALLEST, least)]
    if len(halves) < LEAST:
        halves = [most, round((most * max(most / 2, least)) ** 0.5), max(most // 2, least)]
    found = sorted({size for size in halves if 0 < size <= most})
    if len(found) < LEAST:
        raise UserError(
            f"study.train_works is auto, but there are only {most} works to train on, too few for {LEAST} sizes"
            f"{f' of {least} or more, which distances take' if least else ''}: collect more works"
        )
    return found


def floor_of_each(validation: int, collected: int, settings: SplitParams, reserve: bool) -> str:
    """The warning that FLD and FID above the floor will have another floor at each size, with the remedy."""
    if reserve:
        remedy = f"Raise split.validation_works to {LEAST_TEST}"
    else:
        share = ceil(100 * LEAST_TEST / collected) / 100
        enough = next(works for works in count(collected) if round(settings.validation_fraction * works) >= LEAST_TEST)
        remedy = f"Raise split.validation_fraction to {share:g}, or collect {enough} works (here are {collected})"
    return (
        f"warning: with {validation} validation works ({LEAST_TEST} are needed) each size is its own floor, and "
        f"neither FLD nor FID above the floor compares between sizes: only KID will have a curve. {remedy}"
    )


def power(evaluated: Path, test: int) -> list[str]:
    """What so many test works can tell apart, by the intervals of the last run: over the draw of samples and works."""
    name = METRICS[HEADLINE].name
    if test < LEAST_TEST:
        return [
            f"warning: with {test} test works no {name} and no other distance is measured ({LEAST_TEST} are needed): "
            "the study will tell only how many samples are copies. Collect more works, or raise split.test_fraction"
        ]
    found = files.read_json(evaluated) if evaluated.is_file() else {}
    low, high = found.get(f"{HEADLINE}_low"), found.get(f"{HEADLINE}_high")
    if low is None or high is None or found["n_real"] != test:
        return []
    least = smallest_difference(low, high)
    told = (
        f"two trainings must differ by about {least:.1f} in {name} before {test} test works can tell one from the other"
    )
    if least > found[HEADLINE]:
        return [f"warning: {told}, which is more than the whole of what the last run has ({found[HEADLINE]:.1f})"]
    return [told]


def _changes_of_works(raw: Mapping[str, Any], everything: Params) -> str:
    """The changes of all cells that decide which works there are: such as "museum.works"."""
    source = SOURCES[everything.raw["scrape"]["source"]]
    programs = {kind.program.rpartition(".")[2] for kind in SOURCES.values() if kind.program}
    sections = {"scrape", "dedupe"} | (programs & {source.program.rpartition(".")[2]})
    changed = [
        f"{section}.{key}"
        for section in sorted(sections)
        for key, value in everything.raw[section].items()
        if raw[section][key] != value
    ]
    return ", ".join(changed)
