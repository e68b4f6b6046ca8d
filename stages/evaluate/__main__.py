"""Stage evaluate: the generated pictures against the test works, into metrics/evaluate.json and data/evaluation/.

The test works are the one fixed reference of every training size; no training, guard or choice of a generator has seen them. The floor
is what other real works (the validation works) measure against them: what a perfect generator would reach.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import nn

from stages.common import device, files, images, params, weights
from stages.common.checkout import main_checkout
from stages.common.cli import UserError, progress, run_cli
from stages.common.section import RuntimeParams
from stages.evaluate import copies, efficientnet, perceptual
from stages.evaluate.cache import Cache
from stages.evaluate.judge import LEAST, Sets, judge
from stages.evaluate.params import EvaluateParams
from stages.metrics import inception
from stages.metrics.features import features
from stages.metrics.manifold import DENSITY_K, PRECISION_K

WORKS = Path("data/works")
SAMPLES = Path("data/generated/samples")
EVALUATION = Path("data/evaluation")
PAIRS, COLUMNS, CELL = 12, 3, 128  # of the sheet of the nearest: pairs, pairs in a row, pixels of a picture


class Pictures(NamedTuple):
    """All squares of the training resolution."""

    made: list[Image.Image]
    test: list[Image.Image]
    floor: list[Image.Image]
    trained: list[Image.Image]


def main() -> None:
    everything = params.load()
    settings = everything.section(EvaluateParams)
    exactly = everything.section(RuntimeParams).model_copy(update={"precision": "float32"})  # the last digits count
    runtime = device.prepare(exactly)
    parts, paths = files.read_json(Path("data/split.json")), images.listing(SAMPLES)
    pictures = gather(parts, paths)
    context = [torch.__version__, runtime.device.type, runtime.threads, settings.batch]
    cache = Cache(main_checkout() / ".cache/features")  # the main checkout's, also from a queued experiment's copy

    with progress(
        total=3 * len(pictures.made) + 3 * len(pictures.test) + 2 * len(pictures.floor), desc="evaluate", unit=" images"
    ) as bar:

        def space(network: nn.Module, pretrained: weights.Weights, resize: str) -> dict[str, float]:
            def compute(some: Sequence[Image.Image]) -> torch.Tensor:
                return features(network, some, settings.batch, runtime.device, bar.update, resize)

            def cached(some: Sequence[Image.Image]) -> torch.Tensor:
                done = bar.n
                found = cache.get([pretrained.sha256, resize, *context], some, lambda: compute(some))
                bar.update(done + len(some) - bar.n)
                return found

            return judge(
                Sets(compute(pictures.made), cached(pictures.test), cached(pictures.floor)),
                settings.kid_subsets,
                settings.seed,
            )

        numbers: dict[str, Any] = space(inception.load(runtime.device), weights.INCEPTION, settings.resize)
        numbers["efficientnet"] = space(efficientnet.load(runtime.device), weights.EFFICIENTNET, "clean")
        numbers |= copying(pictures, paths, parts["train"], runtime.device, bar.update)

    counts = {
        "n_generated": len(pictures.made),
        "n_real": len(pictures.test),
        "n_floor": len(pictures.floor),
        "n_train": len(pictures.trained),
    }
    how = {"resize": settings.resize, "precision_k": PRECISION_K, "density_k": DENSITY_K, "runtime": runtime.report()}
    files.write_json(Path("metrics/evaluate.json"), numbers | counts | how)
    print(
        f"evaluate: KID {numbers['kid']:.4f} ({numbers['kid_low']:.4f} to {numbers['kid_high']:.4f}), "
        f"FID {numbers['fid']:.1f} ({numbers['fid_above_floor']:.1f} above the floor), {numbers['copied']:.0%} copied"
    )


def gather(parts: dict[str, list[str]], paths: list[Path]) -> Pictures:
    """The generated pictures, the test works, the works of the floor, and the training works, all of one size.

    Raises UserError for too few of any.
    """
    floor = parts["validation"] if len(parts["validation"]) >= LEAST else parts["train"]
    for name, some, remedy in (
        ("generated pictures", paths, "generate.count"),
        ("test works", parts["test"], "split.test_works (or split.test_fraction)"),
        ("validation works", floor, "split.validation_works (or split.validation_fraction)"),
    ):
        if len(some) < LEAST:
            raise UserError(f"evaluate needs at least {LEAST} {name}, found {len(some)}: raise {remedy}")
    made = [images.read(path) for path in paths]
    return Pictures(made, *(works(names, made[0].width) for names in (parts["test"], floor, parts["train"])))


def works(names: list[str], pixels: int) -> list[Image.Image]:
    """The best rendition of each work as the square that a generator learns from, so that both sides are alike."""
    best = {row["work"]: row["file"] for row in files.read_jsonl(WORKS / "works.jsonl") if row["best"]}
    return [images.square(images.read(WORKS / best[name]), pixels) for name in names]


def copying(
    pictures: Pictures, paths: list[Path], names: list[str], where: torch.device, done: Callable[[int], None]
) -> dict[str, float]:
    """The share of copied pictures; writes who is nearest to which training work."""
    network = perceptual.load(where)

    def embed(some: Sequence[Image.Image]) -> torch.Tensor:
        return features(network, some, copies.BATCH, where, dtype=torch.float32)

    made, test = (copies.nearest(some, pictures.trained, embed, done) for some in (pictures.made, pictures.test))
    below = copies.threshold(test.distance)
    rows = [
        {"file": path.name, "work": names[work], "distance": round(distance, 4), "copied": distance < below}
        for path, work, distance in zip(paths, made.work, made.distance, strict=True)
    ]
    closest = sorted(range(len(rows)), key=lambda number: made.distance[number])[:PAIRS]
    pairs = [
        images.sheet([pictures.made[number], pictures.trained[made.work[number]]], 2, (CELL, CELL), 2)
        for number in closest
    ]
    with files.folder(EVALUATION) as folder:
        files.write_jsonl(folder / "nearest.jsonl", rows)
        images.save_jpeg(folder / "nearest.jpg", images.sheet(pairs, COLUMNS, pairs[0].size, 12))
    return copies.share(made.distance, below) | {"copied_threshold": below}


if __name__ == "__main__":
    run_cli(main)
