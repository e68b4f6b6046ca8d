"""The training pictures of a work: plain squares of its files, and variations of them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image

from stages.augment.params import AugmentParams
from stages.augment.vary import vary
from stages.common import images
from stages.common.records import WorkRow

AT_ONCE = 120e6  # pixels of works that are in memory at a time, 11 bytes each: 1.3 GiB


def threads(rows: Iterable[WorkRow], works: Iterable[str], most: int) -> int:
    """How many of the `works` can be made at once, up to `most`: the largest of them must not exceed AT_ONCE together.

    One always can, however large it is. A work of several files is as large as the largest.
    """
    pixels = dict.fromkeys(works, 0)
    for row in rows:
        if row["work"] in pixels:
            pixels[row["work"]] = max(pixels[row["work"]], row["width"] * row["height"])
    largest = accumulate(sorted(pixels.values(), reverse=True)[:most])
    return max(1, sum(together <= AT_ONCE for together in largest))


def files_by_work(rows: Iterable[WorkRow], folder: Path) -> dict[str, list[Path]]:
    """The files of each work, its best one first; they lie in `folder`."""
    paths: dict[str, list[Path]] = {}
    for row in rows:
        paths.setdefault(row["work"], []).append(folder / row["file"])
    return paths


def copies(work: str, paths: Iterable[Path], pixels: int, settings: AugmentParams) -> Iterator[Image.Image]:
    """Of each file of a work one plain square of `pixels`, then variations (every other one mirrored).

    The variations are seeded by the work's name (hexadecimal), the file's number and the copy's, so that they do not
    depend on other works.
    """
    for file_number, path in enumerate(paths):
        picture = images.read(path)
        yield images.square(picture, pixels)
        for copy in range(1, settings.copies):
            rng = np.random.default_rng([settings.seed, int(work, 16), file_number, copy])
            mirror = settings.mirror and copy % 2 == 1
            yield vary(picture, pixels, rng, mirror, settings.crop, settings.color)


def save_copies(folder: Path, work: str, paths: Sequence[Path], pixels: int, settings: AugmentParams) -> None:
    """Save the training pictures of a work as <work>--<number>.png."""
    for number, picture in enumerate(copies(work, paths, pixels, settings)):
        images.save_png(folder / f"{work}--{number:02}.png", picture)


def save_plain(folder: Path, work: str, path: Path, pixels: int) -> None:
    """Save the plain square of a work's best file, in the same way."""
    images.save_png(folder / f"{work}--00.png", images.square(images.read(path), pixels))
