"""The study's figures: color = augmentation, line and marker = deduplication.

The colors are those of Okabe and Ito, which color-blind eyes tell apart too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from stages.gan.augmentations import AUGMENTATIONS
from stages.study.effects import Effect, Row
from stages.study.learning import LEAST, Groups, Value, learn
from stages.study.shown import DISTANCES, Shown, comparable, measured
from stages.study.summary import TIMES, comparisons
from stages.study.table import label, lines

COLORS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # in the order of AUGMENTATIONS
INK, FAINT = "#333333", "#dddddd"
# Factor between neighboring combinations on the axis of N, so that their intervals do not hide each other.
DODGE = 1.035
SMALL: dict[str, Any] = {"textcoords": "offset points", "color": INK, "fontsize": 9}
EFFECT: dict[str, Any] = {"color": INK, "linewidth": 1.6, "capsize": 3}


def drawn(rows: Sequence[Row]) -> dict[str, Figure]:
    """The figures of what was measured, by the names of their files."""
    made = {shown.figure: against_works(rows, metric, shown) for metric, shown in measured(rows).items()}
    for metric, shown in DISTANCES.items() if rows else ():
        if list(comparisons(rows, metric)):
            made[f"{shown.figure}_effects"] = paired(rows, metric, shown.label)
    return made


def single() -> tuple[Figure, Axes]:
    """A figure of one pair of axes, with lines at the heights of the vertical one."""
    figure = Figure(figsize=(9, 5.4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    return figure, axes


def reference_line(axes: Axes, level: float) -> None:
    """A dotted line at a level to compare with."""
    axes.axhline(level, color=INK, linewidth=1, linestyle=(0, (1, 2)), zorder=1)


def head(figure: Figure, deduplicated: bool, augmentation: str) -> None:
    """Say of which combination of the factors the figure is."""
    figure.suptitle(label(deduplicated, augmentation), x=0.01, ha="left", fontsize=10, color=INK)


def color_of(augmentation: str) -> str:
    """Its color, by its place in the table of augmentations."""
    return COLORS[list(AUGMENTATIONS).index(augmentation) % len(COLORS)]


def against_works(rows: Sequence[Row], metric: str, shown: Shown) -> Figure:
    """A metric against the training works: means with t-intervals, and a level to compare with.

    A distance that compares between sizes has learning curves, drawn on to TIMES times the largest size.
    """
    (figure, axes), forecast = single(), metric in comparable(rows)
    found = list(lines(rows, metric))
    sizes = sorted({works for *_, groups in found for works in groups})
    every = [(shown.mean(groups, works).high, some) for *_, groups in found for works, some in groups.items()]
    top = max(np.nanmax([high, *some.values()]) for high, some in every)
    for number, (deduplicated, augmentation, groups) in enumerate(found):
        shift = DODGE ** (number - (len(found) - 1) / 2)
        draw_line(axes, groups, shown, shift, deduplicated, augmentation)
        if forecast and len(groups) >= LEAST:
            draw_curve(axes, groups, shift, deduplicated, augmentation)
    level = shown.reference_level(rows)
    reference_line(axes, level)
    place = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom"}
    axes.annotate(shown.reference, (1, level), (-2, 3), **SMALL, **place)
    works_axis(axes, [*sizes, TIMES * sizes[-1]] if forecast else sizes)
    if forecast:
        axes.axvline(1.2 * sizes[-1], color=FAINT, linewidth=0.8, zorder=0)
        axes.annotate("forecast", (1.2 * sizes[-1], 1), (4, -2), xycoords=("data", "axes fraction"), va="top", **SMALL)
    other_floors = shown.distance and not forecast
    axes.set_title(f"{shown.title} (not comparable: other floors)" if other_floors else shown.title, pad=44)
    axes.set_ylabel(shown.unit)
    axes.set_ylim(bottom=min(0, level), top=1.06 * max(top, level))
    axes.legend(
        ncols=2,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        frameon=False,
        fontsize=9,
        handlelength=2.6,
        columnspacing=1.2,
    )
    return figure


def draw_line(axes: Axes, groups: Groups, shown: Shown, shift: float, deduplicated: bool, augmentation: str) -> None:
    """The means with their intervals, and each replicate as a faint dash."""
    color, values = color_of(augmentation), [shown.mean(groups, works) for works in groups]
    x = np.array(list(groups)) * shift
    middle = np.array([value.value for value in values])
    ends = np.array([[value.value - value.low, value.high - value.value] for value in values]).T
    style: dict[str, Any] = {"color": color, "linewidth": 1.8, "elinewidth": 1.4, "markersize": 7}
    if deduplicated:
        style |= {"linestyle": "-", "marker": "o", "markerfacecolor": color}
    else:
        style |= {"linestyle": "--", "marker": "s", "markerfacecolor": "white"}
    axes.errorbar(x, middle, np.nan_to_num(ends), zorder=3, label=label(deduplicated, augmentation), **style)
    for at, some in zip(x, groups.values(), strict=True):
        axes.plot(
            [at] * len(some),
            list(some.values()),
            linestyle="",
            marker="_",
            markersize=7,
            color=color,
            alpha=0.55,
            zorder=2,
        )


def draw_curve(axes: Axes, groups: Groups, shift: float, deduplicated: bool, augmentation: str) -> None:
    """The learning curve beyond the largest size, with its band."""
    learning, line = learn(groups), "-" if deduplicated else "--"
    x = np.geomspace(learning.sizes[-1], TIMES * learning.sizes[-1], 40)
    draw_band(axes, x, [learning.at(works) for works in x], shift, color_of(augmentation), line)


def draw_band(axes: Axes, x: np.ndarray, values: Sequence[Value], shift: float, color: str, line: str) -> None:
    """Values with their intervals."""
    low, high = [value.low for value in values], [value.high for value in values]
    axes.fill_between(x * shift, low, high, color=color, alpha=0.10, linewidth=0, zorder=0)
    middle = [value.value for value in values]
    axes.plot(x * shift, middle, color=color, linewidth=1.2, linestyle=line, alpha=0.7, zorder=2)


def works_axis(axes: Axes, sizes: Sequence[int]) -> None:
    """The axis of N: logarithmic, a tick at each size; what lies beyond the trained sizes is a forecast."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.set_xlabel("training works, N")
    axes.tick_params(length=3, colors=INK)


