"""Stage augment: from data/works/ and the split to data/train/: square pictures at the training resolution.

data/train/train/ holds the variations to learn from, data/train/validation/ the plain validation works, both as
`<work>--<number>.png`.
"""

from pathlib import Path

from stages.augment.copies import copies, files_by_work
from stages.augment.params import AugmentParams
from stages.common import files, images, params
from stages.common.cli import progress, run_cli
from stages.common.records import read_split, read_works
from stages.gan import presets

WORKS = Path("data/works")


def main() -> None:
    everything = params.load()
    settings = everything.section(AugmentParams)
    pixels = presets.fill(everything.raw["train"])["resolution"]
    split = read_split(Path("data/split.json"))
    paths = files_by_work(read_works(WORKS / "works.jsonl"), WORKS)
    with files.folder(Path("data/train")) as folder:
        for work in progress(split["train"], desc="augment", unit=" works"):
            for number, picture in enumerate(copies(work, paths[work], pixels, settings)):
                images.save_png(folder / "train" / f"{work}--{number:02}.png", picture)
        for work in split["validation"]:
            plain = images.square(images.read(paths[work][0]), pixels)
            images.save_png(folder / "validation" / f"{work}--00.png", plain)
    print(f"augment: {len(split['train'])} works to train on, {len(split['validation'])} to validate, {pixels} px")


if __name__ == "__main__":
    run_cli(main, lower="train.resolution")
