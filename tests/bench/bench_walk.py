"""A random walk through params.yaml, `dvc repro` at each step: are the results those of a fresh clone? Prints Markdown.

    PYTHONPATH=tests:tests/pipeline:. python tests/bench/bench_walk.py --steps 20

A step changes one or two params of any stage, or goes back to an earlier place, where DVC's cache has most results. All
outputs, metrics and dvc.lock must be those of a clone that has neither cache nor lock and runs the same values.
"""

import argparse
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print("| step | changed | ran | from the cache | equal to a fresh clone |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        wrong = [row for row in walk(Path(name), asked.steps, random.Random(asked.seed)) if not row.endswith("| yes |")]
    sys.exit(len(wrong) > 0)


def walk(folder: Path, steps: int, moves: random.Random) -> Iterator[str]:
    """Print and yield a row for each step."""
    pristine, walking = folder / "pristine", folder / "walking"
    pristine.mkdir()
    clone.make(pristine, surroundings.clean_environment(), surroundings.set_params)
    shutil.copytree(pristine, walking, symlinks=True)
    place = {key: values[0] for key, values in KNOBS.items()}
    past, expected = [place], dict[str, dict[str, str]]()
    for step in range(steps):
        place, told = move(moves, place, past)
        past.append(place)
        output = repro(walking, place)
        known = json.dumps(place, sort_keys=True)
        if known not in expected:
            expected[known] = fresh(pristine, place)
        wrong = dict(contents(walking).items() ^ expected[known].items())
        ran = " ".join(re.findall(r"Running stage '(\w+)'", output))
        cached = " ".join(re.findall(r"Stage '(\w+)' is cached", output))
        row = f"| {step} | {told} | {ran} | {cached} | {'no: ' + ', '.join(sorted(wrong)[:4]) if wrong else 'yes'} |"
        print(row, flush=True)
        yield row


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
        return moves.choice(past), "back to an earlier place"
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
    if done.returncode:
        sys.exit(f"dvc repro failed at {place}:\n{done.stdout}{done.stderr}")
    return done.stdout


def contents(folder: Path) -> dict[str, str]:
    """dvc.lock and every output and metrics file by the hash of its bytes."""
    files = [path for part in ("data", "metrics") for path in (folder / part).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [folder / "dvc.lock", *sorted(files)]
    }


if __name__ == "__main__":
    main()
