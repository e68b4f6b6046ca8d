"""The most memory that a stage takes at a large size, and how long: of the stage itself, run as DVC runs it.

Prints Markdown. Run in the repository's root after `dvc repro`:

    PYTHONPATH=tests:. python tests/bench/bench_memory.py upscale=4000 stylize=4096 dedupe=100000 evaluate=50000

upscale: a stylized picture so many pixels wide, 4 to 3. stylize: so many pixels, two steps at each size of the canvas.
dedupe: so many files, a hundredth of them copies. evaluate: so many samples, the run's own ones again and again; with
`--networks once` each network sees its first batch alone and answers with random features afterwards, as 50,000 samples
take hours (the memory is the networks' and the features' all the same). The memory is that of all processes of the
stage, pages that they share counted once (PSS), read five times a second.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from surroundings import ROOT, clean_environment, set_params

from stages.common import files
from stages.dedupe.workers import workers

COPIES = 100  # one file in so many is a copy of the one before it
EDGE = 512, 384  # pixels of a file for dedupe
# A driver in place of `python -m stages.evaluate`: every network answers its first batch, then a generator does.
ONCE = """
import torch
from stages.metrics import features as module
from stages.evaluate import __main__ as stage, session
def features(network, pictures, batch, device, on_progress=lambda _: None, resize="clean", dtype=torch.float64):
    one = module.features(network, pictures[:batch], batch, device, on_progress, resize, dtype)
    rest = []
    for start in range(batch, len(pictures), batch):
        some = pictures[start:start + batch]
        rest.append(one[:1] + torch.rand(len(some), one.shape[1], dtype=dtype))
        on_progress(len(some))
    return torch.cat([one, *rest])
session.features = features
stage.main()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", metavar="STAGE=SIZE", help=f"stages: {', '.join(CASES)}")
    parser.add_argument("--networks", choices=["always", "once"], default="always", help="of evaluate")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    print("| stage | size | memory, GiB | seconds |\n|---|---|---|---|")
    for case in asked.cases:
        stage, _, size = case.partition("=")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "metrics").mkdir()
            shutil.copy(ROOT / "params.yaml", folder)
            set_params(folder, {"runtime.threads": asked.threads})
            CASES[stage](folder, int(size))
            once = stage == "evaluate" and asked.networks == "once"
            command = ["-c", ONCE] if once else ["-m", f"stages.{stage}"]
            peak, seconds = measure([sys.executable, *command], folder)
        print(f"| {stage} | {size}{', networks once' if once else ''} | {peak:.2f} | {seconds:.0f} |", flush=True)


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """GiB that the command and its children take at the most, and its seconds; raises SystemExit where it fails."""
    start, peak = time.monotonic(), 0
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=clean_environment(), stdout=log, stderr=log) as process,
    ):
        while process.poll() is None:
            peak = max(peak, sum(resident(psutil.Process(process.pid))))
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit((folder / "log").read_text()[-2000:])
    return peak / 2**30, time.monotonic() - start


def resident(process: psutil.Process) -> Iterator[int]:
    """Bytes of a process and of those that it started, those that end meanwhile left out."""
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                yield one.memory_full_info().pss


def upscale(folder: Path, pixels: int) -> None:
    """The run's first stylized picture, so many pixels wide."""
    for name in ("data/sketch", "data/stylized"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "metrics/stylize.json", folder / "metrics")
    picture = sorted((folder / "data/stylized/pictures").iterdir())[0]
    with Image.open(picture) as small:
        small.resize((pixels, pixels * 3 // 4), Image.Resampling.BICUBIC).save(picture)


def stylize(folder: Path, pixels: int) -> None:
    """The run's sketch and works; one style."""
    for name in ("data/sketch", "data/works"):
        shutil.copytree(ROOT / name, folder / name)
    (style, *_) = json.loads((ROOT / "metrics/stylize.json").read_text())["styles"].values()
    set_params(folder, {"stylize.pixels": pixels, "stylize.steps": 2, "stylize.styles": [style["title"]]})


def dedupe(folder: Path, count: int) -> None:
    """So many JPEGs with a catalogue."""
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    with workers() as pool:
        rows = list(pool.map(painted, [raw] * count, range(count), chunksize=200))
    files.write_jsonl(raw / "catalogue.jsonl", rows)


def painted(raw: Path, number: int) -> dict[str, object]:
    """Save a file, a copy smaller than the one before it where it is its turn; its row."""
    copy = number % COPIES == COPIES - 1
    coarse = np.random.default_rng(number - copy).integers(0, 256, (9, 12, 3), np.uint8)
    picture = Image.fromarray(coarse).resize(EDGE, Image.Resampling.BICUBIC)
    if copy:
        picture = picture.resize((EDGE[0] * 3 // 4, EDGE[1] * 3 // 4), Image.Resampling.LANCZOS)
    path = raw / f"{number:016x}.jpg"
    picture.save(path, quality=88)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (row, *_) = (ROOT / "data/raw/catalogue.jsonl").read_text().splitlines()
    seen = {"width": picture.width, "height": picture.height, "bytes": path.stat().st_size, "sha256": digest}
    return json.loads(row) | seen | {"file": path.name, "work": None, "title": f"Work {number}"}


def evaluate(folder: Path, count: int) -> None:
    """The run's works, and its samples as often as it takes."""
    shutil.copytree(ROOT / "data/works", folder / "data/works")
    shutil.copy(ROOT / "data/split.json", folder / "data")
    samples = folder / "data/generated/samples"
    samples.mkdir(parents=True)
    made = sorted((ROOT / "data/generated/samples").iterdir())
    for number in range(count):
        os.symlink(made[number % len(made)], samples / f"{number:06d}.png")


CASES: dict[str, Callable[[Path, int], None]] = {
    "upscale": upscale,
    "stylize": stylize,
    "dedupe": dedupe,
    "evaluate": evaluate,
}

if __name__ == "__main__":
    main()
