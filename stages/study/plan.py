"""What the study will take, before it starts."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from stages.common.params import Params
from stages.study.capacity import MEGABYTES, MLFLOW_CORES, MLFLOW_RUNS, SHARED_SECONDS, Cluster, load
from stages.study.effects import Row
from stages.study.grid import FACTORS, Cell
from stages.study.schedule import CELL, COMMON, GIT, MLFLOW, NODES, REMOTE, Schedule, simulate

# Processor seconds of a cell:
KIMG = 5.0  # a thousand pictures of SIDE x SIDE pixels shown, its share of the evaluations included
SIDE = 64
PICTURE = 0.15  # a picture generated and evaluated
REST = 90.0  # all else
MEASURED = "one of two busy threads of a CPU with AVX-512 and bfloat16, preset best_cpu"
LIKE = [factor for factor in FACTORS if factor not in ("order", "seed")]  # cells alike in these take as long
LIMITS = {
    CELL: "the longest cell: more nodes would not end it sooner",
    NODES: "the nodes themselves: more of them would end it sooner",
    REMOTE: f"the DVC remote, with {MEGABYTES:g} MB a cell: a faster link, or an object store near the nodes",
    MLFLOW: f"the MLflow server, with {MLFLOW_RUNS:.1f} runs a second on {MLFLOW_CORES} cores: give it more of them",
    GIT: "origin, where a push takes the longer the more refs there are: `git pack-refs --all` there, now and then",
    COMMON: "what all cells have in common is made first: `dvc repro` and `dvc push --run-cache` beforehand",
}


def seconds(everything: Params, rows: Sequence[Row]) -> tuple[float, str]:
    """The seconds that a cell is expected to take, and what says so: the median of done ones, else a measurement."""
    taken = [row["seconds"] for row in rows if row["seconds"]]
    if taken:
        return statistics.median(taken), f"the median of {len(taken)} done"
    train = everything["train"]
    shown = train.kimg * (train.resolution / SIDE) ** 2
    expected = shown * KIMG + everything["generate"].count * PICTURE + REST
    return expected, f"measured on {MEASURED}; another preset or size takes another time"


def seconds_of_each(everything: Params, cells: Sequence[Cell], rows: Sequence[Row]) -> list[float]:
    """What cells are expected to take: as done ones of the same size and kind do, else as any.

    Of two done ones the faster: the first cells of a study have waited for what all have in common.
    """
    any_cell, _ = seconds(everything, rows)
    done: dict[tuple, list[float]] = {}
    for row in rows:
        if row["seconds"]:
            done.setdefault(tuple(row[factor] for factor in LIKE), []).append(row["seconds"])
    medians = {kind: statistics.median_low(taken) for kind, taken in done.items()}
    return [medians.get(tuple(getattr(cell, factor) for factor in LIKE), any_cell) for cell in cells]


def plan(everything: Params, cells: Mapping[str, Cell], rows: Sequence[Row], cluster: Cluster | None = None) -> str:
    """The expected time and cost, here or on a cluster, then the cells, by the names of their experiments.

    `everything` has the changes that all cells make, `rows` are those of the done cells. Raises UserError when a cell
    is too large for a node.
    """
    done = {row["experiment"] for row in rows}
    left = [cell for name, cell in cells.items() if name not in done]
    expected = on_cluster(everything, left, rows, cluster) if cluster else here(everything, len(left), rows)
    first, *others = expected
    lines = [f"{len(cells)} cells: {len(done)} done, {len(left)} to do, {first}", *others]
    return "\n".join(lines + [f"  {'done ' if name in done else 'to do'}  {name}" for name in cells])


def here(everything: Params, left: int, rows: Sequence[Row]) -> Iterator[str]:
    """How many of the cells that are left run at a time on this machine; minutes; cost."""
    study = everything["study"]
    each, source = seconds(everything, rows)
    minutes = math.ceil(left / study.jobs) * each / 60
    yield f"{study.jobs} at a time"
    yield f"expected: {minutes:.0f} minutes, {each:.0f} seconds a cell ({source})"
    yield cost(minutes / 60, study.cost_per_hour)


def on_cluster(everything: Params, left: Sequence[Cell], rows: Sequence[Row], cluster: Cluster) -> Iterator[str]:
    """How many of the cells that are left run at a time there; hours and idle time; cost; what the limit is."""
    study = everything["study"]
    slots = cluster.slots(everything["runtime"].threads, study.gpus_per_cell)
    each = seconds_of_each(everything, left, rows)
    found = simulate(each, cluster.nodes, slots, load(cluster.megabytes, len(left)), 0.0 if rows else SHARED_SECONDS)
    hours, mean = found.seconds / 3600, statistics.fmean(each or [0.0])
    yield f"{cluster.nodes * slots} at a time on {counted(cluster.nodes, 'node')} of {counted(cluster.cpus, 'CPU')}"
    source = seconds(everything, rows)[1]
    yield f"expected: {hours:.2f} hours, slots idle for {found.idle:.0%} of it; {mean:.0f} seconds a cell ({source})"
    yield cost(hours * cluster.nodes, study.cost_per_hour, " and node")
    if left:
        yield f"bottleneck: {limit(found, len(left), cluster.nodes, slots)}"


def limit(found: Schedule, cells: int, nodes: int, slots: int) -> str:
    """What the limit of a simulated study is, its share of the time, and what to do."""
    said = LIMITS[found.bottleneck]
    if found.bottleneck == CELL and cells < nodes * slots:
        said = f"too few cells: {counted(math.ceil(cells / slots), 'node')} would take as long"
    return f"{said} ({found.limits[found.bottleneck]:.0%} of the time)"


def cost(hours: float, price: float, of: str = "") -> str:
    """The line of the cost, of hours at a price for each; 0 = not known."""
    return (
        f"cost: {hours * price:.2f}, at {price:g} per hour{of}" if price else "cost: set study.cost_per_hour to see it"
    )


def counted(number: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
