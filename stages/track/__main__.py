"""Stage track: one MLflow run for these params and results, in the main checkout's store or on a server; logged once.

`python -m stages.track` logs the workspace; data/track.json says which run, without its id or time.
`python -m stages.track --all` brings back into an empty store what every commit and every DVC experiment holds.
`python -m stages.track --watch` shows trainings while they run.
MLFLOW_TRACKING_URI names a server.
"""

import argparse
import os
from functools import partial
from pathlib import Path

from stages.common import files, params, server
from stages.common.checkout import main_checkout
from stages.common.cli import progress, run_cli
from stages.track import collect
from stages.track.params import TrackParams
from stages.track.store import log_once
from stages.track.watch import watch

PARAMS, METRICS = "params.yaml", "metrics"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.track", description="Log the workspace to MLflow, once.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--all", action="store_true", help="log all that commits and experiments hold: a new store")
    choice.add_argument("--watch", action="store_true", help="show trainings while they run, until interrupted")
    asked, root = parser.parse_args(), main_checkout().resolve()  # the main one, also from a queued experiment's copy
    if asked.all:
        return log_all(root)
    if asked.watch:
        return watch(root, METRICS, params.load)
    added, receipt = log(root, Path("."), os.environ.get("DVC_EXP_NAME"), collect.head())
    files.write_json(Path("data/track.json"), receipt)
    state = "a new run in" if added else "this result is already in"
    print(f"track: {state} the MLflow experiment {receipt['experiment']!r}")


def log(root: Path, tree: Path, name: str | None, commit: str | None) -> tuple[bool, dict[str, str]]:
    """Log the results in a folder, of DVC's experiment `name` and a commit: whether a run is new, and which it is."""
    everything = params.load(tree / PARAMS)
    experiment = everything.section(TrackParams).experiment
    result = collect.result(tree, METRICS, everything.flat(), name, commit)
    return log_once(root, experiment, result), {"experiment": experiment, "fingerprint": result.fingerprint}


def log_all(root: Path) -> None:
    """Log every result that git and DVC's cache hold; raises UserError for those that are damaged, after all others."""
    from stages.track import rebuild  # it imports dvc, which takes a second that the stage itself need not wait for

    server.address()  # wrong settings end here
    revisions = progress(rebuild.revisions(), desc="track", unit=" revisions")
    rebuild.log_each(revisions, [PARAMS, METRICS, *collect.READ], partial(log, root)).tell()


if __name__ == "__main__":
    run_cli(main)
