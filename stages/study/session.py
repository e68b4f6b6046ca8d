"""A study of the present params and code: its cells by name, which of them are done, and how the others are run."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stages.common import params, server
from stages.common.cli import UserError
from stages.study import course, identity, outside, ready, records, sizes
from stages.study.cell import Job
from stages.study.cluster import Cells, Needs, connected
from stages.study.grid import FACTORS, Cell, cells, fixed, without_hash
from stages.study.known import Known
from stages.study.params import StudyParams
from stages.study.params_file import with_values
from stages.study.runner import exclusive, log, run
from stages.study.table import SECONDS, columns, row

PARAMS, PIPELINE = "params.yaml", "dvc.yaml"
DECISIVE = "evaluate"  # the stage whose numbers are drawn
TARGET = "track"  # the last stage that a cell runs: each cell is a run in MLflow too
FOLDER = Path(".cache/study")  # clones and logs


class Paths(NamedTuple):
    """Metrics files of an experiment, and the tables that the study makes of them, from the root of the checkout."""

    evaluated: str
    trained: str
    validated: str  # the evaluations of the training
    table: str
    evaluations: str
    seconds: str

    @classmethod
    def of(cls, folder: str) -> "Paths":
        """As the stages name them."""
        names = (
            "evaluate.json",
            "train.json",
            "validation.csv",
            "study.csv",
            "study_evaluations.csv",
            "study_seconds.csv",
        )
        return cls(*(f"{folder}/{name}" for name in names))


class Session:
    """The cells in the checkout `root`, by the names of their experiments.

    Raises UserError for changes that no stage takes, for code that is not committed, and for a damaged table.
    """

    def __init__(self, root: Path, everything: params.Params, paths: Paths):
        self.root, self.settings, self.paths = root, everything.section(StudyParams), paths
        self.text = (root / PARAMS).read_text(encoding="utf-8")
        raw = yaml.safe_load(self.text)
        self.everything = params.check(_changed(raw, self.settings), "study.changes")
        self.origin, self.environment = "", {}  # of the cells on a cluster
        self.told: list[str] = []  # of the sizes, where they were chosen here
        if self.settings.train_works == "auto":
            chosen = sizes.choose(root, paths.evaluated, self.everything, raw)
            self.settings = self.settings.model_copy(update={"train_works": chosen.sizes})
            self.told = chosen.told
        self.pipeline = yaml.safe_load((root / PIPELINE).read_text(encoding="utf-8"))["stages"]
        self.stages = identity.needed(self.pipeline, DECISIVE)
        self.cells: dict[str, Cell] = {}
        self.values: dict[str, dict[str, Any]] = {}  # all params of a cell
        self.followed: dict[str, dict[str, Any]] = {}  # those that decide its numbers
        self._name(params.flatten(raw))
        self.known = Known(root / paths.table, root / paths.evaluations, root / paths.seconds, self.cells)

    def _name(self, values: Mapping[str, Any]) -> None:
        """Name the cells by the params that their stages follow, their inputs in git, and what their code does."""
        every_stage = identity.sources(identity.needed(self.pipeline, TARGET))  # also those beside the numbers run
        self.commit = records.code(self.root, [path for path in every_stage if not outside.is_link(path)])
        self.own_files = outside.found(self.root, outside.read(self.stages, self.everything.flat()))
        contents = outside.contents(identity.contents(self.root, identity.sources(self.stages)), self.own_files)
        alike = [identity.commands(self.stages), contents]
        for cell in cells(self.settings):
            every = {**values, **fixed(self.settings), **cell.changes()}
            own = self._decisive(every)
            name = cell.name(own, *alike)
            self.cells[name], self.values[name], self.followed[name] = cell, every, own

    def _decisive(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Of all params those that decide the numbers."""
        return identity.followed(self.stages, outside.read(self.stages, values))

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the cells that are done, sorted by their factors: of experiments, and what the table knows."""
        commits = records.experiments(self.root)
        run_here = [self._row(name, commits[name]) for name in self.cells if name in commits]
        found = self.known.rows | {item["experiment"]: item for item in run_here if item}
        return sorted(found.values(), key=lambda item: [item[factor] for factor in FACTORS])

    def tables(self, rows: Sequence[dict[str, Any]]) -> dict[str, Sequence[dict[str, Any]]]:
        """By their paths the rows, the evaluations of their trainings, cell by cell, and the seconds that they took."""
        commits = records.experiments(self.root)
        found = [line for item in rows for line in self._evaluations(item, commits.get(item["experiment"]))]
        return {
            self.paths.table: _only(columns(), rows),
            self.paths.evaluations: found,
            self.paths.seconds: _only(SECONDS, rows),
        }

    def others(self, path: str, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What a table has of cells that are not of this study, to stay behind the study's own lines.

        But where these have a cell of the same factors, its row of other code or params makes way for it.
        """
        replaced = {without_hash(line["experiment"]) for line in lines}
        return [row for row in self.known.others[self.root / path] if without_hash(row["experiment"]) not in replaced]

    def _evaluations(self, item: Mapping[str, Any], commit: str | None) -> list[dict[str, Any]]:
        text = records.content(self.root, commit, self.paths.validated) if commit else None
        return self.known.evaluations(item) if text is None else course.evaluations(item, text)

    def _row(self, name: str, commit: str) -> dict[str, Any] | None:
        """The row of an experiment, or None when it is not the cell that its name says."""
        used, evaluated, trained = (
            records.content(self.root, commit, path) or "{}"
            for path in (PARAMS, self.paths.evaluated, self.paths.trained)
        )
        numbers = json.loads(evaluated)
        own = self._decisive(params.flatten(yaml.safe_load(used)))
        if not numbers or own != self.followed[name]:
            return None
        return row(self.cells[name], name, numbers, json.loads(trained), records.message(self.root, commit))

    @contextmanager
    def alone(self) -> Iterator[tuple[int, list[str]]]:
        """Keep other studies out of this checkout; gives the lock, which the cells inherit, and the cells not done.

        Of those that go to a cluster others may have done some: their experiments are brought here first. Raises
        UserError for what would let every cell fail at its end.
        """
        with exclusive(FOLDER / "lock") as lock:
            records.unlock(self.root)
            waiting = self._waiting()
            if self.settings.cluster and waiting:
                self.origin, self.environment = ready.check(self.root, self.everything, self.commit)
                records.fetch(self.root, list(records.published(self.root, waiting).values()))
                waiting = self._waiting()
            elif waiting:
                server.address()  # a wrong one would be told by each cell after its training
            yield lock, waiting

    def _waiting(self) -> list[str]:
        """The cells that are not done."""
        done = {item["experiment"] for item in self.rows()}
        return [name for name in self.cells if name not in done]

    def run(self, names: Sequence[str], lock: int, on_end: Callable[[str, str | None], None]) -> dict[str, str]:
        """Run cells; `on_end(name, reason)` after each, with the reason when it failed. Returns those reasons."""
        if not self.settings.cluster:
            return run(self._jobs(names, self.settings.jobs, self._cache()), self.settings.jobs, lock, FOLDER, on_end)
        return self._run_on_cluster(names, on_end) if names else {}

    def _run_on_cluster(self, names: Sequence[str], on_end: Callable[[str, str | None], None]) -> dict[str, str]:
        needs = Needs(self.everything["runtime"].threads, self.settings.gpus_per_cell)
        with connected(self.settings.cluster) as ray:
            ready.nodes(ray, self.origin, self.root, needs)
            cluster = Cells(ray, needs, self.root, self.environment | needs.hidden(), FOLDER, on_end)
            jobs = self._jobs(names, cluster.room(), "")
            kept = self.settings.keep_progress
            failed = cluster.run([replace(job, origin=self.origin, keep_progress=kept) for job in jobs])
        others = [name for name in self._waiting() if name in names and name not in failed]
        return failed | dict.fromkeys(others, "`origin` has an experiment of this name, but it is not this cell")

    def _cache(self) -> str:
        """DVC's cache of this checkout."""
        command = [sys.executable, "-m", "dvc", "cache", "dir"]
        told = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True).stdout
        return os.path.join(self.root, told.strip())

    def _jobs(self, names: Sequence[str], at_once: int, cache: str) -> list[Job]:
        """What the cells' processes are told; `at_once` start together."""
        texts = {name: with_values(self.text, fixed(self.settings) | self.cells[name].changes()) for name in names}
        # Cells that start together would all make what all have in common; those after them find it in the cache.
        together = min(at_once, len(names))
        together = together if together > 1 else 0  # one alone has nothing in common with others
        shared = identity.shared(identity.needed(self.pipeline, TARGET), [self.values[name] for name in names])
        return [
            Job(
                name,
                self.commit,
                text,
                shared if number < together else [],
                TARGET,
                self.own_files,
                str(self.root),
                cache,
            )
            for number, (name, text) in enumerate(texts.items())
        ]

    def raise_for(self, failed: Mapping[str, str], done: int) -> None:
        """Raise UserError for cells that failed, with their reasons, or when no cell is done."""
        if failed:
            others = "the others are drawn" if done else "none is done"
            lines = [f"{len(failed)} of {len(self.cells)} cells failed; {others}."]
            lines += [f"{name}: {reason} (all of it: {log(FOLDER, name)})" for name, reason in failed.items()]
            raise UserError("\n  ".join([*lines, "The same command tries them again."]))
        if not done:
            raise UserError(
                "no cell of the study is done for the present params and code: "
                "`python -m stages.study` runs them, `--plan` says what that takes"
            )


def _only(keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Some columns of rows."""
    return [{key: row[key] for key in keys} for row in rows]


def _changed(values: Mapping[str, Any], settings: StudyParams) -> dict[str, Any]:
    """The sections of params.yaml with what all cells change."""
    return {section: {**keys, **settings.changes.get(section, {})} for section, keys in values.items()}
