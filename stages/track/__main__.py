"""Stage track: one MLflow run for these params and results, in the main checkout's store or on a server; logged once.

`python -m stages.track` logs the workspace; data/track.json says which run, without its id or time.
`python -m stages.track --all` brings back into an empty store what every commit and every DVC experiment holds.
MLFLOW_TRACKING_URI names a server.
"""

import argparse
import os
from functools import partial
from pathlib import Path

from stages.common import files, params
from stages.common.checkout import main_checkout
from stages.common.cli import UserError, progress, run_cli
from stages.track import collect
from stages.track.params import TrackParams
from stages.track.store import address, log_once

PARAMS, METRICS = "params.yaml", "metrics"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.track", description="Log the workspace to MLflow, once.")
    told = "log what every commit and every experiment of DVC holds: rebuilds a deleted store"
    parser.add_argument("--all", action="store_true", help=told)
    root = main_checkout().resolve()  # the main checkout, also from a queued experiment's copy
    if parser.parse_args().all:
        log_all(root)
        return
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

    address()  # wrong settings end here
    revisions = progress(rebuild.revisions(), desc="track", unit=" revisions")
    tally = rebuild.log_each(revisions, [PARAMS, METRICS, *collect.READ], partial(log, root))
    print(f"track: {tally.found} results in commits and experiments, {tally.added} of them were new to MLflow")
    if tally.broken:
        raise UserError("\n  ".join(["these could not be logged, the others are:", *tally.broken]))


if __name__ == "__main__":
    run_cli(main)
