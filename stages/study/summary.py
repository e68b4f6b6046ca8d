"""The study in words and tables (Markdown): what was measured, what the learning curves say, what each factor changes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from stages.study.effects import Effect, Row, effects, mean
from stages.study.fit import Learning, Value, learn
from stages.study.table import AUGMENTATIONS, label, levels, lines

TIMES = 4  # how far the learning curve is drawn on: this many times the largest size
SHOWN = {"kid": ("KID", 3), "fid_above_floor": ("FID above its floor", 0)}  # name, decimals
COPIED = {"copied": ("share of copies", 3)}


def summary(rows: Sequence[Row]) -> str:
    """The whole text."""
    parts = [
        "# How far do N pictures go?",
        *means(rows),
        "## With more pictures",
        *forecasts(rows),
        "## What the factors change",
        *changes(rows),
    ]
    return "\n\n".join(parts) + "\n"


def means(rows: Sequence[Row]) -> Iterator[str]:
    """How many cells there are, and the table of the means over seeds."""
    verdicts = Counter(row["verdict"] or "none" for row in rows)
    yield (
        f"{len(rows)} cells; the guard's verdict: "
        + ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
        + "."
    )
    metrics = {key: value for key, value in (SHOWN | COPIED).items() if any(row[key] is not None for row in rows)}
    yield (
        "Means over seeds with 95 % t-intervals. The seeds are those of the training: the works of a size are the same for each, "
        "so that the intervals leave out which works they are."
    )
    table = [["combination", "works", "seeds", *(name for name, _ in metrics.values())], ["---"] * (3 + len(metrics))]
    ordered = sorted(
        rows, key=lambda row: (not row["deduplicated"], list(AUGMENTATIONS).index(row["augmentation"]), row["works"])
    )
    for (deduplicated, augmentation, works), some in groupby(
        ordered, key=lambda row: (row["deduplicated"], row["augmentation"], row["works"])
    ):
        cells = list(some)
        found = [[row[key] for row in cells if row[key] is not None] for key in metrics]
        shown = [
            text(mean(values), decimals) if values else ""
            for values, (_, decimals) in zip(found, metrics.values(), strict=True)
        ]
        table.append([label(deduplicated, augmentation), str(works), str(len(cells)), *shown])
    yield "\n".join(f"| {' | '.join(line)} |" for line in table)


def forecasts(rows: Sequence[Row]) -> Iterator[str]:
    """What each learning curve says, combination by combination."""
    yield "Model: offset + scale x N^-power, least squares over all seeds; the interval is that of resampled seeds and holds only as far as the model does."
    for metric, (name, decimals) in SHOWN.items():
        for deduplicated, augmentation, groups in lines(rows, metric):
            where = f"{name}, {label(deduplicated, augmentation)}"
            if len(groups) < 3:
                yield f"- {where}: a curve takes 3 sizes, here are {len(groups)}."
            else:
                yield f"- {where}: {forecast(learn(groups), name, decimals)}"


def forecast(learning: Learning, name: str, decimals: int) -> str:
    """One learning curve in words."""
    largest = learning.sizes[-1]
    now, then, end, gain = learning.at(largest), learning.at(TIMES * largest), learning.offset(), learning.gain(TIMES)
    said = f"with {TIMES} times as many pictures ({TIMES * largest} works) expect {name} {text(then, decimals)}, "
    said += f"where {largest} works have {now.value:.{decimals}f}."
    if gain.low < 10**-decimals / 2:
        return said + " That more works help at all is not sure from these sizes."
    if end.high - end.low > (now.value - end.value) / 2:
        return (
            said
            + f" Where it ends cannot be told from {len(learning.sizes)} sizes: anything from {end.low:.{decimals}f} to {end.high:.{decimals}f} fits."
        )
    return said + f" It levels off at {text(end, decimals)}."


def comparisons(rows: Sequence[Row], metric: str) -> Iterator[tuple[str, list[Effect]]]:
    """The paired effects of deduplication, and of each augmentation against none, with a title; those that have pairs."""
    none, *others = levels(rows, "augmentation")
    named = [("deduplicated in place of all files", "deduplicated", False, True)]
    named += [
        (f"{AUGMENTATIONS[other]} in place of {AUGMENTATIONS[none]}", "augmentation", none, other) for other in others
    ]
    for title, factor, of, to in named:
        if found := effects(rows, factor, of, to, metric):
            yield title, found


def changes(rows: Sequence[Row]) -> Iterator[str]:
    """The table of the paired effects; below 0 is better."""
    yield "Differences of pairs that are alike in works, seed and the other factor, with 95 % t-intervals; below 0 is better."
    table = [["change", "measure", "works", "pairs", "difference", ""], ["---"] * 6]
    for metric, (name, decimals) in (SHOWN | COPIED).items():
        for title, found in comparisons(rows, metric):
            for effect in found:
                verdict = ("better" if effect.change.high < 0 else "worse") if effect.sure else "not sure"
                table.append(
                    [
                        title,
                        name,
                        str(effect.works or "all"),
                        str(effect.pairs),
                        text(effect.change, decimals + 1),
                        verdict,
                    ]
                )
    yield "\n".join(f"| {' | '.join(line)} |" for line in table)


def text(value: Value, decimals: int) -> str:
    """`0.153 (0.150 .. 0.156)`; without the interval where there is none."""
    low, high = (f"{end:.{decimals}f}" for end in (value.low, value.high))
    return f"{value.value:.{decimals}f}" + (f" ({low} .. {high})" if value.low == value.low else "")
