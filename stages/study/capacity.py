"""What a study on a cluster asks of the things that all its cells share, and how much these can take: measurements.

All of 2026-11-26, on a virtual machine with 2 cores of an Intel Xeon that other programs kept busy; the best of the
tries. tests/bench/bench_services.py measures a server of one's own.
"""

import math
from dataclasses import dataclass

from stages.common.cli import UserError
from stages.study.schedule import Load

GIGABIT = 125.0  # megabytes a second of a link; nothing but an assumption about the DVC remote

# `dvc push --run-cache` for a cell of the study of 2026-11-23, where the stages that all have in common are there: 5.1
# MB the checkpoint, 1.0 the generator, 0.7 the pictures, 0.6 sheets, 0.3 to 2.9 data/train. (A run of the default
# pipeline, with 64 pixels: 28.7 MB in 900 files, 8.4 seconds to a folder; 4.8 seconds where there is nothing to push.)
MEGABYTES = 8.6
# What a node pulls, once: data/raw, works, stylized and print of that study's 288 works, each file once.
NODE_MEGABYTES = 63.3
# What all cells have in common takes one of two busy cores: the first two cells of metrics/study.csv of 2026-11-23
# took 995 and 938 seconds more than the others of their sizes.
SHARED_SECONDS = 950.0

# `mlflow server` 3.17.2 with two workers and PostgreSQL 15, for a run of stages/track: 109 params, 126 metrics, 1,349
# points of curves, 9 pictures of 7.5 MB, the generator. Processor seconds of the server and PostgreSQL a run: 0.77 with
# 1 client, 0.81 with 4, 0.81 with 16; with sqlite 0.66, 0.68, 0.77. (Sharing its 2 cores with the clients and all else
# it took 0.4, 0.9 and 0.9 runs a second; with sqlite 0.4, 0.6 and 1.0.)
MLFLOW_SECONDS, MLFLOW_CORES = 0.81, 2
MLFLOW_RUNS = MLFLOW_CORES / MLFLOW_SECONDS  # a second, where the server has these cores for itself

# `git push` of one commit with one ref to a bare repository by file://, git 2.39: with 100 refs there 14 a second from
# one clone and 18 from eight, with 10,000 loose refs 1.8 and 1.3, after `git pack-refs --all` 2.7 and 3.9. `git
# ls-remote` of 10,000 takes 0.2 seconds, their first fetch 2.3, a fetch of nothing new 0.6.
PUSH = 1 / 18  # seconds
PUSH_PER_REF = (1 / 1.8 - PUSH) / 10_000  # seconds more for each ref that is there


@dataclass(frozen=True)
class Cluster:
    """Nodes that are alike, and the DVC remote that they share."""

    nodes: int
    cpus: int  # of a node
    gpus: int | None = None  # of a node; None: so many that the CPUs are the limit
    megabytes: float = GIGABIT  # a second, of the remote

    def slots(self, threads: int, gpus_per_cell: float = 0.0) -> int:
        """How many cells a node runs at a time; raises UserError when one is too large for it."""
        if threads > self.cpus:
            raise UserError(
                f"a cell takes {threads} CPUs (runtime.threads), but a node has {self.cpus}: "
                "lower runtime.threads, or give --cpus-per-node"
            )
        by_cpus = self.cpus // threads
        if not gpus_per_cell or self.gpus is None:
            return by_cpus
        if gpus_per_cell > self.gpus:
            raise UserError(
                f"a cell takes {gpus_per_cell:g} GPUs (study.gpus_per_cell), but a node has {self.gpus}: "
                "lower study.gpus_per_cell, or give --gpus-per-node"
            )
        return min(by_cpus, self._by_gpus(gpus_per_cell))

    def _by_gpus(self, each: float) -> int:
        """A share of a GPU lies on one GPU, as Ray has it; of larger numbers, whole GPUs."""
        assert self.gpus is not None
        if each <= 1:
            return self.gpus * math.floor(1 / each + 1e-9)
        return math.floor(self.gpus / each)


def load(megabytes: float, cells: int) -> Load:
    """What each of so many cells asks of a remote that moves so many megabytes a second, and of the servers.

    Their refs come one by one: on average a push finds half of them there.
    """
    return Load(
        node=NODE_MEGABYTES / megabytes,
        push=MEGABYTES / megabytes,
        mlflow=1 / MLFLOW_RUNS,
        git=PUSH + PUSH_PER_REF * cells / 2,
    )
