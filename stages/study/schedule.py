"""A study on a cluster, simulated: when it ends, how long the slots of the nodes stand idle, and what the limit is.

List scheduling (Graham 1966): a slot that is free takes the next cell of the list. A cell pulls from the DVC remote,
computes, pushes to the remote, logs its run to the MLflow server and pushes its ref to origin. These three serve one
request after another, in the order in which they come; a link that transfers share ends the last one at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count

REMOTE, MLFLOW, GIT = "remote", "mlflow", "git"  # what all cells share
COMMON, CELL, NODES = "common", "cell", "nodes"  # what else can be the limit


@dataclass(frozen=True)
class Load:
    """For how many seconds a cell keeps what all share busy; 0 = it is no limit."""

    node: float = 0.0  # the remote, for what a node pulls once: its first cell, and the others there wait for it
    pull: float = 0.0  # the remote, before the cell computes
    push: float = 0.0  # the remote, after that
    mlflow: float = 0.0
    git: float = 0.0

    def alone(self) -> float:
        """Seconds of a cell for which nobody else is in the way, beside its own and what a node pulls once."""
        return self.pull + self.push + self.mlflow + self.git


@dataclass(frozen=True)
class Schedule:
    """What a simulation found."""

    seconds: float  # from the start to the end of the last cell
    idle: float  # share of the slots' time in which they compute no cell, 0..1
    limits: dict[str, float]  # how much of `seconds` each limit would take if there were no other, 0..1
    events: int  # that were simulated

    @property
    def bottleneck(self) -> str:
        """The limit that takes most; the study cannot end sooner while that one stays."""
        return max(self.limits, key=self.limits.__getitem__)


def simulate(cells: Sequence[float], nodes: int, slots: int, load: Load, common: float = 0.0) -> Schedule:
    """The schedule of cells of these seconds, in this order, on `nodes` nodes that run `slots` cells at a time each.

    `common`: seconds before any cell can start, in which what all have in common is made, once.
    """
    if not cells:
        return Schedule(0.0, 0.0, dict.fromkeys((CELL, NODES, REMOTE, MLFLOW, GIT, COMMON), 0.0), 0)
    used = min(nodes * slots, len(cells))
    seconds, events = _run(cells, nodes, used, load, common)
    alone = [own + load.alone() for own in cells]
    alone[0] += load.node
    takes = {  # where two take the same, the first one is named
        CELL: max(alone),
        NODES: sum(alone) / (nodes * slots),
        REMOTE: min(nodes, used) * load.node + len(cells) * (load.pull + load.push),
        MLFLOW: len(cells) * load.mlflow,
        GIT: len(cells) * load.git,
        COMMON: common,
    }
    limits = {name: taken / seconds if seconds else 0.0 for name, taken in takes.items()}
    idle = 1 - sum(cells) / (nodes * slots * seconds) if seconds else 0.0
    return Schedule(seconds, max(0.0, idle), limits, events)


def _run(cells: Sequence[float], nodes: int, slots: int, load: Load, common: float) -> tuple[float, int]:
    """The time at which the last cell ends, and how many events that took."""
    waiting, order, running = list(cells)[::-1], count(), [0.0] * slots
    free: dict[str, float] = {REMOTE: 0.0, MLFLOW: 0.0, GIT: 0.0}  # when each can take the next request
    ready: dict[int, float] = {}  # when a node has what it pulls once
    events = [(common, next(order), slot, 0) for slot in range(slots)]  # (time, order, slot, the step that begins)
    heapify(events)
    last, simulated = common, 0

    def served(by: str, now: float, taken: float) -> float:
        if not taken:
            return now
        free[by] = max(now, free[by]) + taken
        return free[by]

    while events:
        now, _, slot, step = heappop(events)
        simulated += 1
        if step == 0:
            last = now
            if not waiting:
                continue
            running[slot], node = waiting.pop(), slot % nodes  # Ray spreads cells over the nodes
            if node not in ready:
                ready[node] = served(REMOTE, now, load.node)
            end = served(REMOTE, max(now, ready[node]), load.pull)
        elif step == 1:
            end = now + running[slot]
        elif step == 2:
            end = served(REMOTE, now, load.push)
        elif step == 3:
            end = served(MLFLOW, now, load.mlflow)
        else:
            end = served(GIT, now, load.git)
        heappush(events, (end, next(order), slot, (step + 1) % 5))
    return last, simulated
