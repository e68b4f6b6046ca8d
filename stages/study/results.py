"""What the study shows, as files: the summary, and all figures in one style."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from stages.common import files
from stages.metrics.table import HEADLINE
from stages.study import course_figures, figures, forecast_figure
from stages.study.effects import Row
from stages.study.shown import SHOWN
from stages.study.summary import summary

SUMMARY = "summary.md"
FIGURES = {  # by the names of their files: all that a study can have
    *(name for one in SHOWN.values() for name in (one.figure, f"{one.figure}_effects")),
    *("forecast", "time", "plateau", "limits"),
}
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


def write(folder: Path, made: Mapping[str, bytes]) -> None:
    """Write what is shown, and remove the figures that a study of other cells left and this one does not have."""
    for name, data in made.items():
        files.write_bytes(folder / name, data)
    for name in {f"{figure}.png" for figure in FIGURES} - set(made):
        (folder / name).unlink(missing_ok=True)


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
