"""The study: how far do N pictures go? `python -m stages.study` runs a grid of experiments and draws what they show.

`--plan` says what there is to do and what it will take, and runs nothing; `--draw` draws what is done. A cell is done when there
is an experiment of its params and of the present code. An interrupted study goes on with the same command.
"""

import argparse
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from matplotlib import rc_context
from ruamel.yaml import YAML

from stages.common import files, params
from stages.common.cli import UserError, progress, run_cli
from stages.study import figures, records
from stages.study.cell import Job
from stages.study.grid import FACTORS, Cell, cells, fixed, followed, needed, sources
from stages.study.params import StudyParams
from stages.study.plan import plan
from stages.study.runner import alone, log, run
from stages.study.summary import comparisons, summary
from stages.study.table import row

PARAMS, PIPELINE = Path("params.yaml"), Path("dvc.yaml")
EVALUATED, TRAINED = "metrics/evaluate.json", "metrics/train.json"  # in an experiment
DECIDED, TARGET = (
    "evaluate",
    "track",
)  # the stage whose numbers are drawn, and the last one that a cell runs: each is a run in MLflow too
TABLE, PICTURES = Path("metrics/study.csv"), Path("data/study")
ROOM = Path(".cache/study")  # clones and logs


def main() -> None:
    wanted = arguments()
    everything = params.load()
    root = Path.cwd()
    study = Study(root, everything)
    if wanted.plan:
        print(plan(study.everything, study.cells, study.rows()))
        return
    failed = {} if wanted.draw else study.run()
    rows = study.rows()
    if rows or not failed:
        draw(rows)
    if failed:
        first = (
            f"{len(failed)} of {len(study.cells)} cells failed; {'the others are drawn' if rows else 'none is done'}."
        )
        told = [f"{name}: {reason} (all of it: {log(ROOM, name)})" for name, reason in failed.items()]
        raise UserError("\n  ".join([first, *told, "The same command tries them again."]))


def arguments() -> argparse.Namespace:
    about = "How far do N pictures go? Run the grid of the section `study` in params.yaml, and draw it."
    parser = argparse.ArgumentParser(prog="python -m stages.study", description=about)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--plan",
        action="store_true",
        help="say which cells are done and to do, the expected minutes and the cost; run nothing",
    )
    choice.add_argument("--draw", action="store_true", help="draw what is done; run nothing")
    return parser.parse_args()


class Study:
    """The cells of the present params and code, by the names of their experiments; raises UserError for changes that no stage takes."""

    def __init__(self, root: Path, everything: params.Params):
        self.root, self.settings = root, everything.section(StudyParams)
        stages = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))["stages"]
        decisive = needed(stages, DECIDED)
        self.commit, hashes = records.code(root, sources(decisive))
        self.text = PARAMS.read_text(encoding="utf-8")
        values, same = yaml.safe_load(self.text), fixed(self.settings)
        self.everything = params.check(
            {section: keys | self.settings.changes.get(section, {}) for section, keys in values.items()},
            "study.changes",
        )
        values = params.flatten(values)
        self.cells: dict[str, Cell] = {}
        self.followed: dict[str, dict[str, Any]] = {}
        self.stages = decisive
        for cell in cells(self.settings):
            own = followed(decisive, values | same | cell.changes())
            name = cell.name(decisive, hashes, own)
            self.cells[name], self.followed[name] = cell, own

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the cells that are done, sorted by their factors."""
        known = records.experiments(self.root)
        found = [self._row(name, known[name]) for name in self.cells if name in known]
        return sorted(filter(None, found), key=lambda item: [item[factor] for factor in FACTORS])

    def _row(self, name: str, commit: str) -> dict[str, Any] | None:
        """The row of an experiment, or None when it is not the cell that its name says."""
        used, evaluated, trained = (
            records.content(self.root, commit, path) or "{}" for path in (PARAMS.name, EVALUATED, TRAINED)
        )
        numbers = json.loads(evaluated)
        if not numbers or followed(self.stages, params.flatten(yaml.safe_load(used))) != self.followed[name]:
            return None
        return row(self.cells[name], name, numbers, json.loads(trained), records.message(self.root, commit))

    def run(self) -> dict[str, str]:
        """Run the cells that are not done; returns the reasons of those that failed, by name."""
        failed: dict[str, str] = {}
        with alone(ROOM / "lock") as lock:
            records.unlock(self.root)
            done = {item["experiment"] for item in self.rows()}
            jobs = self._jobs([name for name in self.cells if name not in done])
            with progress(total=len(self.cells), initial=len(done), desc="study", unit=" cells") as bar:

                def report_one(job: Job, reason: str | None) -> None:
                    if reason:
                        failed[job.name] = reason
                        bar.write(f"failed: {job.name}: {reason}", file=sys.stderr)
                    bar.update()

                run(jobs, self.settings.jobs, lock, ROOM, report_one)
        return failed

    def _jobs(self, names: Sequence[str]) -> list[Job]:
        command = [sys.executable, "-m", "dvc", "cache", "dir"]
        cache = os.path.join(
            self.root, subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True).stdout.strip()
        )
        texts = {name: with_values(self.text, fixed(self.settings) | self.cells[name].changes()) for name in names}
        return [Job(name, self.commit, text, TARGET, str(self.root), cache) for name, text in texts.items()]


def with_values(text: str, changes: dict[str, Any]) -> str:
    """The text of params.yaml with other values, such as {"train.seed": 1}; comments and order stay."""
    editor = YAML()
    editor.preserve_quotes, editor.width = True, 10_000
    values = editor.load(text)
    for key, value in changes.items():
        section, leaf = key.split(".")
        values[section][leaf] = value
    out = io.StringIO()
    editor.dump(values, out)
    return out.getvalue()


def draw(rows: Sequence[dict[str, Any]]) -> None:
    """metrics/study.csv and data/study/ of the done cells; raises UserError when there are none."""
    if not rows:
        raise UserError(
            "no cell of the study is done for the present params and code: `python -m stages.study` runs them, `--plan` says what that takes"
        )
    files.write_csv(TABLE, rows)
    with rc_context(figures.STYLE):
        for name, figure in pictures(rows).items():
            files.write_bytes(PICTURES / f"{name}.png", figures.png(figure))
    text = summary(rows)
    files.write_bytes(PICTURES / "summary.md", text.encode())
    print(text)


def pictures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of what was measured, by name."""
    floors = [item["kid_floor"] for item in rows if item["kid_floor"] is not None]
    drawn = {
        "kid": (
            "kid",
            "KID to the test works, by training works",
            "KID, less is better",
            (sum(floors) / max(1, len(floors)), "floor: other real works"),
            True,
        ),
        "fid": (
            "fid_above_floor",
            "FID above its floor, by training works",
            "FID above the floor, less is better",
            (0.0, "floor: other real works"),
            True,
        ),
        "copied": (
            "copied",
            "Copies of training works among the samples",
            "share of samples",
            (0.01, "1 %: as works that nobody trained on"),
            False,
        ),
    }
    measured = {name: what for name, what in drawn.items() if any(item[what[0]] is not None for item in rows)}
    made = {name: figures.against_works(rows, *what) for name, what in measured.items()}
    compared = {
        name: title
        for name, title in {"kid": "KID", "fid": "FID above its floor"}.items()
        if list(comparisons(rows, drawn[name][0]))
    }
    return made | {f"{name}_effects": figures.paired(rows, drawn[name][0], title) for name, title in compared.items()}


if __name__ == "__main__":
    run_cli(main)
