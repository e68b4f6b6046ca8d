"""Images per second of training steps: ours beside a textbook's loop, for each architecture. Prints Markdown.

    PYTHONPATH=. OMP_NUM_THREADS=1 python tests/bench/bench_gan_speed.py --resolutions 64 128 --threads 1

Both train the same networks with the same loss, DiffAugment, lazy R1, Adam and moving average, in turns. "Plain" is
what a textbook writes: float32 pictures decoded by PIL at every step, contiguous NCHW, one pass through the
discriminator for real and another for generated pictures, new generated pictures for the generator's step, and Adam as
it comes, not fused. With `--device cuda` ours is measured without and with CUDA graphs. `--compile` adds ours with both
networks through torch.compile, which the stage does not use: the last column says why.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from textbook import Plain
from torch import Tensor

from stages.common.device import Runtime, prepare
from stages.common.params import load
from stages.common.section import RuntimeParams
from stages.gan.architectures import ARCHITECTURES
from stages.train.graphs import GraphedStep
from stages.train.inputs import load_pictures
from stages.train.loop import train
from stages.train.params import TrainParams
from stages.train.schedule import Schedule
from stages.train.state import State
from stages.train.step import train_step

PICTURES = 96  # in the training set
NEVER = 10**9  # steps
WARM = {"cpu": 2, "cuda": 18}  # steps before the clock starts; on a GPU those with R1 are captured at the second
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


class Contender(Protocol):
    """A training that can be continued."""

    def run(self, steps: int) -> None:
        """Train for so many steps more."""


class Ours:
    """The stage's own loop, without its entry point: no sheets, no evaluations, no files."""

    def __init__(self, params: TrainParams, runtime: Runtime, folder: Path):
        self.params = params
        self.images = load_pictures(sorted(folder.iterdir()), params.resolution).to(runtime.device)
        self.state = State(params, runtime.device, runtime.dtype)

    def run(self, steps: int) -> None:
        """Train for so many steps more."""
        schedule = Schedule(self.state.step + steps, log=NEVER, evaluate=NEVER, save=NEVER)
        train(self.state, self.images, self.images[:0], self.params, schedule, NoCallbacks())


class Compiled(Ours):
    """Ours with both networks compiled; only R1 goes around it, as torch.compile has no second derivatives."""

    def __init__(self, params: TrainParams, runtime: Runtime, folder: Path):
        super().__init__(params, runtime, folder)
        generator, discriminator = self.state.generator, self.state.discriminator
        eager, compiled = discriminator.forward, torch.compile(discriminator.forward, dynamic=False)
        generator.forward = torch.compile(generator.forward, dynamic=False)

        def forward(pictures: Tensor) -> Tensor:
            of_penalty = pictures.is_leaf and pictures.requires_grad
            return eager(pictures) if of_penalty else compiled(pictures)

        discriminator.forward = forward


class OneByOne(Ours):
    """Ours on a GPU without graphs: each operation is launched by itself."""

    def run(self, steps: int) -> None:
        """Train for so many steps more."""
        for _ in range(steps):
            train_step(self.state, self.images, self.params)


class Graphs(Ours):
    """Ours on a GPU as the stage does it; what was captured is kept from repeat to repeat."""

    def __init__(self, params: TrainParams, runtime: Runtime, folder: Path):
        super().__init__(params, runtime, folder)
        self.step = GraphedStep(self.state, self.images, params)

    def run(self, steps: int) -> None:
        """Train for so many steps more."""
        for _ in range(steps):
            self.step()


class NoCallbacks:
    """Nothing happens besides the training."""

    def should_stop(self) -> bool:
        """Never."""
        return False

    def log(self, row: dict[str, float]) -> None:
        """Not logged."""

    def evaluate(self) -> None:
        """Not evaluated."""

    def save(self) -> None:
        """Not saved."""


