"""Trainings in MLflow while they run: their curves and last sheet, in the run that the stage track then completes.

A watcher is a process of its own that reads what the training writes as it goes: nothing that it does, and no server
that is down, can change or end a training. It finds the processes of `python -m stages.train` that work for this
checkout, in it or in a copy of it (an experiment of DVC's queue, a cell of the study).
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from stages.common import files
from stages.common.cli import UserError
from stages.common.params import Params
from stages.common.records import RUNNING, read_split
from stages.common.shown import public
from stages.track import collect, describe
from stages.track.params import TrackParams
from stages.track.store import (
    FINGERPRINT,
    LOGGER,
    TRAINING,
    MlflowClient,
    Rows,
    begun,
    incomplete,
    log_curves,
    log_params,
    logger,
    opened,
)

MODULE = "stages.train"
PARAMS = "params.yaml"
Load = Callable[[Path], Params]
SHEETS = Path("data/gan/sheets")
EVERY = 10.0  # seconds between two looks
PAGE = Path("live/sheet.png")  # the last sheet on MLflow's page


@dataclass(frozen=True)
class Training:
    """A process that trains."""

    pid: int
    since: float  # when it started, seconds as in time.time()
    tree: Path  # where it works
    experiment: str | None  # that DVC or the study runs


def watch(root: Path, metrics: str, load: Load) -> None:
    """Watch until interrupted, and say what begins and ends; the runs of a watcher that was ended are put right first.

    `metrics`: the folder of the metrics files in a tree; `load` reads a params.yaml.
    """
    watcher, experiment = Watcher(root, metrics, load), load(root / PARAMS).section(TrackParams).experiment
    with suppress(KeyboardInterrupt):
        first = watcher.look()
        end_lost(root, experiment, watcher.begun())
        print("\n".join(first or ["nothing trains for this checkout now: waiting"]), flush=True)
        while True:
            time.sleep(EVERY)
            for line in watcher.look():
                print(line, flush=True)


class Watcher:
    """Mirrors the trainings for the checkout `root`, whose metrics files lie in the folder `metrics` of a tree."""

    def __init__(self, root: Path, metrics: str, load: Load):
        self._root, self._metrics, self._load = root, metrics, load
        self._known: dict[Training, Mirror] = {}

    def look(self) -> list[str]:
        """Log what is new of each training, and end the runs of those that have ended; returns what there is to say.

        A training whose run cannot be written now is tried again the next time.
        """
        running = set(trainings(self._root))
        told = []
        for training in running - set(self._known):
            try:
                self._known[training] = Mirror(self._root, training, self._metrics, self._load)
            except (UserError, OSError) as error:  # it has just ended, and its copy of the checkout with it
                told.append(f"warning: {training.tree}: {error}")
        for training, mirror in list(self._known.items()):
            try:
                told += mirror.update() if training in running else mirror.end()
            except UserError as error:
                told.append(f"warning: {error}")
                continue
            if training not in running:
                del self._known[training]
        return told

    def begun(self) -> set[str]:
        """What stands for the trainings that are watched."""
        return {mirror.key for mirror in self._known.values()}


class Mirror:
    """The run of one training."""

    def __init__(self, root: Path, training: Training, metrics: str, load: Load):
        self._root, self._training = root, training
        everything = load(training.tree / PARAMS)
        self._values = public(everything.flat())
        self.key = collect.training(self._values, training.tree)
        self._experiment = everything.section(TrackParams).experiment
        works = len(read_split(training.tree / collect.SPLIT)["train"])
        self._tags = describe.tags(self._values, works, RUNNING)
        self._name = describe.run_name(self._tags, training.experiment)
        self._curves = [training.tree / metrics / name for name in collect.CURVES]
        self._trained = training.tree / metrics / "train.json"
        self._sheet, self._told = "", False
        self._run: str | None = None  # that it was logged to the last time

    def update(self) -> list[str]:
        """Log the new points and the last sheet; the run is made where there is none. Says so the first time."""
        with opened(self._root, self._experiment) as (client, experiment):
            client.update_run(self._log(client, experiment), "RUNNING")
        told = [] if self._told else [f"watching {self._name}, in {self._training.tree}"]
        self._told = True
        return told

    def end(self) -> list[str]:
        """Log the rest, and whether the training came to its end; nothing where track has completed the run already."""
        done = self._written(self._trained) and files.read_json(self._trained)["verdict"]["state"] != RUNNING
        with opened(self._root, self._experiment) as (client, experiment):
            if self._run not in incomplete(client, experiment, self._root, self.key):
                return [f"complete: {self._name}"]
            client.set_terminated(self._log(client, experiment), "FINISHED" if done else "FAILED")
        return [f"{'finished' if done else 'failed'}: {self._name}"]

    def _log(self, client: MlflowClient, experiment: str) -> str:
        """Log what is new to the training's run, and return that."""
        rows = [row for path in self._curves if self._written(path) for row in files.read_csv(path)]
        run = self._found(client, experiment, rows)
        log_curves(client, run, rows, some_there=True)
        sheets = sorted(path for path in (self._training.tree / SHEETS).glob("*.png") if self._written(path))
        if sheets and sheets[-1].name != self._sheet:
            with tempfile.TemporaryDirectory() as folder:  # under one name: a later sheet replaces the one before
                shutil.copy(sheets[-1], Path(folder) / PAGE.name)
                client.log_artifact(run, str(Path(folder) / PAGE.name), str(PAGE.parent))
            self._sheet = sheets[-1].name
        return run

    def _found(self, client: MlflowClient, experiment: str, rows: Rows) -> str:
        """The run with these rows, made where there is none."""
        run = begun(client, experiment, self._root, self.key, rows)
        if not run:
            tags = {TRAINING: self.key, LOGGER: logger(self._root)} | self._tags
            run = client.create_run(experiment, run_name=self._name, tags=tags).info.run_id
            log_params(client, run, self._values)
        if self._run != run and self._run in incomplete(client, experiment, self._root, self.key):
            client.set_terminated(self._run, "FAILED")  # another training's, as the first rows have shown
            self._sheet = ""
        self._run = run
        return run

    def _written(self, path: Path) -> bool:
        """Whether a file is this training's, and not left from one before."""
        return path.is_file() and path.stat().st_mtime >= self._training.since


def trainings(root: Path) -> Iterator[Training]:
    """The processes that train for the checkout `root`, in it or in a copy whose DVC_ROOT it is."""
    for process in psutil.process_iter():
        try:
            if MODULE not in process.cmdline()[1:]:
                continue
            tree, environment = Path(process.cwd()), process.environ()
            if Path(environment.get("DVC_ROOT") or tree).resolve() == root:
                yield Training(process.pid, process.create_time(), tree, environment.get("DVC_EXP_NAME"))
        except psutil.Error:  # it has ended, or is somebody else's
            continue


def end_lost(root: Path, experiment: str, watched: set[str]) -> None:
    """Runs that are RUNNING in the store though nothing trains any more have FAILED: their watcher was ended."""
    with opened(root, experiment) as (client, key):
        wanted = f"attributes.status = 'RUNNING' AND tags.`{LOGGER}` = '{logger(root)}' AND tags.{TRAINING} LIKE '%'"
        for run in client.search_runs([key], wanted):
            if FINGERPRINT not in run.data.tags and run.data.tags[TRAINING] not in watched:
                client.set_terminated(run.info.run_id, "FAILED")
