"""What each ingredient of a recipe brings: trainings of equal minutes or pictures, some seeds, beside the test works.

Prints Markdown. Run in the repository's root after `dvc repro augment`:

    PYTHONPATH=. python tests/bench/bench_recipes.py story --kimg 60 --seeds 0 1 2
    PYTHONPATH=. python tests/bench/bench_recipes.py ingredients --minutes 4 --seeds 0 1

Equal minutes: the processor time that a picture takes is measured first, recipe by recipe, and gives each its thousands
of pictures for so many minutes of 2 cores. The trainings run two at a time with one thread each, and noise on the
machine changes no result.
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
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from PIL import Image

from stages.common import images, params
from stages.common.records import read_split
from stages.evaluate.pictures import works
from stages.gan.checkpoint import load_generator
from stages.gan.sampling import contact_sheet, latents, sample
from stages.metrics import efficientnet, inception
from stages.metrics.comparison import Comparison
from stages.metrics.features import features
from stages.metrics.kid import kid
from stages.metrics.likelihood import fld
from stages.train.params import TrainParams

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")
SAMPLES = 200
CORES = 2  # of the minutes
JUDGES = {"KID": ".3f", "FLD": ".1f"}  # in the features of Inception, in those of EfficientNet
SHEET = 25  # pictures of the sheet that is kept of each recipe's first seed
Recipe = Mapping[str, Any]  # keys of the section train
SUITES: dict[str, dict[str, Recipe]] = {
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
        "batch 8": {"batch": 8},
        "batch 32, learning rate 0.0007": {"batch": 32, "learning_rate": 0.0007},
        "learning rate 0.001": {"learning_rate": 0.001},
        "width 16": {"width": 16},
        "DiffAugment without color": {"diffaugment": ["translation", "cutout"]},
        "no augmentation": {"augmentation": "none"},
        "ADA, sign": {"augmentation": "ada"},
        "ADA, validation": {"augmentation": "ada", "ada_signal": "validation"},
        "no moving average": {"ema_kimg": 0.0},
        "stylegan": {"architecture": "stylegan", "learning_rate": 0.002, "width": 16},
        "stylegan2": {"architecture": "stylegan2", "learning_rate": 0.002, "width": 16},
        "fastgan": {"architecture": "fastgan", "learning_rate": 0.0002},
    },
}


class Training(NamedTuple):
    """A training to run."""

    name: str  # of the recipe
    seed: int
    folder: Path


def main() -> None:
    asked = parse()
    recipes = {name: recipe for name, recipe in SUITES[asked.suite].items() if not asked.only or name in asked.only}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        speeds = {name: speed(folder / "speed", recipe) for name, recipe in recipes.items()} if asked.minutes else {}
        kimg = {name: asked.kimg or round(60 * asked.minutes * speeds[name] / 1000, 1) for name in recipes}
        print(f"thousands of pictures: {kimg}", file=sys.stderr, flush=True)
        reference = Reference()
        trainings = [
            Training(name, seed, folder / f"{number}-{seed}")
            for seed in asked.seeds
            for number, name in enumerate(recipes)
        ]
        with ThreadPoolExecutor(asked.jobs) as pool:
            list(pool.map(partial(run, recipes=recipes, kimg=kimg), trainings))
        heads = " | ".join(f"seed {seed}" for seed in asked.seeds)
        print(f"| recipe | pictures/s | kimg | {' | '.join(f'{name}, mean | {heads}' for name in JUDGES)} | verdicts |")
        print("|---" * (4 + len(JUDGES) * (1 + len(asked.seeds))) + "|")
        for name in recipes:
            own = [training for training in trainings if training.name == name]
            rate = f"{speeds[name]:.0f}" if speeds else ""
            print(f"| {name} | {rate} | {kimg[name]:g} | {results(own, reference)} |", flush=True)
            if asked.sheets:
                path = asked.sheets / f"{name.replace(': ', '-').replace(' ', '-')}.png"
                images.save_png(path, contact_sheet(pictures(own[0].folder, SHEET), columns=5))


def parse() -> argparse.Namespace:
    """The command line."""
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
    return asked


def run(training: Training, recipes: Mapping[str, Recipe], kimg: Mapping[str, float]) -> None:
    """Train one recipe with one seed."""
    name, seed, folder = training
    train(folder, {**recipes[name], "seed": seed, "kimg": kimg[name]})
    print(f"{name}, seed {seed}: {kimg[name]:g} kimg done", file=sys.stderr, flush=True)


def results(trainings: list[Training], reference: "Reference") -> str:
    """The cells of a recipe's seeds: of each judge the mean and each seed's value, then the verdicts."""
    judged = [reference.judge(training.folder) for training in trainings]
    metrics = [json.loads((training.folder / "metrics/train.json").read_text()) for training in trainings]
    verdicts = ", ".join(dict.fromkeys(item["verdict"]["state"] for item in metrics))
    columns = [
        f"{value:{form}}"
        for place, form in enumerate(JUDGES.values())
        for values in [[item[place] for item in judged]]
        for value in (statistics.mean(values), *values)
    ]
    return f"{' | '.join(columns)} | {verdicts}"


def workspace(folder: Path, recipe: Recipe) -> Path:
    """A folder with the pipeline's training pictures and changed params; one evaluation, at the end."""
    folder.mkdir(parents=True)
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["train"] |= {"evaluate_kimg": 1e6, "evaluate_pictures": 48, "sheet_kimg": 1e6} | dict(recipe)
    values["runtime"]["threads"] = 1
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    (folder / "data").mkdir()
    (folder / "data/train").symlink_to(ROOT / "data/train")
    return folder