def paint(folder: Path, resolution: int) -> Path:
    """PNGs with structure, as heavy as small paintings."""
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        coarse = np.random.default_rng(number).integers(0, 256, (resolution // 4, resolution // 4, 3), np.uint8)
        Image.fromarray(coarse).resize((resolution, resolution), Image.Resampling.BICUBIC).save(
            folder / f"work{number:03d}--00.png"
        )
    return folder


def rate(contender: Contender, asked: argparse.Namespace) -> float:
    """Images per second over so many steps."""
    clock = CLOCKS[asked.clock]
    start = clock()
    contender.run(asked.steps)
    if asked.device == "cuda":
        torch.cuda.synchronize()
    return asked.steps * asked.batch / (clock() - start)


def race(contenders: Mapping[str, Contender], asked: argparse.Namespace) -> dict[str, list[float]]:
    """Images per second of every repeat, in turns."""
    for contender in contenders.values():
        contender.run(WARM[asked.device])
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(asked.repeats):
        for name, contender in contenders.items():
            rates[name].append(rate(contender, asked))
    return rates


def variant(architecture: str, resolution: int, asked: argparse.Namespace) -> TrainParams:
    """The default params of the pipeline with another architecture; only what both loops do."""
    changes = {"architecture": architecture, "resolution": resolution, "batch": asked.batch}
    return load().section(TrainParams).model_copy(update=changes | {"augmentation": "diffaugment", "path_length": 0.0})


def conditions(asked: argparse.Namespace, runtime: Runtime) -> str:
    """How it was measured."""
    steps = f"{asked.repeats} repeats of {asked.steps} steps in turns, {asked.clock} time"
    ours = f"ours in {runtime.report()['precision']} on {asked.device}"
    return f"batch {asked.batch}, {asked.threads} threads, {steps}, {ours}"


def parse(description: str, resolutions: list[int]) -> argparse.Namespace:
    """The command line of both benches."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", nargs="*", default=list(ARCHITECTURES), choices=list(ARCHITECTURES))
    parser.add_argument("--resolutions", type=int, nargs="*", default=resolutions)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument(
        "--steps",
        type=int,
        default=8,
        help="in one repeat; a multiple of train.penalty_every counts lazy penalties right",
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", choices=list(WARM))
    parser.add_argument("--packages", type=Path, help="of bench_lightweight_gan: a folder with its packages")
    parser.add_argument("--precision", default="auto", help="of ours; plain is always float32")
    parser.add_argument("--compile", action="store_true", help="of bench_gan_speed: with torch.compile as well")
    parser.add_argument(
        "--clock",
        choices=list(CLOCKS),
        default="wall",
        help="processor: the process's own time, for one thread on a busy machine",
    )
    return parser.parse_args()


def main() -> None:
    asked = parse(str(__doc__), [64, 128])
    runtime = prepare(
        RuntimeParams(device=asked.device, precision=asked.precision, kernels="portable", threads=asked.threads)
    )
    print(f"{conditions(asked, runtime)}\n")
    kinds: dict[str, Callable[[TrainParams, Runtime, Path], Contender]] = {"plain": Plain, "ours": Ours}
    if asked.device == "cuda":
        kinds = {"plain": Plain, "ours without graphs": OneByOne, "ours": Graphs}
    if asked.compile:
        kinds["compiled"] = Compiled
    heads = [f"{name}, images/s, median (best)" for name in kinds] + [f"{name} to plain" for name in list(kinds)[1:]]
    print(f"| architecture | pixels | {' | '.join(heads)} |\n|---{'|---' * (1 + len(heads))}|")
    for architecture in asked.architectures:
        for resolution in asked.resolutions:
            params = variant(architecture, resolution, asked)
            with tempfile.TemporaryDirectory() as name:
                folder = paint(Path(name) / "pictures", resolution)
                rates = race({name: kind(params, runtime, folder) for name, kind in kinds.items()}, asked)
            middle = {name: statistics.median(values) for name, values in rates.items()}
            cells = [f"{middle[name]:.1f} ({max(values):.1f})" for name, values in rates.items()]
            cells += [f"{middle[name] / middle['plain']:.2f}" for name in list(kinds)[1:]]
            print(f"| {architecture} | {resolution} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
