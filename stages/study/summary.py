"""The study in words and tables (Markdown): what was measured, what learning curves say, what each factor changes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isnan
from typing import Any

from stages.gan.augmentations import AUGMENTATIONS
from stages.study.answer import TIMES, answer
from stages.study.effects import Effect, Row, effects
from stages.study.learning import LEAST, Groups, Learning, learn
from stages.study.shown import DISTANCES, SHOWN, Shown, comparable, measured
from stages.study.table import label, levels, lines, replicate_factor

UNITS = {"order": "choices of the works", "seed": "seeds of the training, of the same works"}


def summary(rows: Sequence[Row], evaluations: Sequence[Row]) -> str:
    """The whole text: of the cells, and of their trainings' evaluations, none where an older train made them."""
    parts = [
        "# How far do N pictures go?",
        *(f"- {sentence}" for sentence in answer(rows, evaluations)),
        "## What was measured",
        *means(rows),
        "## With more pictures",
        *forecasts(rows),
        *changes(rows),
    ]
    return "\n\n".join(parts) + "\n"


def means(rows: Sequence[Row]) -> Iterator[str]:
    """How many cells there are, and the table of the means over replicates."""
    verdicts = Counter(row["verdict"] or "none" for row in rows)
    counts = ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
    yield f"{len(rows)} cells; the guard's verdict: {counts}."
    over = UNITS[replicate_factor(rows)]
    columns = measured(rows)
    own = "".join(f" (but for the {shown.label})" for shown in columns.values() if not shown.distance)
    alike = f"whose standard deviation is taken to be the same at all sizes{own}"
    yield f"Means with 95 % t-intervals over {over}, {alike}."
    table = [["combination", "works", "cells", *(shown.label for shown in columns.values())]]
    values = {key: {tuple(place): groups for *place, groups in lines(rows, key)} for key in columns}
    for (deduplicated, augmentation, works), group in groupby(sorted(rows, key=_place), key=_combination):
        of_metrics = [
            _mean(values[key].get((deduplicated, augmentation), {}), works, shown) for key, shown in columns.items()
        ]
        table.append([label(deduplicated, augmentation), str(works), str(len(list(group))), *of_metrics])
    yield markdown(table)


def _combination(row: Row) -> tuple[bool, str, int]:
    """What the seeds of a row share."""
    return row["deduplicated"], row["augmentation"], row["works"]


def _place(row: Row) -> tuple[bool, int, int]:
    """Where a row stands: deduplicated first, augmentations in the order of their table."""
    return not row["deduplicated"], list(AUGMENTATIONS).index(row["augmentation"]), row["works"]


def _mean(groups: Groups, works: int, shown: Shown) -> str:
    """The mean of a size with its interval, or nothing where it has no numbers."""
    return shown.mean(groups, works).text(shown.decimals) if works in groups else ""


def forecasts(rows: Sequence[Row]) -> Iterator[str]:
    """What each learning curve says, combination by combination."""
    yield (
        "Curves: the family (power law with an offset, exponential, logarithmic) that forecasts the larger sizes best "
        f"from the smaller ones (the power law where {LEAST} sizes tell none); the intervals hold the replicates' "
        "chance and the choice of the family."
    )
    for metric, shown in DISTANCES.items():
        if metric not in comparable(rows):
            yield f"- {shown.label}: no curve, as the sizes have other floors."
            continue
        for deduplicated, augmentation, groups in lines(rows, metric):
            where = f"{shown.label}, {label(deduplicated, augmentation)}"
            if len(groups) < LEAST:
                yield f"- {where}: a curve takes {LEAST} sizes, here are {len(groups)}."
            else:
                yield f"- {where}: {forecast(learn(groups), shown.label, shown.decimals)}"


def forecast(learning: Learning, name: str, decimals: int) -> str:
    """One learning curve in words."""
    largest = learning.sizes[-1]
    now, then = learning.at(largest), learning.at(TIMES * largest)
    end, gain = learning.end(), learning.gain(TIMES)
    said = f"{learning.curve.family.name}, with {TIMES} times as many pictures ({TIMES * largest} works) expect {name} "
    said += f"{then.text(decimals)}, where the curve has {now.value:.{decimals}f} at {largest} works."
    if isnan(gain.low):
        return said
    if gain.low < 10**-decimals / 2:
        return said + " That still more works help at all is not sure from these sizes."
    if not learning.curve.family.ends:
        return said + " Every doubling brings the same, as far as these sizes go: no end can be told."
    if end.high - end.low > (now.value - end.value) / 2:
        anything = f"anything from {end.low:.{decimals}f} to {end.high:.{decimals}f} fits"
        return said + f" Where it ends cannot be told from {len(learning.sizes)} sizes: {anything}."
    return said + f" It levels off at {end.text(decimals)}."


def comparisons(rows: Sequence[Row], metric: str) -> Iterator[tuple[str, list[Effect]]]:
    """The paired effects of deduplication, and of each augmentation against none, with a title; those with pairs."""
    none, *others = levels(rows, "augmentation")
    named: list[tuple[str, str, Any, Any]] = [("deduplicated in place of all files", "deduplicated", False, True)]
    for other in others:
        title = f"{AUGMENTATIONS[other].label} in place of {AUGMENTATIONS[none].label}"
        named.append((title, "augmentation", none, other))
    for title, factor, of, to in named:
        if found := effects(rows, factor, of, to, metric):
            yield title, found


def changes(rows: Sequence[Row]) -> Iterator[str]:
    """The table of the paired effects, where there are pairs; below 0 is better."""
    if not any(found for metric in SHOWN for _, found in comparisons(rows, metric)):
        return
    yield "## What the factors change"
    yield (
        "Differences of pairs that are alike in works, seed and the other factor, with 95 % t-intervals; "
        "below 0 is better."
    )
    table = [["change", "measure", "works", "pairs", "difference", ""]]
    for metric, shown in SHOWN.items():
        for title, found in comparisons(rows, metric):
            for effect in found:
                difference = effect.change.text(shown.decimals + 1)
                works = str(effect.works or "all")
                table.append([title, shown.label, works, str(effect.pairs), difference, _verdict(effect)])
    yield markdown(table)


def _verdict(effect: Effect) -> str:
    if not effect.sure:
        return "not sure"
    return "better" if effect.change.high < 0 else "worse"


def markdown(table: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; its first line is the head."""
    head, *body = table
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
