"""Stage track: one MLflow run for this set of params and results, in the main checkout's store or on a server; logged once.

`python -m stages.track` logs the workspace; data/track.json says which run, without its id or time. `python -m stages.track --all`
brings back into an empty store what every commit and every DVC experiment holds. MLFLOW_TRACKING_URI names a server.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from stages.common import files, images, params
from stages.common.checkout import main_checkout
from stages.common.cli import UserError, progress, run_cli
from stages.track import describe
from stages.track.dataset import datasets
from stages.track.params import TrackParams
from stages.track.store import Result, address, log_once

METRICS = "metrics"
CURVES = ["metrics/train.csv", "metrics/validation.csv"]
GENERATOR, SPLIT, WORKS = "data/gan/generator.safetensors", "data/split.json", "data/works/works.jsonl"
PICTURES = {
    "collection": ["data/duplicates.jpg"],
    "gan": ["data/generated/sheet.png", "data/generated/interpolation.png"],
    "evaluation": ["data/evaluation"],
    "stylized": ["data/stylized"],
    "print": ["data/print"],
}
READ = ["params.yaml", METRICS, GENERATOR, SPLIT, WORKS, *(path for paths in PICTURES.values() for path in paths)]
PRIVATE = {"scrape.contact"}  # somebody's address: no result depends on it


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.track", description="Log the results of the workspace to MLflow, once."
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="log what every commit and every experiment of DVC holds: rebuilds a deleted store",
    )
    root = main_checkout().resolve()  # the main checkout, also from a queued experiment's copy
    if parser.parse_args().all:
        log_all(root)
        return
    experiment, result = collect(Path("."), os.environ.get("DVC_EXP_NAME"), _head())
    added = log_once(root, experiment, result)
    files.write_json(Path("data/track.json"), {"experiment": experiment, "fingerprint": result.fingerprint})
    print(f"track: {'a new run in' if added else 'this result is already in'} the MLflow experiment {experiment!r}")


def log_all(root: Path) -> None:
    """Log every result that git and DVC's cache hold; raises UserError for those that are damaged, after all others."""
    from stages.track import rebuild  # dvc takes a second to import, which the stage itself need not wait for

    address()  # wrong settings end here
    found, added, broken = 0, 0, []
    for revision in progress(rebuild.revisions(), desc="track", unit=" revisions"):
        with tempfile.TemporaryDirectory() as folder:
            try:
                if rebuild.lay_out(revision, READ, Path(folder)):
                    added += log_once(root, *collect(Path(folder), revision.experiment, revision.base))
                    found += 1
            except (UserError, OSError) as error:
                broken.append(f"{revision}: {error}")
            except KeyError as error:
                broken.append(
                    f"{revision}: another version of this project wrote it, its reports have no {error}; run the experiment again"
                )
    print(f"track: {found} results in commits and experiments, {added} of them were new to MLflow")
    if broken:
        raise UserError("\n  ".join(["these could not be logged, the others are:", *broken]))


def collect(tree: Path, name: str | None, commit: str | None) -> tuple[str, Result]:
    """The MLflow experiment's name and all that the run shows, of a folder with results; `name` and `commit` are where they come from."""
    everything = params.load(tree / "params.yaml")
    values = everything.flat()  # a preset's values, not "auto"
    values = {key: value for key, value in values.items() if key not in PRIVATE}
    reports = {path.stem: files.read_json(path) for path in sorted((tree / METRICS).glob("*.json"))}
    pictures = {folder: [file for path in paths for file in _files(tree / path)] for folder, paths in PICTURES.items()}
    used = [tree / path for path in (GENERATOR, SPLIT, WORKS, *CURVES)]
    used += [
        *(tree / METRICS / f"{stem}.json" for stem in reports),
        *(file for files in pictures.values() for file in files),
    ]
    tags = describe.tags(values, reports["train"])
    where = {"dvc.experiment": name or "workspace"} | ({"mlflow.source.git.commit": commit} if commit else {})
    return everything.section(TrackParams).experiment, Result(
        name=describe.run_name(tags, name),
        fingerprint=_fingerprint(values, tree, used),
        params=values,
        metrics=_numbers(reports) | {"works": reports["train"]["works"]},  # charts have metrics on their axes
        curves=[row for path in CURVES for row in files.read_csv(tree / path)],
        pictures=pictures,
        tags=tags | where | {describe.NOTE: describe.note(tags, reports["train"], reports["evaluate"])},
        datasets=datasets(_source(everything["scrape"]), files.read_jsonl(tree / WORKS), files.read_json(tree / SPLIT)),
        generator=tree / GENERATOR,
    )


def _source(scrape: Any) -> str:
    return {"wikiart": scrape.artist, "commons": scrape.category}.get(scrape.source, scrape.source)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in images.SUFFIXES)


def _fingerprint(values: dict[str, object], tree: Path, files: list[Path]) -> str:
    """The same for the same params and results, on any day and in any folder."""
    content = {path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return hashlib.sha256(json.dumps([values, content], sort_keys=True).encode()).hexdigest()


def _numbers(reports: dict[str, dict]) -> dict[str, float]:
    """Every number of the metrics files, as `evaluate.fid`."""
    values = params.flatten(reports)
    return {
        key: float(value)
        for key, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _head() -> str | None:
    """The commit that the experiment started from, if this is a git checkout."""
    found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None


if __name__ == "__main__":
    run_cli(main)
