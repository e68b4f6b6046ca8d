"""The figures of the trainings' course: score against time, time to the best generator, and what was short."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from stages.metrics.table import METRICS
from stages.study.course import SCORE, Choice, Courses, choices, headline_courses, mean_at, score_at, when_best
from stages.study.effects import Row
from stages.study.figures import INK, SMALL, head, reference_line, single, works_axis

MAP = "RdBu"  # red: time was short, blue: works were


def drawn(points: Sequence[Row]) -> dict[str, Figure]:
    """The figures that the evaluations are enough for, by the names of their files.

    Of one combination of the factors: one file each where there are such cells, the last augmentation of the table.
    """
    if not points:
        return {}
    combination, found = headline_courses(points)
    made = {"time": against_time(found), "plateau": time_to_best(found)}
    if limits := choices(found):
        made["limits"] = what_was_short(limits)
    for figure in made.values():
        head(figure, *combination)
    return made


def shades(count: int) -> list[Any]:
    """From light to dark, one for each size: more works are darker."""
    return [colormaps["viridis_r"](value) for value in np.linspace(0.12, 0.95, count)]


def against_time(found: Courses) -> Figure:
    """The score against the pictures shown, a line a size: the mean over its cells, and their range."""
    figure, axes = single()
    for (works, some), color in zip(found.items(), shades(len(found)), strict=True):
        times = sorted({at for course in some for at, _ in course})
        known = [(at, mean) for at in times if (mean := mean_at(some, at)) is not None]
        x, middle = np.array(known).T
        every = [[score for course in some if (score := score_at(course, at)) is not None] for at in x]
        axes.fill_between(
            x, [min(each) for each in every], [max(each) for each in every], color=color, alpha=0.15, lw=0
        )
        axes.plot(x, middle, color=color, marker="o", markersize=4, linewidth=1.8, label=f"{works} works")
    _time_axis(axes, "x")
    reference_line(axes, 0)
    axes.annotate("as other real works", (1, 0), (-2, 3), xycoords=("axes fraction", "data"), ha="right", **SMALL)
    axes.set_title(f"{METRICS[SCORE].name} to the validation works while the training goes on")
    axes.set_ylabel(f"{METRICS[SCORE].name}, less is better")
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.legend(frameon=False)
    return figure


def time_to_best(found: Courses) -> Figure:
    """When each training had its best generator, against the works."""
    figure, axes = single()
    sizes = list(found)
    times = [[when_best(course) for course in some] for some in found.values()]
    for works, some in zip(sizes, times, strict=True):
        axes.plot([works] * len(some), some, linestyle="", marker="o", color=INK, alpha=0.5)
    axes.plot(sizes, [float(np.median(some)) for some in times], color=INK, linewidth=1.6, label="median")
    ends = [max(course[-1][0] for course in some) for some in found.values()]
    axes.plot(sizes, ends, color=INK, linewidth=1, linestyle=(0, (1, 2)), label="end of the longest training")
    works_axis(axes, sizes)
    _time_axis(axes, "y")
    axes.set_title("How long a training got better")
    axes.legend(frameon=False)
    return figure


def what_was_short(limits: Sequence[Choice]) -> Figure:
    """For each size and time what would have helped more, twice the works or twice the time, and by how much."""
    figure, axes = single()
    axes.grid(visible=False)
    sizes, times = sorted({item.works for item in limits}), sorted({item.kimg for item in limits})
    values = np.full((len(sizes), len(times)), np.nan)
    for item in limits:
        values[sizes.index(item.works), times.index(item.kimg)] = item.by_works - item.by_time
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    axes.imshow(values, cmap=MAP, norm=TwoSlopeNorm(0, -most, most), origin="lower", aspect="auto")
    for item in limits:
        place = times.index(item.kimg), sizes.index(item.works)
        dark = abs(item.by_works - item.by_time) > 0.6 * most
        text = f"works {-item.by_works:z.1f}\ntime {-item.by_time:z.1f}"
        axes.text(*place, text, ha="center", va="center", fontsize=9, color="white" if dark else INK)
    axes.set_xticks(range(len(times)), [f"{at:g}" for at in times])
    axes.set_yticks(range(len(sizes)), [f"{works}" for works in sizes])
    axes.set_xlabel("thousand pictures shown")
    axes.set_ylabel("training works, N")
    axes.set_title(f"What doubling changes in {METRICS[SCORE].name}: blue, the works; red, the time")
    return figure


def _time_axis(axes: Axes, which: str) -> None:
    """A logarithmic axis of pictures shown with round ticks."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(FixedLocator([step * 10**power for power in range(-2, 5) for step in (1, 2, 5)]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_label_text("thousand pictures shown")