def train(folder: Path, recipe: Recipe) -> None:
    """Run the stage as DVC does, in a new folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    stage = [sys.executable, "-m", "stages.train"]
    done = subprocess.run(stage, cwd=workspace(folder, recipe), env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{recipe} failed: {done.stderr[-2000:]}")


def speed(folder: Path, recipe: Recipe, short: float = 0.16, long: float = 0.8) -> float:
    """Pictures per second on 2 cores.

    From the processor time of two trainings of different length, so that the start and the evaluation fall out.
    """
    seconds = []
    for kimg in (short, long):
        start = processor_time()
        train(folder, {**recipe, "kimg": kimg, "evaluate_pictures": 2})
        seconds.append(processor_time() - start)
        shutil.rmtree(folder)
    return CORES * (long - short) * 1000 / (seconds[1] - seconds[0])


def processor_time() -> float:
    """Seconds that the processes started here have computed, which waiting for a busy core does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Reference:
    """The test works, as in the stage evaluate, with their features computed once."""

    def __init__(self):
        torch.set_num_threads(os.cpu_count() or 1)
        resolution, split = params.load().section(TrainParams).resolution, read_split(Path("data/split.json"))
        self.networks = [inception.load(CPU), efficientnet.load(CPU)]
        real, trained = (works(Path("data/works"), split[name], resolution) for name in ("test", "train"))
        self.known = [[features(network, some, 16, CPU) for some in (real, trained)] for network in self.networks]

    def judge(self, folder: Path) -> tuple[float, float]:
        """What JUDGES say of SAMPLES pictures of the generator that the training kept."""
        some = pictures(folder, SAMPLES)
        generated = [features(network, some, 16, CPU) for network in self.networks]
        compared = [
            Comparison.of(own, real, real, trained) for own, (real, trained) in zip(generated, self.known, strict=True)
        ]
        return kid(compared[0]), fld(compared[1])


def pictures(folder: Path, count: int) -> list[Image.Image]:
    """The first pictures of a trained generator."""
    generator = load_generator(folder / "data/gan/generator.safetensors")
    parts = latents(0, range(count), generator.latent).split(25)
    return [picture for z in parts for picture in sample(generator, z, torch.float32)]


if __name__ == "__main__":
    main()
