"""Do the metrics say what they should? Four generators whose quality is known go through the stage. Prints Markdown.

Run in the repository's root after `dvc repro augment`: `PYTHONPATH=. python tests/bench/bench_judges.py`.

"perfect" shows museum works that nobody has seen (of the reserve's next thousands), "memorizer" the training works,
"memorizer with jitter" variations of them, as the stage augment makes them for training, and "noise" random pixels.
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

from stages.augment.params import AugmentParams
from stages.augment.vary import vary
from stages.common import files, images, params
from stages.common.records import read_split
from stages.dedupe.workers import workers
from stages.evaluate.pictures import works
from stages.metrics.table import METRICS
from stages.museum.painter import paint
from stages.museum.params import MuseumParams
from stages.museum.works import Work, plan
from stages.train.params import TrainParams

ROOT = Path(__file__).resolve().parents[2]
EDGE = 400  # pixels of the longer side of a fresh work
POOL = 10  # unseen works for each that is drawn
INTERVALS = [key for key in METRICS if key != "fid"]  # which is told without one, at the end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=144, help="pictures of each generator")
    asked = parser.parse_args()
    names = [name.replace("_", " ") for name in INTERVALS]
    print(line(f"{asked.count} pictures", "space", *names, "KID's standard deviation", "FID"))
    print(f"|---{'|---' * (len(INTERVALS) + 3)}|")
    for name, pictures in generators(asked.count):
        found = evaluate(pictures)
        for space, numbers in (("Inception", found), ("EfficientNet", found["efficientnet"])):
            cells = [interval(numbers, key) for key in INTERVALS]
            print(line(name, space, *cells, f"{numbers['kid_std']:.4f}", f"{numbers['fid']:.1f}"), flush=True)


def generators(count: int) -> Iterator[tuple[str, list[Image.Image]]]:
    """Each generator's name and `count` of its pictures."""
    everything = params.load()
    museum, variations = everything.section(MuseumParams), everything.section(AugmentParams)
    pixels = everything.section(TrainParams).resolution
    unseen = plan(museum.works, museum.reserve + POOL * count, museum.seed)[-POOL * count :]
    # Neighbors in the plan take turns, so that they differ more than chance would have it: draw from many.
    drawn = np.random.default_rng(0).choice(len(unseen), count, replace=False)
    with workers() as pool:
        fresh = list(pool.map(fresh_work, [unseen[number] for number in drawn]))
    yield "perfect", [images.square(picture, pixels) for picture in fresh]
    trained = list(
        islice(cycle(works(Path("data/works"), read_split(Path("data/split.json"))["train"], pixels)), count)
    )
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
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "params.yaml").symlink_to(ROOT / "params.yaml")
        for part in ("works", "split.json"):
            (folder / "data" / part).symlink_to(Path("data").resolve() / part)
        for number, picture in enumerate(pictures):
            images.save_png(folder / f"data/generated/samples/{number:05}.png", picture)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")} | {
            "PYTHONPATH": str(ROOT),
            "DVC_ROOT": str(Path.cwd()),
        }
        done = subprocess.run(
            [sys.executable, "-m", "stages.evaluate"], cwd=folder, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return files.read_json(folder / "metrics/evaluate.json")


def line(*cells: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def interval(numbers: dict[str, float], key: str) -> str:
    """A number with its interval, where this space has it."""
    if key not in numbers:
        return ""
    return f"{numbers[key]:.3f} ({numbers[f'{key}_low']:.3f} to {numbers[f'{key}_high']:.3f})"


if __name__ == "__main__":
    main()
