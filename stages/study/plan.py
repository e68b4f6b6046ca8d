"""What the study will take, before it starts."""

import math
import statistics
from collections.abc import Mapping, Sequence

from stages.common.params import Params
from stages.study.effects import Row
from stages.study.grid import Cell

# Processor seconds of a cell:
KIMG = 5.0  # a thousand pictures of SIDE x SIDE pixels shown, its share of the evaluations included
SIDE = 64
PICTURE = 0.15  # a picture generated and evaluated
REST = 90.0  # all else
MEASURED = "one of two busy threads of a CPU with AVX-512 and bfloat16, preset best_cpu"


def seconds(everything: Params, rows: Sequence[Row]) -> tuple[float, str]:
    """The seconds that a cell is expected to take, and what says so: the median of done ones, else a measurement."""
    taken = [row["seconds"] for row in rows if row["seconds"]]
    if taken:
        return statistics.median(taken), f"the median of {len(taken)} done"
    train = everything["train"]
    shown = train.kimg * (train.resolution / SIDE) ** 2
    expected = shown * KIMG + everything["generate"].count * PICTURE + REST
    return expected, f"measured on {MEASURED}; another preset or size takes another time"


def plan(everything: Params, cells: Mapping[str, Cell], rows: Sequence[Row]) -> str:
    """The expected minutes and cost, then the cells, by the names of their experiments.

    `everything` has the changes that all cells make, `rows` are those of the done cells.
    """
    study, done = everything["study"], {row["experiment"] for row in rows}
    left = len(cells) - len(done)
    each, source = seconds(everything, rows)
    minutes = math.ceil(left / study.jobs) * each / 60
    lines = [f"{len(cells)} cells: {len(done)} done, {left} to do, {study.jobs} at a time"]
    lines += [f"expected: {minutes:.0f} minutes, {each:.0f} seconds a cell ({source})"]
    price = study.cost_per_hour
    if price:
        lines.append(f"cost: {minutes / 60 * price:.2f}, at {price:g} per hour")
    else:
        lines.append("cost: set study.cost_per_hour to see it")
    return "\n".join(lines + [f"  {'done ' if name in done else 'to do'}  {name}" for name in cells])
