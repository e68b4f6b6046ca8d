"""Trainings that are killed at random moments and must end with the bytes of one that was left alone. Prints Markdown.

Run in the repository's root: `PYTHONPATH=. python tests/bench/bench_kills.py --kills 30`.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TRAIN = {
    "architecture": "stylegan2",
    "loss": "nonsaturating",
    "path_length": 2.0,
    "augmentation": "ada",
    "learning_rate": 0.002,
    "resolution": 32,
    "width": 8,
    "latent": 16,
    "batch": 8,
    "kimg": 1.6,
    "sheet_kimg": 0.08,
    "evaluate_kimg": 0.4,
    "evaluate_pictures": 4,
}
RUNTIME = {"device": "cpu", "precision": "auto", "kernels": "auto", "threads": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        unbroken = workspace(Path(place) / "unbroken")
        start = time.monotonic()
        assert command(unbroken).wait() == 0
        length, expected = time.monotonic() - start, outputs(unbroken)

        folders = [Path(place) / f"broken-{number}" for number in range(asked.kills)]
        moments = [random.Random(f"{asked.seed} {number}") for number in range(asked.kills)]
        with ThreadPoolExecutor(asked.jobs) as pool:
            tried = list(pool.map(partial(try_once, length=length, expected=expected), folders, moments))
    equal, resumed = (sum(column) for column in zip(*tried, strict=True))
    equality = "results equal to an unbroken training's, byte for byte"
    print(f"| kills at random moments | trainings that went on from a saved state | {equality} | files compared |")
    print("|---|---|---|---|")
    print(f"| {asked.kills} | {resumed} | {equal} | {len(expected)} |")
    sys.exit(equal != asked.kills)


def try_once(folder: Path, moments: random.Random, length: float, expected: dict[str, str]) -> tuple[bool, bool]:
    """Whether the result is the expected one, and whether the second start found a state to go on from."""
    equal = kill_and_go_on(folder, length, moments) == expected
    resumed = "resuming after" in folder.with_suffix(".log").read_text()
    words = [folder.name, "equal" if equal else "DIFFERENT", *(["resumed"] if resumed else [])]
    print(", ".join(words), file=sys.stderr, flush=True)
    shutil.rmtree(folder)
    return equal, resumed


def kill_and_go_on(folder: Path, length: float, moments: random.Random) -> dict[str, str]:
    """Start, kill -9 before the end, start again; a training that was too quick is started over."""
    while True:
        process = command(workspace(folder))
        try:
            process.wait(moments.uniform(0.2, 1.0) * length)
            shutil.rmtree(folder)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            break
    assert command(folder).wait() == 0
    return outputs(folder)


def workspace(folder: Path) -> Path:
    """Twelve small pictures to train on, four to validate with."""
    for part, count in (("train", 12), ("validation", 4)):
        (folder / "data/train" / part).mkdir(parents=True)
        for number in range(count):
            values = np.random.default_rng((number, count)).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(values).resize((32, 32)).save(folder / f"data/train/{part}/work-{number:02d}--00.png")
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values |= {"train": values["train"] | TRAIN, "runtime": RUNTIME}
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    return folder


def command(folder: Path) -> subprocess.Popen:
    """The stage as DVC runs it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    environment["PYTHONPATH"] = str(ROOT)
    stage = [sys.executable, "-m", "stages.train"]
    with folder.with_suffix(".log").open("w") as log:
        return subprocess.Popen(stage, cwd=folder, env=environment, stdout=log, stderr=log)


def outputs(folder: Path) -> dict[str, str]:
    """Every file that the stage wrote, by the hash of its bytes."""
    files = [path for part in ("data/gan", "metrics") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    main()
