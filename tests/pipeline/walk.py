"""A random walk through params.yaml, `dvc repro` at each step: are the results those of a fresh clone?

A step changes one or two params of any stage, or goes back to an earlier place, where DVC's cache has most results. All
outputs, metrics and dvc.lock must be those of a clone that has neither cache nor lock and runs the same values.
"""

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import clone
import surroundings

KNOBS: dict[str, list[Any]] = {
    "museum.seed": [0, 1],
    "scrape.renditions": ["all", "original"],
    "dedupe.enabled": [True, False],
    "dedupe.correlation": [0.7, 0.95],
    "split.seed": [0, 3],
    "split.order": [0, 2],
    "split.train_works": [20, 7],
    "augment.copies": [2, 3],
    "augment.color": [0.05, 0.2],
    "train.seed": [0, 5],
    "train.resolution": [32, 64],
    "train.preset": ["best_cpu", "story_dcgan"],
    "train.cost_per_hour": [0.0, 2.0],
    "generate.seed": [0, 9],
    "generate.truncation": [1.0, 0.7],
    "stylize.steps": [2, 3],
    "stylize.color": ["style", "luminance"],
    "upscale.paper": ["none", "A5"],
    "evaluate.seed": [0, 4],
    "evaluate.batch": [16, 5],
    "track.experiment": ["how-far-do-n-pictures-go", "another one"],
}
BACK = 0.35  # of the steps, to an earlier place


class Step(NamedTuple):
    """What a step changed, the stages that ran and that came from DVC's cache, and the files that are not right."""

    told: str
    ran: list[str]
    cached: list[str]
    wrong: list[str]


def walk(folder: Path, steps: int, moves: random.Random) -> Iterator[Step]:
    """Walk in a new clone below `folder`, step by step."""
    pristine, walking = folder / "pristine", folder / "walking"
    pristine.mkdir()
    clone.make(pristine, surroundings.clean_environment(), surroundings.set_params)
    shutil.copytree(pristine, walking, symlinks=True)
    place = {key: values[0] for key, values in KNOBS.items()}
    past, expected = [place], dict[str, dict[str, str]]()
    for _ in range(steps):
        place, told = move(moves, place, past)
        past.append(place)
        output = repro(walking, place)
        known = json.dumps(place, sort_keys=True)
        if known not in expected:
            expected[known] = fresh(pristine, place)
        wrong = dict(contents(walking).items() ^ expected[known].items())
        ran, cached = (re.findall(words, output) for words in (r"Running stage '(\w+)'", r"Stage '(\w+)' is cached"))
        yield Step(told, ran, cached, sorted(wrong))


def fresh(pristine: Path, place: dict[str, Any]) -> dict[str, str]:
    """What a clone without cache and lock makes there."""
    folder = pristine.with_name("fresh")
    shutil.copytree(pristine, folder, symlinks=True)
    repro(folder, place)
    found = contents(folder)
    shutil.rmtree(folder)
    return found


def move(moves: random.Random, place: dict[str, Any], past: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """The next place, and what it changes."""
    if len(past) > 1 and moves.random() < BACK:
        return moves.choice(past[:-1]), "back to an earlier place"
    keys = moves.sample(list(KNOBS), moves.choice([1, 1, 2]))
    changed = {key: next(value for value in KNOBS[key] if value != place[key]) for key in keys}
    return place | changed, ", ".join(f"{key}={value}" for key, value in changed.items())


def repro(folder: Path, place: dict[str, Any]) -> str:
    """Set the params and run the pipeline; what DVC said."""
    surroundings.set_params(folder, place)
    command = [Path(sys.executable).with_name("dvc"), "repro"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=surroundings.clean_environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert not done.returncode, f"dvc repro failed at {place}:\n{done.stdout}{done.stderr}"
    return done.stdout


def contents(folder: Path) -> dict[str, str]:
    """dvc.lock and every output and metrics file by the hash of its bytes."""
    files = [path for part in ("data", "metrics") for path in (folder / part).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [folder / "dvc.lock", *sorted(files)]
    }
