"""Line charts as SVG inside the page, drawn by matplotlib.

They have the page's font and colors, so that they turn dark with it: matplotlib draws with stand-ins for the colors,
which become the variables of style.css afterwards.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WIDTH, HEIGHT = 640, 352  # units of the SVG
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 22, 74  # margins; wide enough for the larger letters of a phone
WINDOW = 9  # rows of the moving mean
NOISY = 4 * WINDOW  # a line of as many points is drawn thin, with its moving mean over it
SPARSE = 2 * WINDOW  # a line of fewer points has a dot at each
LOW = 0.25  # of the height: only a mark below it has its label above it, where a line that sinks may pass
DASHES = ("", "9 4", "2.5 4")  # of the lines, in units of the SVG, so that they differ without colors too
COLORS = {
    "#010101": "var(--line1)",
    "#010102": "var(--line2)",
    "#010103": "var(--line3)",
    "#010104": "var(--ink)",
    "#010105": "var(--soft)",
    "#010106": "var(--rule)",
}
*LINES, INK, SOFT, RULE = COLORS
STYLE = {
    "axes.edgecolor": SOFT,
    "axes.spines.bottom": False,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.xmargin": 0,
    "font.sans-serif": "DejaVu Sans",
    "font.size": 17,
    "grid.color": RULE,
    "grid.linewidth": 1,
    "lines.linewidth": 2.5,
    "lines.scale_dashes": False,
    "svg.fonttype": "none",
    "xtick.color": SOFT,
    "xtick.labelcolor": SOFT,
    "xtick.major.pad": 9,
    "ytick.labelcolor": SOFT,
    "ytick.left": False,
    "ytick.major.pad": 10,
}
Pairs = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One series in the legend."""

    name: str
    color: str  # of style.css
    dashes: str  # as stroke-dasharray


@dataclass(frozen=True)
class Chart:
    """A chart as page.html takes it."""

    title: str
    lines: list[Line]
    width: int  # units of the SVG
    height: int
    content: str  # of the SVG
    description: str  # the chart in words, for who cannot see it


def chart(
    title: str,
    x_label: str,
    rows: Sequence[Mapping[str, float]],
    x: str,
    names: Mapping[str, str],
    zero: bool = False,
    mark: tuple[float, float, str] | None = None,
) -> Chart | None:
    """The chart of at most three columns `names` (column -> name in the legend) against column `x`.

    Rows may lack columns, and values that are not finite are left out; None where there is nothing to draw. The x axis
    begins at 0; with `zero` the y axis reaches it, too. `mark` is (x, y, label) in the data's units.
    """
    series = {name: pairs for column, name in names.items() if (pairs := _pairs(rows, x, column))}
    if not series:
        return None
    with style.context(["default", STYLE | {"svg.hashsalt": title}], after_reset=True):
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72)  # at 72 dpi a unit is a point
        axes = figure.add_axes(
            (LEFT / WIDTH, BOTTOM / HEIGHT, (WIDTH - LEFT - RIGHT) / WIDTH, (HEIGHT - TOP - BOTTOM) / HEIGHT)
        )
        for pairs, color, dashes in zip(series.values(), LINES, DASHES, strict=False):
            draw_line(axes, pairs, color, dashes)
        set_axes(axes, zero)
        center = (LEFT + WIDTH - RIGHT) / 2
        figure.text(center / WIDTH, 8 / HEIGHT, x_label, ha="center", color=SOFT)
        if mark:
            draw_mark(axes, *mark)
        text = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    lines = [Line(*about) for about in zip(series, map(COLORS.__getitem__, LINES), DASHES, strict=False)]
    return Chart(title, lines, WIDTH, HEIGHT, for_the_page(text.getvalue()), describe(title, x_label, series))


def draw_line(axes: Axes, pairs: Pairs, color: str, dashes: str) -> None:
    """A calm series as a line, a sparse one with dots, a noisy one thin with its moving mean over it."""
    dotted = (0, [float(length) for length in dashes.split()]) if dashes else "-"
    if len(pairs) >= NOISY:
        axes.plot(*zip(*pairs, strict=True), color=color, linewidth=1, alpha=0.4, clip_on=False)
        pairs = moving_mean(pairs, WINDOW)
    (line,) = axes.plot(*zip(*pairs, strict=True), color=color, linestyle=dotted, clip_on=False)
    if len(pairs) < SPARSE:
        line.set(marker="o", markersize=8, markeredgewidth=0)


def set_axes(axes: Axes, zero: bool) -> None:
    """Round ticks, horizontal grid lines, and both axes as long as the lines, never of no length."""
    axes.set_xlim(0, axes.dataLim.x1 or 1)
    low, high = axes.dataLim.intervaly
    if zero:
        low, high = min(low, 0), max(high, 0)
    room = 0.04 * (high - low) or 0.5
    axes.set_ylim(low - room, high + room)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", clip_on=False)
    axes.set_axisbelow(True)


def draw_mark(axes: Axes, x: float, y: float, label: str) -> None:
    """A circle around a point with its label, on the side of it where there is more room."""
    (circle,) = axes.plot([x], [y], color=INK, linestyle="", clip_on=False)
    circle.set(marker="o", markersize=18, markerfacecolor="none", markeredgewidth=1.5)
    right, up = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
    side = "right" if right > 0.5 else "left"
    above = {"xytext": (0, 14), "va": "bottom"}
    below = {"xytext": (0, -14), "va": "top"}
    place = above if up < LOW else below
    axes.annotate(label, (x, y), textcoords="offset points", ha=side, color=INK, **place)


def moving_mean(pairs: Pairs, window: int) -> list[tuple[float, float]]:
    """Each y as the mean of those around it: `window` of them, fewer at the two ends."""
    half = window // 2
    around = [pairs[max(0, number - half) : number + half + 1] for number in range(len(pairs))]
    return [(at, sum(value for _, value in near) / len(near)) for (at, _), near in zip(pairs, around, strict=True)]


def describe(title: str, x_label: str, series: Mapping[str, Pairs]) -> str:
    """The chart as a sentence: where each line begins and ends."""
    said = [f"{name} goes from {pairs[0][1]:.3g} to {pairs[-1][1]:.3g}" for name, pairs in series.items()]
    last = max(pairs[-1][0] for pairs in series.values())
    return f"{title}, up to {last:g} {x_label}: {'; '.join(said)}."


def for_the_page(text: str) -> str:
    """What is inside the SVG of matplotlib, as a part of the page.

    Without its style sheet, which would touch the whole page, and without names that several charts share; the letters
    and colors are the page's.
    """
    inside = text[text.index("<svg") : text.rindex("</svg>")].partition(">")[2]
    inside = re.sub(r"<defs>\s*<style.*?</defs>", "", inside, flags=re.DOTALL)
    inside = re.sub(r' id="(?!m[0-9a-f]{10}")[^"]*"', "", inside)  # all but those of the dots, which are drawn by name
    inside = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", inside)
    return re.sub("|".join(COLORS), lambda found: COLORS[found[0]], inside)


def _pairs(rows: Sequence[Mapping[str, float]], x: str, column: str) -> list[tuple[float, float]]:
    return [(row[x], row[column]) for row in rows if x in row and math.isfinite(row.get(column, math.nan))]
