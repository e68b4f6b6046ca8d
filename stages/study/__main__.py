"""The study: how far do N pictures go? `python -m stages.study` runs a grid of experiments and draws what they show.

A cell is done when there is an experiment of its params and of equal code, or its row in git: the same command goes on.
"""

import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from stages.common import files, params
from stages.common.cli import progress, run_cli
from stages.study.arguments import parse
from stages.study.plan import plan
from stages.study.results import SUMMARY, shown, write
from stages.study.session import Paths, Session


def main() -> None:
    asked = parse(__doc__)
    study = Session(Path.cwd(), params.load(), Paths.of("metrics"))
    print(*study.told, sep="\n", end="\n" if study.told else "")
    if asked.plan:
        return print(plan(study.everything, study.cells, study.rows(), asked.cluster))
    failed = {} if asked.draw else run(study)
    if rows := study.rows():
        tables = study.tables(rows)
        for path, lines in tables.items():
            files.write_csv(Path(path), [*lines, *study.others(path, lines)])
        made = shown(rows, tables[study.paths.evaluations])
        write(Path("data/study"), made)
        print(made[SUMMARY].decode())
    study.raise_for(failed, len(rows))


def run(study: Session) -> dict[str, str]:
    """Run the cells that are not done; returns the reasons of those that failed, by name."""
    with study.alone() as (lock, waiting):
        done = len(study.cells) - len(waiting)
        with progress(total=len(study.cells), initial=done, desc="study", unit=" cells") as bar:
            return study.run(waiting, lock, partial(show, bar))


def show(bar: tqdm, name: str, reason: str | None) -> None:
    """Count a cell that ended; a reason is why it failed."""
    if reason:
        bar.write(f"failed: {name}: {reason}", file=sys.stderr)
    bar.update()


if __name__ == "__main__":
    run_cli(main)
