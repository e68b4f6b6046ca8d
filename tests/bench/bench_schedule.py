"""How far a study scales: hours, idle time and bottleneck of many cells on many nodes, simulated. Prints Markdown.

    PYTHONPATH=. python tests/bench/bench_schedule.py --cpus 2 64

The cells are those of the study of 2026-11-23, choice of the works by choice of the works, one thread each, and take
what these took (its metrics/study.csv, one of two busy cores): the figures of stages/study/MACHINES.md.
"""

import argparse
import time
from itertools import cycle, islice

from stages.study.capacity import GIGABIT, SHARED_SECONDS, Cluster, load
from stages.study.schedule import COMMON, GIT, MLFLOW, simulate

SECONDS = {9: 597, 18: 714, 36: 730, 72: 708, 144: 589, 288: 774}  # by the number of works
SHORT = {COMMON: "common stages", MLFLOW: "MLflow", GIT: "git"}  # words for limits, where their names are none
CELLS, NODES = (48, 1000, 10_000), (1, 8, 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpus", type=int, nargs="+", default=[2, 64], help="of a node")
    parser.add_argument("--megabytes", type=float, default=GIGABIT, help="a second, of the DVC remote")
    asked = parser.parse_args()
    head = [column for cpus in asked.cpus for column in (f"{cpus} CPUs a node: hours", "idle", "bottleneck")]
    print(f"| cells | nodes | {' | '.join(head)} |\n|{'---|' * (len(head) + 2)}")
    slowest = 0.0
    for cells in CELLS:
        for nodes in NODES:
            begin = time.perf_counter()
            fields = [field for cpus in asked.cpus for field in row(cells, Cluster(nodes, cpus, None, asked.megabytes))]
            slowest = max(slowest, time.perf_counter() - begin)
            print(f"| {cells:,} | {nodes} | {' | '.join(fields)} |")
    print(f"\nThe slowest line took {slowest:.2f} seconds.")


def row(cells: int, cluster: Cluster) -> tuple[str, str, str]:
    """Hours, idle share, and the bottleneck with its share of the time."""
    each = list(islice(cycle(SECONDS.values()), cells))
    found = simulate(each, cluster.nodes, cluster.slots(1), load(cluster.megabytes, cells), SHARED_SECONDS)
    limit = f"{SHORT.get(found.bottleneck, found.bottleneck)} ({found.limits[found.bottleneck]:.0%})"
    return f"{found.seconds / 3600:.2f}", f"{found.idle:.0%}", limit


if __name__ == "__main__":
    main()
