"""Stage track: one MLflow run for this set of params and results, in the main checkout's store; logged once.

See it with `mlflow ui --backend-store-uri sqlite:///mlflow.db`. data/track.json says which run, without its id or time.
"""

import csv
import hashlib
import json
import os
import subprocess
from pathlib import Path

from stages.common import images, params, report
from stages.common.door import enter
from stages.track.store import Result, log_once

METRICS = Path("metrics")
PICTURES = {
    "collection": [Path("data/duplicates.jpg")],
    "gan": [Path("data/generated/sheet.png"), Path("data/generated/interpolation.png")],
    "stylized": [Path("data/stylized")],
    "print": [Path("data/print")],
}


def main() -> None:
    everything = params.load()
    experiment, values = everything.track.experiment, params.flatten(everything.model_dump())  # a preset's values, not "auto"
    reports = sorted(METRICS.glob("*.json"))
    pictures = {folder: [file for path in paths for file in _files(path)] for folder, paths in PICTURES.items()}
    curves = [METRICS / "train.csv", METRICS / "validation.csv"]
    used = [*reports, *curves, *(file for files in pictures.values() for file in files)]
    name = os.environ.get("DVC_EXP_NAME") or "workspace"
    result = Result(
        name=name,
        fingerprint=_fingerprint(values, used),
        params=values,
        metrics=_numbers(reports),
        curves=[row for path in curves for row in _rows(path)],
        pictures=pictures,
        tags={"dvc.experiment": name, "verdict": report.read_json(METRICS / "train.json")["verdict"]["state"]} | _commit(),
    )
    root = Path(os.environ.get("DVC_ROOT") or ".").resolve()  # the main checkout, also from a queued experiment's copy
    added = log_once(root, experiment, result)
    report.write_json(Path("data/track.json"), {"experiment": experiment, "fingerprint": result.fingerprint})
    print(f"track: {'a new run in' if added else 'this result is already in'} the MLflow experiment {experiment!r}")


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in images.SUFFIXES)


def _fingerprint(values: dict[str, object], files: list[Path]) -> str:
    """The same for the same params and results, on any day."""
    content = {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return hashlib.sha256(json.dumps([values, content], sort_keys=True).encode()).hexdigest()


def _numbers(reports: list[Path]) -> dict[str, float]:
    """Every number of the metrics files, as `evaluate.fid`."""
    values = params.flatten({path.stem: report.read_json(path) for path in reports})
    return {key: float(value) for key, value in values.items() if isinstance(value, (int, float)) and not isinstance(value, bool)}


def _rows(path: Path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
    return [row for row in rows if row]  # validation.csv is empty where nothing was held out


def _commit() -> dict[str, str]:
    """The commit that the experiment started from, if this is a git checkout."""
    found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    return {"mlflow.source.git.commit": found.stdout.strip()} if found.returncode == 0 else {}


if __name__ == "__main__":
    enter(main)
