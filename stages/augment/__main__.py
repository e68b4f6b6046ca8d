"""Stage augment: from data/works/ and the split to data/train/: square pictures at the training resolution.

data/train/train/ holds the variations to learn from, data/train/validation/ the plain validation works, both as
`<work>--<number>.png`.
"""

from pathlib import Path

import numpy as np

from stages.augment.params import AugmentParams
from stages.augment.vary import vary
from stages.common import files, images, params
from stages.common.cli import progress, run_cli
from stages.gan import presets

WORKS = Path("data/works")


def main() -> None:
    everything = params.load()
    settings = everything.section(AugmentParams)
    pixels = presets.fill(everything.raw["train"])["resolution"]
    parts = files.read_json(Path("data/split.json"))
    pictures: dict[str, list[str]] = {}
    for row in files.read_jsonl(WORKS / "works.jsonl"):
        pictures.setdefault(row["work"], []).append(row["file"])
    with files.folder(Path("data/train")) as folder:
        for work in progress(parts["train"], desc="augment", unit=" works"):
            for number, picture in enumerate(copies(work, pictures[work], pixels, settings)):
                images.save_png(folder / "train" / f"{work}--{number:02}.png", picture)
        for work in parts["validation"]:
            images.save_png(
                folder / "validation" / f"{work}--00.png", images.square(images.read(WORKS / pictures[work][0]), pixels)
            )
    print(f"augment: {len(parts['train'])} works to train on, {len(parts['validation'])} to validate, {pixels} px")


def copies(work: str, files: list[str], pixels: int, settings: AugmentParams):
    """The training pictures of a work: of each of its files one plain square, then variations (every other one mirrored)."""
    for file_number, file in enumerate(files):
        picture = images.read(WORKS / file)
        yield images.square(picture, pixels)
        for copy in range(1, settings.copies):
            rng = np.random.default_rng([settings.seed, int(work, 16), file_number, copy])
            yield vary(picture, pixels, rng, settings.mirror and copy % 2 == 1, settings.crop, settings.color)


if __name__ == "__main__":
    run_cli(main)
