"""The figure of the forecast: a curve through the smaller sizes, and what came at the larger ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from stages.study.effects import Row, mean
from stages.study.figures import FAINT, SMALL, color_of, draw_band, head, reference_line, single, works_axis
from stages.study.learning import check, learn
from stages.study.shown import SHOWN, comparable
from stages.study.table import headline_lines

KNOWN = 24  # points of the curve


def drawn(rows: Sequence[Row], metric: str) -> dict[str, Figure]:
    """`forecast`, where there are sizes enough to leave some out, and they compare."""
    if not rows or metric not in comparable(rows):
        return {}
    deduplicated, augmentation, groups = headline_lines(rows, metric)
    known, came = check(groups)
    if not came:
        return {}
    figure, axes = single()
    color, shown = color_of(augmentation), SHOWN[metric]
    learning = learn({size: groups[size] for size in known})
    x = np.geomspace(known[0], max(groups), KNOWN)
    values = [learning.predict(works, len(groups[max(groups)])) for works in x]
    draw_band(axes, x, values, 1, color, "-")
    for size, some in sorted(groups.items()):
        middle, face = mean(list(some.values())).value, color if size in known else "white"
        axes.plot([size] * len(some), list(some.values()), linestyle="", marker="_", color=color, alpha=0.55)
        axes.plot([size], [middle], marker="o", markersize=8, color=color, markerfacecolor=face, linestyle="", zorder=3)
    axes.axvline((known[-1] * came[0].works) ** 0.5, color=FAINT, linewidth=0.8)
    place = {"xycoords": ("data", "axes fraction"), "va": "top"}
    axes.annotate("fitted", (known[-1], 1), (0, -2), ha="center", **place, **SMALL)
    axes.annotate("forecast, and what came", (came[0].works, 1), (0, -2), ha="center", **place, **SMALL)
    reference_line(axes, shown.reference_level(rows))
    works_axis(axes, sorted(groups))
    axes.set_title(f"{shown.label} forecast from {known[-1]} works and fewer ({learning.curve.family.name})")
    axes.set_ylabel(shown.unit)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    head(figure, deduplicated, augmentation)
    return {"forecast": figure}