def paired(rows: Sequence[Row], metric: str, title: str) -> Figure:
    """The paired differences, a panel a comparison: every size, and all of them together."""
    panels = list(comparisons(rows, metric))
    figure = Figure(figsize=(4.6 * len(panels), 4.4), dpi=120, layout="constrained")
    all_axes = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, found) in zip(all_axes, panels, strict=True):
        draw_effects(axes, found)
        axes.set_title(name, fontsize=11, fontweight="normal")
    all_axes[0].set_ylabel("difference, below 0 is better")
    figure.suptitle(f"What each step changes in {title}", x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure


def draw_effects(axes: Axes, found: Sequence[Effect]) -> None:
    """Size by size, then all sizes apart and larger; what is not sure is hollow."""
    total, *sizes = found
    for at, effect in enumerate([*sizes, total]):
        at += 0.4 * (effect is total)
        marker, size = ("D", 10) if effect is total else ("o", 7)
        face = INK if effect.sure else "white"
        ends = np.nan_to_num([[effect.change.value - effect.change.low], [effect.change.high - effect.change.value]])
        axes.errorbar([at], [effect.change.value], ends, **EFFECT, marker=marker, markersize=size, markerfacecolor=face)
    axes.axhline(0, color=INK, linewidth=1)
    names = [*(f"{effect.works}" for effect in sizes), f"all\n({total.pairs} pairs)"]
    axes.set_xticks([*range(len(sizes)), len(sizes) + 0.4], names)
    axes.set_xlim(-0.5, len(sizes) + 0.9)
    axes.set_xlabel("training works, N")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
