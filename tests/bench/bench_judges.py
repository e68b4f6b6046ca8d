"""Do the metrics say what they should? Generators whose quality is known go through stage evaluate. Prints Markdown.

Run in the repository's root after `dvc repro augment`: `PYTHONPATH=. python tests/bench/bench_judges.py`.

Each row is a metric in one feature space, each column a generator; at the end stands whether the metric puts all of
them in the right order, or which pairs it does not (ORDER).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter

from stages.augment.vary import vary
from stages.common import files, images, params
from stages.common.records import read_split
from stages.dedupe.workers import workers
from stages.evaluate.pictures import works
from stages.metrics import inception
from stages.metrics.features import features
from stages.metrics.table import METRICS
from stages.museum.compositions import COMPOSITIONS
from stages.museum.painter import paint
from stages.museum.params import MuseumParams
from stages.museum.works import Work, plan
from stages.train.params import TrainParams

ROOT = Path(__file__).resolve().parents[2]
STAGE = """
from dataclasses import replace
from stages.common.cli import run_cli
from stages.evaluate.__main__ import main
from stages.metrics.table import METRICS
METRICS.update({key: replace(metric, efficientnet_alone=False) for key, metric in METRICS.items()})
run_cli(main)
"""  # the stage evaluate, with every metric in both feature spaces
EDGE = 400  # pixels of the longer side of a fresh work
POOL = 4  # unseen works that are painted for each that is shown
UNSEEN = 10  # unseen works for each that is painted
FEW = 9  # works that a memorizer of few knows
ORDER = [
    # what is better, what is worse: all that learned by heart, and all that is less true or less varied
    *[("perfect", worse) for worse in ("half", "jitter", "memorizer", "jitter of 9", "memorizer of 9")],
    *[("perfect", worse) for worse in ("truncated", "modes dropped", "blurred", "noise")],
    ("half", "jitter"), ("half", "memorizer"),
    ("jitter", "jitter of 9"), ("memorizer", "memorizer of 9"),
    ("blurred", "more blurred"), ("more blurred", "noise"),
]  # fmt: skip


@dataclass(frozen=True)
class Generator:
    """What it shows, and how many of the training works it was trained on."""

    name: str
    pictures: Sequence[Image.Image]
    trained: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=144, help="pictures of each generator")
    asked = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for generator in generators(asked.count):
        found[generator.name] = evaluate(generator)
        print(f"{generator.name}: {found[generator.name]['fld']:.1f}", file=sys.stderr, flush=True)
    print(line("metric", "space", *found, "in the right order"))
    print(f"|---{'|---' * (len(found) + 2)}|")
    for key in METRICS:
        spaces: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
            ("Inception", lambda numbers: numbers),
            ("EfficientNet", lambda numbers: numbers["efficientnet"]),
        ]
        for space, numbers in spaces:
            values = {name: numbers(some).get(key) for name, some in found.items()}
            if None not in values.values():
                shown = [f"{value:.3f}" for value in values.values()]
                print(line(METRICS[key].name, space, *shown, order(values, METRICS[key].better)))


def order(values: dict[str, float], better: str) -> str:
    """Yes, or the pairs in which the worse one does not have the worse value."""
    sign = 1 if better == "lower" else -1
    wrong = [f"{worse} before {good}" for good, worse in ORDER if sign * values[worse] <= sign * values[good]]
    return f"no: {'; '.join(wrong)}" if wrong else "yes"


def generators(count: int) -> Iterator[Generator]:
    """Each with `count` pictures at the resolution of the training."""
    everything = params.load()
    pixels = everything.section(TrainParams).resolution
    names = read_split(Path("data/split.json"))["train"]
    known, total = works(Path("data/works"), names, pixels), len(names)
    fresh, drawn = unseen(everything.section(MuseumParams), pixels, POOL * count)
    few = known[:FEW]
    yield Generator("perfect", fresh[:count], total)
    half = fresh[count : count + count // 2] + jitter(known, count - count // 2, pixels)
    yield Generator("half", half, total)
    yield Generator("jitter", jitter(known, count, pixels), total)
    yield Generator("memorizer", list(islice(cycle(known), count)), total)
    yield Generator("jitter of 9", jitter(few, count, pixels), FEW)
    yield Generator("memorizer of 9", list(islice(cycle(few), count)), FEW)
    yield Generator("truncated", central(fresh, count), total)
    modes = [name for number, name in enumerate(COMPOSITIONS) if number % 2]
    some = [picture for picture, work in zip(fresh, drawn, strict=True) if work.composition in modes]
    yield Generator("modes dropped", some[:count], total)
    for name, radius in (("blurred", 0.7), ("more blurred", 1.5)):
        blur = ImageFilter.GaussianBlur(radius)
        yield Generator(name, [picture.filter(blur) for picture in fresh[:count]], total)
    rng = np.random.default_rng(0)
    random = [Image.fromarray(rng.integers(0, 256, (pixels, pixels, 3), np.uint8)) for _ in range(count)]
    yield Generator("noise", random, total)


def unseen(museum: MuseumParams, pixels: int, count: int) -> tuple[list[Image.Image], list[Work]]:
    """Works of the reserve that the default museum does not hold, drawn from many: neighbors in the plan take turns."""
    hidden = plan(museum.works, museum.reserve + UNSEEN * count, museum.seed)[-UNSEEN * count :]
    chosen = [hidden[number] for number in np.random.default_rng(0).choice(len(hidden), count, replace=False)]
    with workers() as pool:
        return [images.square(picture, pixels) for picture in pool.map(painted, chosen)], chosen


def painted(work: Work) -> Image.Image:
    """A work, small."""
    return paint(work, EDGE)


def jitter(known: Sequence[Image.Image], count: int, pixels: int) -> list[Image.Image]:
    """Works in turns, each time with another crop, light and color, and half of them mirrored."""
    rngs = [np.random.default_rng([7, number]) for number in range(count)]
    return [
        vary(picture, pixels, rng, bool(rng.integers(2)), crop=0.15, color=0.15)
        for picture, rng in zip(cycle(known), rngs, strict=False)
    ]


def central(pictures: Sequence[Image.Image], count: int) -> list[Image.Image]:
    """Those nearest to the mean in Inception's features, as truncation makes them: true, and too much alike."""
    device = torch.device("cpu")
    found = features(inception.load(device), pictures, 16, device)
    nearest = (found - found.mean(0)).square().sum(1).argsort()[:count]
    return [pictures[number] for number in nearest.tolist()]


def evaluate(generator: Generator) -> dict[str, Any]:
    """Run the stage as DVC does, in a folder of its own; returns what it wrote."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "params.yaml").symlink_to(ROOT / "params.yaml")
        (folder / "data/works").symlink_to(Path("data/works").resolve())
        split = read_split(Path("data/split.json"))
        files.write_json(folder / "data/split.json", {**split, "train": split["train"][: generator.trained]})
        for number, picture in enumerate(generator.pictures):
            images.save_png(folder / f"data/generated/samples/{number:05}.png", picture)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")} | {
            "PYTHONPATH": str(ROOT),
            "DVC_ROOT": str(Path.cwd()),
        }
        done = subprocess.run(
            [sys.executable, "-c", STAGE], cwd=folder, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return files.read_json(folder / "metrics/evaluate.json")


def line(*cells: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
