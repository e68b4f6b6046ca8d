"""Line charts as plain geometry: where the lines, ticks and labels of an SVG lie; page.html draws them, style.css colors them.

All positions are in units of the SVG's viewBox, WIDTH by HEIGHT, y downwards.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 352
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 14, 74  # margins; wide enough for the larger letters of a phone
WINDOW = 9  # rows of the moving mean
NOISY = 4 * WINDOW  # a line of as many points is drawn thin, with its moving mean over it
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Tick:
    """A place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One series: `points` are "x,y x,y ..." as a polyline takes them; `trend` is "" where the line is calm; `dots` where it is sparse."""

    name: str
    points: str
    trend: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Everything that an SVG of a chart says."""

    title: str
    x_label: str
    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    mark: tuple[float, float, str] | None  # a point with its label
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
    """The chart of the columns `names` (column -> name in the legend) against column `x`; None where there is nothing to draw.

    Rows may lack columns, and values that are not finite are left out. The x axis begins at 0; with `zero` the y axis reaches it, too.
    `mark` is (x, y, label) in the data's units.
    """
    series = {name: pairs for column, name in names.items() if (pairs := _pairs(rows, x, column))}
    if not series:
        return None
    points = [pair for pairs in series.values() for pair in pairs]
    across, up = [0.0, *(at for at, _ in points)], [*(value for _, value in points), *[0.0] * zero]
    x_values, y_values = ticks(min(across), max(across), 6), ticks(min(up), max(up), 5)
    x_low, x_high = _span(across, [])
    y_low, y_high = _span(up, y_values)

    def place(pair: tuple[float, float]) -> tuple[float, float]:
        right = LEFT + (pair[0] - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - (pair[1] - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return round(right, 1), round(down, 1)

    lines = []
    for name, pairs in series.items():
        sparse, noisy = len(pairs) < 2 * WINDOW, len(pairs) >= NOISY
        trend = _polyline(map(place, moving_mean(pairs, WINDOW))) if noisy else ""
        lines.append(Line(name, _polyline(map(place, pairs)), trend, [place(pair) for pair in pairs] if sparse else []))
    return Chart(
        title, x_label, lines,
        [Tick(place((value, y_low))[0], label(value, x_values)) for value in x_values],
        [Tick(place((x_low, value))[1], label(value, y_values)) for value in y_values],
        (*place(mark[:2]), mark[2]) if mark else None,
        describe(title, x_label, series),
    )  # fmt: skip


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` + 1 round values (1, 2 or 5 times a power of ten apart) from `low` to `high`, both inside or on the border."""
    width = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(factor * power for factor in (1, 2, 5, 10) if width / (factor * power) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def label(value: float, among: Sequence[float]) -> str:
    """A tick's value with as many decimals as its axis needs."""
    step = among[1] - among[0] if len(among) > 1 else value
    decimals = max(0, -math.floor(math.log10(abs(step)) + 1e-9)) if step else 0
    return f"{value:.{decimals}f}".replace("-", MINUS) if abs(value) < 1e6 else f"{value:.1e}".replace("-", MINUS)


def moving_mean(pairs: Sequence[tuple[float, float]], window: int) -> list[tuple[float, float]]:
    """Each y as the mean of those around it: `window` of them, fewer at the two ends."""
    half = window // 2
    around = [pairs[max(0, number - half) : number + half + 1] for number in range(len(pairs))]
    return [(at, sum(value for _, value in near) / len(near)) for (at, _), near in zip(pairs, around, strict=True)]


def describe(title: str, x_label: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The chart as a sentence: where each line begins and ends."""
    said = [f"{name} goes from {pairs[0][1]:.3g} to {pairs[-1][1]:.3g}" for name, pairs in series.items()]
    last = max(pairs[-1][0] for pairs in series.values())
    return f"{title}, up to {last:g} {x_label}: {'; '.join(said)}."


def _pairs(rows: Sequence[Mapping[str, float]], x: str, column: str) -> list[tuple[float, float]]:
    return [(row[x], row[column]) for row in rows if x in row and math.isfinite(row.get(column, math.nan))]


def _span(values: Sequence[float], wanted: Sequence[float]) -> tuple[float, float]:
    """From the least to the greatest of both, never of no width."""
    low, high = min([*values, *wanted]), max([*values, *wanted])
    room = (high - low) * 0.04 if wanted else 0.0
    return (low - room, high + room) if high > low else (low - 0.5, high + 0.5)


def _polyline(points) -> str:
    return " ".join(f"{right:g},{down:g}" for right, down in points)
