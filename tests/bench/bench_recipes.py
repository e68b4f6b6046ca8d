"""What each ingredient of a recipe brings: trainings of equal minutes or equal pictures, several seeds, KID to the test works. Prints Markdown.

Run in the repository's root after `dvc repro augment`:

    PYTHONPATH=. python tests/bench/bench_recipes.py story --kimg 60 --seeds 0 1 2
    PYTHONPATH=. python tests/bench/bench_recipes.py ingredients --minutes 4 --seeds 0 1

Equal minutes: the processor time that a picture takes is measured first, recipe by recipe, and gives each its thousands of pictures
for so many minutes of 2 cores. The trainings run two at a time with one thread each, and noise on the machine changes no result.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
import yaml

from stages.common import files, images, params
from stages.evaluate.__main__ import works
from stages.gan.checkpoint import load_generator
from stages.gan.noise import latents
from stages.gan.sampling import contact_sheet, sample
from stages.metrics import inception, kernel
from stages.metrics.features import features
from stages.metrics.kernel import Gram

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 200
CORES = 2  # of the minutes
SHEET = 25  # pictures of the sheet that is kept of each recipe's first seed
SUITES: dict[str, dict[str, dict[str, Any]]] = {
    "story": {
        "default": {},
        "story_dcgan": {"preset": "story_dcgan"},
    },
    "ingredients": {
        "default": {},
        "loss: nonsaturating": {"loss": "nonsaturating"},
        "loss: hinge": {"loss": "hinge"},
        "loss: relativistic average": {"loss": "relativistic_average"},
        "no R1": {"r1_gamma": 0.0},
        "no augmentation": {"augmentation": "none"},
        "ADA, sign": {"augmentation": "ada"},
        "ADA, validation": {"augmentation": "ada", "ada_signal": "validation"},
        "no moving average": {"ema_kimg": 0.0},
        "stylegan": {"architecture": "stylegan", "learning_rate": 0.002, "width": 16},
        "stylegan2": {"architecture": "stylegan2", "learning_rate": 0.002, "width": 16},
        "fastgan": {"architecture": "fastgan", "learning_rate": 0.0002},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--kimg", type=float, help="thousands of pictures of each training")
    parser.add_argument("--minutes", type=float, help="or: minutes of each training on 2 cores")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="recipes by name")
    parser.add_argument("--sheets", type=Path, help="a folder for a sheet of each recipe")
    asked = parser.parse_args()
    if (asked.kimg is None) == (asked.minutes is None):
        parser.error("say either --kimg or --minutes")
    recipes = {name: changes for name, changes in SUITES[asked.suite].items() if not asked.only or name in asked.only}
    with tempfile.TemporaryDirectory() as place:
        rooms = Path(place)
        speeds = {name: speed(rooms / "speed", changes) if asked.minutes else None for name, changes in recipes.items()}
        kimg = {name: asked.kimg or round(60 * asked.minutes * speeds[name] / 1000, 1) for name in recipes}
        print(f"thousands of pictures: {kimg}", file=sys.stderr, flush=True)
        judge = Judge()
        todo = [(name, seed) for seed in asked.seeds for name in recipes]

        def one(work: tuple[str, int]) -> dict[str, Any]:
            name, seed = work
            room = train(
                rooms / f"{list(recipes).index(name)}-{seed}",
                recipes[name] | {"seed": seed, "kimg": kimg[name], "threads": 1},
            )
            print(f"{name}, seed {seed}: {kimg[name]:g} kimg done", file=sys.stderr, flush=True)
            return json.loads((room / "metrics/train.json").read_text()) | {"room": room}

        with ThreadPoolExecutor(asked.jobs) as pool:
            trained = dict(zip(todo, pool.map(one, todo), strict=True))
        print(
            f"| recipe | pictures/s | kimg | KID, mean | {' | '.join(f'seed {seed}' for seed in asked.seeds)} | verdicts |"
        )
        print("|---" * (5 + len(asked.seeds)) + "|")
        for name in recipes:
            kids = [judge.kid(trained[name, seed]["room"]) for seed in asked.seeds]
            verdicts = ", ".join(dict.fromkeys(trained[name, seed]["verdict"]["state"] for seed in asked.seeds))
            shown = f"{speeds[name]:.0f}" if speeds[name] else ""
            print(
                f"| {name} | {shown} | {kimg[name]:g} | {statistics.mean(kids):.3f} | {' | '.join(f'{kid:.3f}' for kid in kids)} | {verdicts} |",
                flush=True,
            )
            if asked.sheets:
                save_sheet(
                    trained[name, asked.seeds[0]]["room"],
                    asked.sheets / f"{name.replace(': ', '-').replace(' ', '-')}.png",
                )


def workspace(room: Path, changes: dict[str, Any]) -> Path:
    """A folder with the pipeline's training pictures and changed params; one look, at the end."""
    room.mkdir(parents=True)
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["train"] |= {"evaluate_kimg": 1e6, "evaluate_pictures": 48, "sheet_kimg": 1e6} | changes
    (room / "params.yaml").write_text(yaml.safe_dump(values))
    (room / "data").mkdir()
    (room / "data/train").symlink_to(ROOT / "data/train")
    return room


def train(room: Path, changes: dict[str, Any]) -> Path:
    """Run the stage as DVC does; returns its folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")} | {
        "PYTHONPATH": str(ROOT)
    }
    threads = str(changes.get("threads", 2))
    environment |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    done = subprocess.run(
        [sys.executable, "-m", "stages.train"],
        cwd=workspace(room, changes),
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{changes} failed: {done.stderr[-2000:]}")
    return room


def speed(room: Path, changes: dict[str, Any], short: float = 0.16, long: float = 0.8) -> float:
    """Pictures a second on 2 cores, from the processor time of two trainings of different length, so that the start and the look fall out."""
    seconds = []
    for kimg in (short, long):
        start = processor_time()
        train(room, changes | {"kimg": kimg, "evaluate_pictures": 2, "threads": 1})
        seconds.append(processor_time() - start)
        shutil.rmtree(room)
    return CORES * (long - short) * 1000 / (seconds[1] - seconds[0])


def processor_time() -> float:
    """Seconds that the processes started here have computed, which waiting for a busy core does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Judge:
    """KID to the test works, as in the stage evaluate, with the test works' features computed once."""

    def __init__(self):
        torch.set_num_threads(os.cpu_count())
        everything = params.load()
        self.network = inception.load(torch.device("cpu"))
        names = files.read_json(Path("data/split.json"))["test"]
        self.real = features(self.network, works(names, everything["train"].resolution), 16, torch.device("cpu"))

    def kid(self, room: Path) -> float:
        """Of SAMPLES pictures of the generator that the training kept."""
        return kernel.squared_mmd(
            Gram.of(features(self.network, pictures(room, SAMPLES), 16, torch.device("cpu")), self.real)
        ).item()


def pictures(room: Path, count: int) -> list[Any]:
    """The first pictures of a trained generator."""
    generator = load_generator(room / "data/gan/generator.safetensors")
    return [
        picture
        for z in latents(0, range(count), generator.latent).split(25)
        for picture in sample(generator, z, torch.float32)
    ]


def save_sheet(room: Path, path: Path) -> None:
    """What a recipe's pictures look like."""
    images.save_png(path, contact_sheet(pictures(room, SHEET), columns=5))


if __name__ == "__main__":
    main()
