"""Stage augment: from data/works/ and the split to data/train/: square pictures at the training resolution.

data/train/train/ holds the variations to learn from, data/train/validation/ the plain validation works, both as
`<work>--<number>.png`.
"""

from pathlib import Path

import numpy as np

from stages.augment.vary import vary
from stages.common import images, params, report, sections
from stages.common.door import enter, progress

WORKS = Path("data/works")


def main() -> None:
    everything = params.load()
    settings, pixels = everything.augment, everything.train.resolution
    parts = report.read_json(Path("data/split.json"))
    files: dict[str, list[str]] = {}
    for row in report.read_jsonl(WORKS / "works.jsonl"):
        files.setdefault(row["work"], []).append(row["file"])
    with report.folder(Path("data/train")) as folder:
        for work in progress(parts["train"], desc="augment", unit=" works"):
            for number, picture in enumerate(copies(work, files[work], pixels, settings)):
                images.save_png(folder / "train" / f"{work}--{number:02}.png", picture)
        for work in parts["validation"]:
            images.save_png(
                folder / "validation" / f"{work}--00.png", images.square(images.read(WORKS / files[work][0]), pixels)
            )
    print(f"augment: {len(parts['train'])} works to train on, {len(parts['validation'])} to validate, {pixels} px")


def copies(work: str, files: list[str], pixels: int, settings: sections.Augment):
    """The training pictures of a work: of each of its files one plain square, then variations (every other one mirrored)."""
    for file_number, file in enumerate(files):
        picture = images.read(WORKS / file)
        yield images.square(picture, pixels)
        for copy in range(1, settings.copies):
            rng = np.random.default_rng([settings.seed, int(work, 16), file_number, copy])
            yield vary(picture, pixels, rng, settings.mirror and copy % 2 == 1, settings.crop, settings.colour)


if __name__ == "__main__":
    enter(main)
