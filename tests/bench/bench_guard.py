"""Does the guard cry wolf, or miss trouble? Trainings that go well or badly on purpose, on six kinds of data.

Prints Markdown: a row a kind of data, a column a way to train, in each cell the guard's verdict; then how many false
alarms and misses. Run in the repository's root: `PYTHONPATH=. python tests/bench/bench_guard.py --kimg 40`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from PIL import Image, ImageDraw

from stages.augment.vary import vary
from stages.common import images
from stages.museum.painter import paint
from stages.museum.works import plan

ROOT = Path(__file__).resolve().parents[2]
SIDE, EDGE = 32, 200  # pixels of the training, and of a museum work before
WORKS, HELD_OUT, FEW = 48, 24, 12
HEALTHY = {"ok", "still_improving"}


class Way(NamedTuple):
    """A way to train, and the verdicts that are right for it."""

    changes: Mapping[str, Any]  # of the section train
    right: set[str]
    works: int = WORKS  # that it is given
    times: float = 1.0  # how long, against the others


WAYS = {
    "default": Way({}, HEALTHY),
    "learning by heart": Way(
        {"augmentation": "none", "r1_gamma": 0.0}, {"overfitting", "saturated", "worsening"}, 6, 2.0
    ),
    "collapsing": Way(
        {"loss": "nonsaturating", "augmentation": "none", "r1_gamma": 0.0, "learning_rate": 0.01, "beta1": 0.9},
        {
            "collapsed",
            "constant",
            "saturated",
            "overfitting",
            "not_a_number",
            "worsening",
            "unstable",
            "learns_nothing",
        },
    ),
    "diverging": Way(
        {"learning_rate": 0.1, "r1_gamma": 0.0, "ema_kimg": 0.0},
        {
            "not_a_number",
            "constant",
            "collapsed",
            "saturated",
            "overfitting",
            "worsening",
            "unstable",
            "learns_nothing",
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kimg", type=float, default=40.0, help="thousands of pictures of a training")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="of data")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, of one thread each")
    asked = parser.parse_args()
    cells = [(kind, way) for kind in asked.kinds for way in WAYS]
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(asked.jobs) as pool:
        found = list(pool.map(lambda cell: verdict(Path(place) / "-".join(cell), cell[0], cell[1], asked.kimg), cells))
    verdicts = dict(zip(cells, found, strict=True))
    print(f"| | {' | '.join(WAYS)} |\n|---{'|---' * len(WAYS)}|")
    for kind in asked.kinds:
        print(f"| {kind} | {' | '.join(shown(verdicts[kind, way], WAYS[way]) for way in WAYS)} |")
    wrong = {way: sum(verdicts[kind, way] not in WAYS[way].right for kind in asked.kinds) for way in WAYS}
    alarms, misses = wrong.pop("default"), sum(wrong.values())
    print(f"\n{alarms} false alarms of {len(asked.kinds)}, {misses} misses of {len(asked.kinds) * len(wrong)}")


def shown(verdict: str, way: Way) -> str:
    """A verdict, in bold where it is wrong."""
    return verdict if verdict in way.right else f"**{verdict}**"


def verdict(folder: Path, kind: str, name: str, kimg: float) -> str:
    """Train as DVC does, on one kind of data in one way; returns the guard's word."""
    way = WAYS[name]
    held_out = KINDS[kind](WORKS + HELD_OUT)[-HELD_OUT:]
    write(folder / "data/train/train", KINDS[kind](min(way.works, FEW if kind == "12 works" else WORKS)))
    write(folder / "data/train/validation", held_out)
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["train"] |= {"resolution": SIDE, "kimg": kimg * way.times, "evaluate_kimg": kimg * way.times / 6}
    values["train"] |= {"sheet_kimg": kimg, **way.changes}
    values["runtime"]["threads"] = 1
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "stages.train"], cwd=folder, env=environment, capture_output=True, text=True
    )
    if not (folder / "metrics/train.json").is_file():
        raise SystemExit(f"{kind}, {name}: {done.stderr[-2000:]}")
    found = json.loads((folder / "metrics/train.json").read_text())["verdict"]
    print(f"{kind}, {name}: {found['state']} {found['cause']}", file=sys.stderr)
    print((folder / "metrics/validation.csv").read_text(), file=sys.stderr, flush=True)
    return found["state"]


def write(folder: Path, pictures: Sequence[Image.Image]) -> None:
    """As augment does, one picture a work."""
    for number, picture in enumerate(pictures):
        images.save_png(folder / f"work{number:03}--00.png", picture)


def museum(count: int) -> list[Image.Image]:
    """Works of the museum, always the same first ones."""
    return _paintings()[:count]


@cache
def _paintings() -> list[Image.Image]:
    return [images.square(paint(work, EDGE), SIDE) for work in plan(WORKS + HELD_OUT, 0, 0)]


def gray(count: int) -> list[Image.Image]:
    """The same without colors."""
    return [picture.convert("L").convert("RGB") for picture in museum(count)]


def flat(count: int) -> list[Image.Image]:
    """One color each."""
    colors = np.random.default_rng(0).integers(0, 256, (count, 3))
    return [Image.new("RGB", (SIDE, SIDE), tuple(color)) for color in colors.tolist()]


def line_art(count: int) -> list[Image.Image]:
    """A few black strokes on white."""
    found = []
    for number in range(count):
        rng, page = np.random.default_rng((1, number)), Image.new("RGB", (4 * SIDE, 4 * SIDE), "white")
        for _ in range(4):
            points = rng.integers(0, 4 * SIDE, (4, 2)).reshape(-1).tolist()
            ImageDraw.Draw(page).line(points, fill="black", width=4)
        found.append(page.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return found


def near_duplicates(count: int) -> list[Image.Image]:
    """A few works of the museum, each in many crops and lights."""
    few = museum(max(1, count // 6))
    rngs = [np.random.default_rng((2, number)) for number in range(count)]
    return [vary(few[number % len(few)], SIDE, rng, False, crop=0.1, color=0.1) for number, rng in enumerate(rngs)]


KINDS: dict[str, Callable[[int], list[Image.Image]]] = {
    "the museum": museum,
    "the museum in gray": gray,
    "flat colors": flat,
    "line art": line_art,
    "near-duplicates": near_duplicates,
    "12 works": museum,
}

if __name__ == "__main__":
    main()
