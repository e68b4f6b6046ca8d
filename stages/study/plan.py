"""What the study will take, before it starts."""

import math
import statistics
from collections.abc import Mapping, Sequence

from stages.common.params import Params
from stages.study.effects import Row
from stages.study.grid import Cell

KIMG, PICTURE, REST = (
    8.0,
    0.15,
    90.0,
)  # processor seconds: a thousand pictures shown, a picture generated and judged, all else of a cell
MEASURED = "one thread of a busy CPU with AVX-512 at 64 pixels, preset best_cpu"


def seconds(everything: Params, rows: Sequence[Row]) -> tuple[float, str]:
    """The seconds that a cell is expected to take, and what says so: the median of the done ones, else a measurement of ours."""
    taken = [row["seconds"] for row in rows if row["seconds"]]
    if taken:
        return statistics.median(taken), f"the median of {len(taken)} done"
    return (
        everything["train"].kimg * KIMG + everything["generate"].count * PICTURE + REST,
        f"measured on {MEASURED}; another preset or size takes another time",
    )


def plan(everything: Params, cells: Mapping[str, Cell], rows: Sequence[Row]) -> str:
    """The expected minutes and cost, then the cells; `everything` with the changes of all cells, `cells` by the names of their experiments, `rows` of those that are done."""
    study, done = everything["study"], {row["experiment"] for row in rows}
    left = len(cells) - len(done)
    each, source = seconds(everything, rows)
    minutes = math.ceil(left / study.jobs) * each / 60
    lines = [f"{len(cells)} cells: {len(done)} done, {left} to do, {study.jobs} at a time"]
    lines += [f"expected: {minutes:.0f} minutes, {each:.0f} seconds a cell ({source})"]
    price = study.cost_per_hour
    lines += [
        f"cost: {minutes / 60 * price:.2f}, at {price:g} an hour"
        if price
        else "cost: set study.cost_per_hour to see it"
    ]
    return "\n".join(lines + [f"  {'done ' if name in done else 'to do'}  {name}" for name in cells])
