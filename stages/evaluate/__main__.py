"""Stage evaluate: the generated pictures against the test works, into metrics/evaluate.json.

The test works are the one fixed reference of every training size. `fid_floor` and `kid_floor` are the same distances for
the training works themselves: what a perfect generator would reach with so few pictures.
"""

from pathlib import Path

from PIL import Image

from stages.common import device, images, inception, kernel, params, report
from stages.common.door import UserError, enter, progress
from stages.evaluate import frechet

WORKS = Path("data/works")
SAMPLES = Path("data/generated/samples")


def main() -> None:
    everything = params.load()
    settings, train = everything.evaluate, everything.train
    runtime = device.prepare(train.device, "float32", train.threads)  # the last digits of the numbers count
    parts = report.read_json(Path("data/split.json"))
    real = {part: works(parts[part], train.resolution) for part in ("test", "train")}
    generated = [images.read(path) for path in images.listing(SAMPLES)]
    for name, pictures in {"test works": real["test"], "training works": real["train"], "generated pictures": generated}.items():
        if len(pictures) < 2:
            raise UserError(f"evaluate needs at least 2 {name}, found {len(pictures)}: raise split.test_works, split.train_works or generate.count")

    network = inception.load(runtime.device)
    with progress(total=sum(map(len, [*real.values(), generated])), desc="features", unit=" images") as bar:
        test, trained, made = (
            inception.features(network, pictures, settings.batch, runtime.device, bar.update) for pictures in (real["test"], real["train"], generated)
        )
    kid, kid_std = kernel.distance(made, test, settings.kid_subsets, settings.seed)
    kid_floor, _ = kernel.distance(trained, test, settings.kid_subsets, settings.seed)
    numbers = {"fid": frechet.distance(made, test), "fid_floor": frechet.distance(trained, test)}
    numbers |= {"kid": kid, "kid_std": kid_std, "kid_floor": kid_floor}
    counts = {"n_real": len(test), "n_generated": len(made), "n_train": len(trained)}
    report.write_json(Path("metrics/evaluate.json"), numbers | counts | {"runtime": runtime.report()})
    print(f"evaluate: KID {kid:.4f} +- {kid_std:.4f}, FID {numbers['fid']:.1f} (floor {numbers['fid_floor']:.1f})")


def works(names: list[str], pixels: int) -> list[Image.Image]:
    """The best rendition of each work as the square that a generator learns from, so that both sides are alike."""
    files = {row["work"]: row["file"] for row in report.read_jsonl(WORKS / "works.jsonl") if row["best"]}
    return [images.square(images.read(WORKS / files[name]), pixels) for name in names]


if __name__ == "__main__":
    enter(main)
