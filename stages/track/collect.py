"""All that a run shows in MLflow, out of a folder in which the other stages have left their results."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.common import files, images
from stages.common.checkout import git
from stages.common.cli import UserError
from stages.common.params import flatten
from stages.common.records import read_split, read_works
from stages.common.shown import public
from stages.track import describe
from stages.track.dataset import datasets
from stages.track.store import Result

CURVES = ("train.csv", "validation.csv")
GENERATOR, SPLIT, WORKS = "data/gan/generator.safetensors", "data/split.json", "data/works/works.jsonl"
PICTURES = {  # folder on MLflow's page -> files and folders
    "collection": ["data/duplicates.jpg"],
    "gan": ["data/generated/sheet.png", "data/generated/interpolation.png"],
    "evaluation": ["data/evaluation"],
    "stylized": ["data/stylized"],
    "print": ["data/print"],
}
READ = [GENERATOR, SPLIT, WORKS, *(path for paths in PICTURES.values() for path in paths)]  # beside params and metrics
SETTINGS = ("params", "works")  # groups of a metrics file that repeat what was asked for: no measurements


def result(tree: Path, metrics: str, values: Mapping[str, Any], name: str | None, commit: str | None) -> Result:
    """The run of the results below `tree`, its metrics files in the folder `metrics` there.

    `values` are the params by keys such as "train.seed"; `name` and `commit` say which experiment and commit made them.
    Raises KeyError when another version of this project has written the metrics files, UserError for a damaged one.
    """
    values = public(values)
    found = {path.stem: _read(files.read_json, tree, path) for path in sorted((tree / metrics).glob("*.json"))}
    pictures = {folder: [file for path in paths for file in _files(tree / path)] for folder, paths in PICTURES.items()}
    curves = [tree / metrics / name for name in CURVES]
    used = [*(tree / path for path in (GENERATOR, SPLIT, WORKS)), *curves]
    used += [tree / metrics / f"{stem}.json" for stem in found]
    used += [file for group in pictures.values() for file in group]
    tags = describe.tags(values, found["train"]["works"], found["train"]["verdict"]["state"])
    where = {"dvc.experiment": name or "workspace"} | ({"mlflow.source.git.commit": commit} if commit else {})
    return Result(
        name=describe.run_name(tags, name),
        fingerprint=_fingerprint(values, tree, used),
        params=values,
        metrics=_numbers(found) | {"works": found["train"]["works"]},  # charts have metrics on their axes
        curves=[row for path in curves for row in _read(files.read_csv, tree, path)],
        pictures=pictures,
        tags=tags | where | _kernels(found) | {describe.NOTE: describe.note(tags, found["train"], found["evaluate"])},
        datasets=datasets(found["scrape"]["collection"], read_works(tree / WORKS), read_split(tree / SPLIT)),
        generator=tree / GENERATOR,
        training=training(values, tree),
    )


def training(values: Mapping[str, Any], tree: Path) -> str:
    """What stands for a training of these params and of the works in a folder while it runs."""
    return _fingerprint(public(values), tree, [tree / SPLIT, tree / WORKS])


def head() -> str | None:
    """The commit that the experiment started from, if this is a git checkout."""
    try:
        return git(Path("."), "rev-parse", "HEAD").strip()
    except UserError:
        return None


def _read(read: Callable[[Path], Any], tree: Path, path: Path) -> Any:
    try:
        return read(path)
    except (ValueError, TypeError) as error:  # of lines that are no JSON, of more fields than the header names
        raise UserError(
            f"its {path.relative_to(tree)} cannot be read ({error}; a conflict of two branches?): put it right, or run "
            "the stage again that writes it"
        ) from error


def _kernels(found: Mapping[str, Any]) -> dict[str, str]:
    """How each stage's networks computed, such as `kernels.train`: "bfloat16 direct"; old metrics files say less."""
    reports = {stage: metrics["runtime"] for stage, metrics in found.items() if "runtime" in metrics}
    return {
        f"kernels.{stage}": f"{report['precision']} {report.get('convolution', '')}".strip()
        for stage, report in reports.items()
    }


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in images.SUFFIXES)


def _fingerprint(values: Mapping[str, Any], tree: Path, paths: Sequence[Path]) -> str:
    """The same for the same params and results, on any day and in any folder."""
    content = {path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return hashlib.sha256(json.dumps([values, content], sort_keys=True).encode()).hexdigest()


def _numbers(found: Mapping[str, Any]) -> dict[str, float]:
    """Every number that the metrics files have measured, as `evaluate.fid`."""
    values = flatten(_measured(found))
    return {
        key: float(value)
        for key, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _measured(values: Mapping[str, Any]) -> dict[str, Any]:
    """A metrics file, or a group of it, without groups of settings: MLflow takes no titles of works as names."""
    return {
        key: _measured(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if not (key in SETTINGS and isinstance(value, dict))
    }
