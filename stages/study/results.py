"""What the study shows, as files: the summary, and all figures in one style."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from stages.metrics.table import HEADLINE
from stages.study import course_figures, figures, forecast_figure
from stages.study.effects import Row
from stages.study.summary import summary

SUMMARY = "summary.md"
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def shown(rows: Sequence[Row], evaluations: Sequence[Row]) -> dict[str, bytes]:
    """The summary and the figures, by the names of their files.

    `rows`: of the cells, 1 or more; `evaluations`: of their trainings, none where an older train made them.
    """
    made = {f"{name}.png": data for name, data in drawn(rows, evaluations).items()}
    return {SUMMARY: summary(rows, evaluations).encode(), **made}


def drawn(rows: Sequence[Row], evaluations: Sequence[Row]) -> dict[str, bytes]:
    """The figures of the cells' rows and of their trainings' evaluations, by the names of their files.

    The same bytes for the same numbers.
    """
    with rc_context(STYLE):
        made = figures.drawn(rows) | forecast_figure.drawn(rows, HEADLINE) | course_figures.drawn(evaluations)
        return {name: png(figure) for name, figure in made.items()}


def png(figure: Figure) -> bytes:
    """The same bytes for the same figure."""
    data = BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()
