"""Images per second of training steps: ours beside a textbook's loop, for each architecture. Prints Markdown.

    PYTHONPATH=. OMP_NUM_THREADS=1 python tests/bench/bench_gan_speed.py --resolutions 64 128 --threads 1

Both train the same networks with the same loss, DiffAugment, lazy R1, Adam and moving average, in turns. "Plain" is
what a textbook writes: float32 pictures decoded by PIL at every step, contiguous NCHW, one pass through the
discriminator for real and another for generated pictures, new generated pictures for the generator's step, and Adam as
it comes, not fused. `--compile` adds ours with both networks through torch.compile, which the stage does not use: the
last column says why.
"""

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from stages.common.device import Runtime, prepare
from stages.common.params import load
from stages.common.section import RuntimeParams
from stages.gan import adversarial, diffaugment
from stages.gan.architectures import ARCHITECTURES
from stages.gan.build import build
from stages.gan.losses import LOSSES
from stages.gan.networks import SelfSupervisedDiscriminator
from stages.gan.regularization import gradient_penalty
from stages.train.inputs import load_pictures
from stages.train.loop import train
from stages.train.params import TrainParams
from stages.train.schedule import Schedule
from stages.train.state import BETA2, State

Network = TypeVar("Network", bound=nn.Module)
PICTURES = 96  # in the training set
NEVER = 10**9  # steps
WARM = 2  # steps before the clock starts
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


class Decoded(Dataset):
    """The pictures of a folder, decoded whenever one is asked for: float32 [3, R, R] in [-1, 1]."""

    def __init__(self, folder: Path):
        self.paths = sorted(folder.iterdir())

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> Tensor:
        with Image.open(self.paths[number]) as picture:
            values = np.array(picture.convert("RGB"), np.float32)
        return torch.from_numpy(values / 127.5 - 1).permute(2, 0, 1).contiguous()


class Plain:
    """A textbook's loop over the same networks."""

    def __init__(self, params: TrainParams, runtime: Runtime, folder: Path):
        self.params, self.device = params, runtime.device
        networks = build(params.architecture, params.latent, params.width, params.resolution, params.seed)
        self.generator = contiguous(networks[0].to(self.device))
        self.discriminator = contiguous(networks[1].to(self.device))
        self.average = copy.deepcopy(self.generator)
        options = {"lr": params.learning_rate, "betas": (params.beta1, BETA2)}
        self.adam_generator = torch.optim.Adam(self.generator.parameters(), **options)
        self.adam_discriminator = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.batches = endless(DataLoader(Decoded(folder), params.batch, shuffle=True, drop_last=True))
        self.rng = torch.Generator(self.device).manual_seed(params.seed)
        self.step = 0

    def run(self, steps: int) -> None:
        """Train for so many steps more."""
        with undetermined():
            for _ in range(steps):
                real = self.augment(next(self.batches).to(self.device))
                self.step_discriminator(real)
                self.step_generator(real)
                self.update_average()
                self.step += 1

    def step_discriminator(self, real: Tensor) -> None:
        with torch.no_grad():
            fake = self.generate()
        extra = 0.0
        if isinstance(self.discriminator, SelfSupervisedDiscriminator):
            real_logits, extra = self.discriminator.self_supervised(real, self.rng)
        else:
            real_logits = self.discriminator(real)
        fake_logits = self.discriminator(self.augment(fake))
        loss = adversarial.discriminator_loss(self.params.loss, real_logits, fake_logits) + extra
        if self.params.r1_gamma > 0 and self.step % self.params.penalty_every == 0:
            weight = self.params.penalty_every * self.params.r1_gamma / 2
            leaf = real.detach().requires_grad_()
            loss = loss + weight * gradient_penalty(self.discriminator(leaf), leaf)
        self.descend(self.adam_discriminator, loss)

    def step_generator(self, real: Tensor) -> None:
        fake_logits = self.discriminator(self.augment(self.generate()))
        if LOSSES[self.params.loss].relativistic:
            with torch.no_grad():
                real_logits = self.discriminator(real)
        else:
            real_logits = fake_logits.detach()  # which the other losses do not use
        self.descend(self.adam_generator, adversarial.generator_loss(self.params.loss, real_logits, fake_logits))

    @torch.no_grad()
    def update_average(self) -> None:
        for average, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            average.mul_(0.999).add_(value, alpha=0.001)

    def generate(self) -> Tensor:
        return self.generator(torch.randn(self.params.batch, self.params.latent, device=self.device), self.rng)

    def augment(self, images: Tensor) -> Tensor:
        uniform = torch.rand(len(images), diffaugment.DRAWS, device=self.device)
        return diffaugment.diffaugment(images, uniform, self.params.diffaugment)

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def contiguous(network: Network) -> Network:
    """The network with all maps and weights laid out as NCHW, whatever its own code prefers."""

    def lay_out(_: nn.Module, values: tuple) -> tuple:
        return tuple(value.contiguous() if isinstance(value, Tensor) else value for value in values)

    for module in network.modules():
        module.register_forward_pre_hook(lay_out)
    return network.to(memory_format=torch.contiguous_format)


def endless(batches: DataLoader) -> Iterator[Tensor]:
    """Epoch after epoch."""
    while True:
        yield from batches


@contextmanager
def undetermined() -> Iterator[None]:
    """Without deterministic algorithms, which a textbook does not ask for."""
    torch.use_deterministic_algorithms(False)
    yield
    torch.use_deterministic_algorithms(True)


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
        contender.run(WARM)
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
    parser.add_argument(
        "--device", default="cpu", help="of bench_gan_speed; lightweight-gan is measured on the CPU alone"
    )
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
