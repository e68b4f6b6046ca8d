"""Do the numbers say what they should? Four generators whose quality is known go through the stage evaluate. Prints Markdown.

Run in the repository's root after `dvc repro augment`: `PYTHONPATH=. python tests/bench/bench_judges.py`.

"perfect" shows museum works that nobody has seen (of the reserve's next thousands), "memorizer" the training works, "memorizer with jitter" variations of
them, as the stage augment makes them for training, and "noise" random pixels.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stages.augment.vary import vary
from stages.common import files, images, params
from stages.dedupe.workers import workers
from stages.evaluate.__main__ import works
from stages.museum.painter import paint
from stages.museum.works import Work, plan

ROOT = Path(__file__).resolve().parents[2]
EDGE = 400  # pixels of the longer side of a fresh work
POOL = 10  # unseen works for each that is drawn
INTERVALS = ("kid", "fid_above_floor", "precision", "recall", "density", "coverage", "copied")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=144, help="pictures of each generator")
    asked = parser.parse_args()
    print(
        f"| {asked.count} pictures | space | {' | '.join(name.replace('_', ' ') for name in INTERVALS)} | KID's standard deviation | FID |\n|---{'|---' * (len(INTERVALS) + 3)}|"
    )
    for name, pictures in generators(asked.count):
        found = evaluate(pictures)
        for space, numbers in (("Inception", found), ("EfficientNet", found["efficientnet"])):
            print(
                f"| {name} | {space} | {' | '.join(interval(numbers, key) for key in INTERVALS)} | {numbers['kid_std']:.4f} | {numbers['fid']:.1f} |",
                flush=True,
            )


def generators(count: int) -> Iterator[tuple[str, list[Image.Image]]]:
    """Each generator's name and `count` of its pictures."""
    everything = params.load()
    pixels, museum, variations = (everything["train"].resolution, everything["museum"], everything["augment"])
    unseen = plan(museum.works, museum.reserve + POOL * count, museum.seed)[-POOL * count :]
    drawn = np.random.default_rng(0).choice(
        len(unseen), count, replace=False
    )  # neighbors in the plan take turns: they differ more than chance
    with workers() as pool:
        fresh = list(pool.map(fresh_work, [unseen[number] for number in drawn]))
    yield "perfect", [images.square(picture, pixels) for picture in fresh]
    trained = list(islice(cycle(works(files.read_json(Path("data/split.json"))["train"], pixels)), count))
    yield "memorizer", trained
    rngs = [np.random.default_rng([7, number]) for number in range(count)]
    yield (
        "memorizer with jitter",
        [
            vary(picture, pixels, rng, bool(rng.integers(2)), variations.crop, variations.color)
            for picture, rng in zip(trained, rngs, strict=True)
        ],
    )
    yield "noise", [Image.fromarray(rng.integers(0, 256, (pixels, pixels, 3), np.uint8)) for rng in rngs]


def fresh_work(work: Work) -> Image.Image:
    """A work of the reserve that the default museum does not hold."""
    return paint(work, EDGE)


def evaluate(pictures: list[Image.Image]) -> dict[str, Any]:
    """Run the stage as DVC does, in a folder of its own; returns what it wrote."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "data").mkdir()
        (room / "params.yaml").symlink_to(ROOT / "params.yaml")
        for part in ("works", "split.json"):
            (room / "data" / part).symlink_to(Path("data").resolve() / part)
        for number, picture in enumerate(pictures):
            images.save_png(room / f"data/generated/samples/{number:05}.png", picture)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")} | {
            "PYTHONPATH": str(ROOT),
            "DVC_ROOT": str(Path.cwd()),
        }
        done = subprocess.run(
            [sys.executable, "-m", "stages.evaluate"], cwd=room, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return files.read_json(room / "metrics/evaluate.json")


def interval(numbers: dict[str, float], key: str) -> str:
    """A number with its interval, where this space has it."""
    return f"{numbers[key]:.3f} ({numbers[f'{key}_low']:.3f} to {numbers[f'{key}_high']:.3f})" if key in numbers else ""


if __name__ == "__main__":
    main()
