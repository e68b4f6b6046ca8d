"""Is anything merged that is not one work, where different works look alike? Prints Markdown.

    PYTHONPATH=.:tests/dedupe python tests/bench/bench_hard_negatives.py --works 40 --sheet negatives.jpg

Kinds of files of which each shows a work of its own: smooth objects on black, works of the museum that share a mount, a
page of a book, a color chart or a frame, line drawings, and series of one design in several palettes. Each kind is a
collection that goes through the search of the stage. "Compared" are the pairs that hash alike, and of those the ones
that the check alone calls the same; "merged" is what is left of these after the second look at groups.
"""

import argparse
import io
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import test_colorways
import test_texture
from PIL import Image, ImageDraw

from stages.common import params
from stages.common.cli import progress
from stages.common.images import sheet
from stages.common.records import CatalogueRow
from stages.dedupe.candidates import nearest
from stages.dedupe.corrections import Corrections
from stages.dedupe.grouping import pairs_to_compare
from stages.dedupe.hashing import fingerprints
from stages.dedupe.params import DedupeParams
from stages.dedupe.search import MOST, find
from stages.dedupe.verification import verify
from stages.dedupe.workers import workers
from stages.museum import reproductions
from stages.museum.painter import paint
from stages.museum.works import plan

EDGE = 400  # pixels of the longer side of a work
SHOWN, CELL = 8, (120, 120)  # of each kind on the sheet
Pictures = Sequence[Image.Image]


def drawing(number: int) -> Image.Image:
    """A few strokes on cream paper."""
    rng, page = np.random.default_rng(number), Image.new("RGB", (EDGE, EDGE * 5 // 4), (246, 240, 226))
    pen = ImageDraw.Draw(page)
    for _ in range(rng.integers(5, 11)):
        steps = np.cumsum(rng.normal(0, 1, (30, 2)), axis=0)
        steps = (steps - steps.mean(0)) / np.abs(steps).max() * rng.uniform(60, 160) + rng.uniform(120, 290, 2)
        pen.line([tuple(step) for step in steps.tolist()], (50, 42, 40), width=2, joint="curve")
    return page


def mounted(picture: Image.Image) -> Image.Image:
    """In a mount of one size with a bevel and a dark frame; the work takes half of it."""
    side = round(EDGE * 1.45)
    page = Image.new("RGB", (side, side), (62, 44, 30))
    pen = ImageDraw.Draw(page)
    pen.rectangle((18, 18, side - 18, side - 18), fill=(240, 234, 220))
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    pen.rectangle((left - 5, top - 5, left + picture.width + 4, top + picture.height + 4), fill=(214, 204, 182))
    page.paste(picture, (left, top))
    return page


def series(pictures: Pictures) -> list[Image.Image]:
    """Works that differ in their colors alone: nested squares, and one picture in pairs of inks."""
    squares = [test_colorways.squares(palette, number) for number, palette in enumerate(test_colorways.PALETTES)]
    gray = pictures[2].convert("L")
    return squares + [test_colorways.ImageOps.colorize(gray, *inks) for inks in test_colorways.INKS]


def kinds(count: int) -> dict[str, Callable[[], list[Image.Image]]]:
    """How the files of each kind are made."""
    planned = [work for work in plan(count, 0, 5) if not work.variation_of]
    works = [paint(work, EDGE) for work in planned]

    def alike(name: str) -> list[Image.Image]:
        """Every work with the same thing around it."""
        around = reproductions.AROUND[name]
        return [around(picture, work, np.random.default_rng(0)) for work, picture in zip(planned, works, strict=True)]

    return {
        "smooth objects on black": lambda: [test_texture.smooth(number) for number in range(count)],
        "line drawings": lambda: [drawing(number) for number in range(count)],
        "colorways": lambda: series(works),
        "one mount": lambda: [mounted(picture) for picture in works],
        "one book page": lambda: alike("book page"),
        "one color chart": lambda: alike("color chart"),
        "one frame": lambda: alike("framed"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=40)
    parser.add_argument("--kinds", nargs="*", help="the first words of their names; without them all")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    settings = params.load().section(DedupeParams)
    print(
        "| kind | files | pairs | compared | called the same | merged | highest scores |\n|---|---|---|---|---|---|---|"
    )
    shown: list[Image.Image] = []
    with workers() as pool:
        for name, make in kinds(asked.works).items():
            if asked.kinds and not name.startswith(tuple(asked.kinds)):
                continue
            pictures = make()
            shown += (pictures * SHOWN)[:SHOWN]
            with tempfile.TemporaryDirectory() as folder:
                row = searched(pictures, Path(folder), settings, pool)
            print(f"| {name} | {' | '.join(map(str, row))} |", flush=True)
    if asked.sheet:
        sheet(shown, SHOWN, CELL, 4).save(asked.sheet)


def searched(pictures: Pictures, folder: Path, settings: DedupeParams, pool: Executor) -> list[object]:
    """The cells of a kind's row after its name."""
    rows = [save(picture, folder, number) for number, picture in enumerate(pictures)]
    prints = list(fingerprints([folder / row["file"] for row in rows], settings.mirrored, settings.details, pool))
    pairs = nearest(pairs_to_compare(prints, settings.hash_distance), MOST)
    sides = ([prints[item] for item in side] for side in (pairs.first, pairs.second))
    views = (side.tolist() for side in (pairs.view_first, pairs.view_second))
    verdicts = list(pool.map(partial(verify, correlation=settings.correlation), *sides, *views, chunksize=8))
    groups, _ = find(folder, Corrections(rows), settings, pool, progress)
    highest = sorted((f"{verdict.score:.2f} ({verdict.check})" for verdict in verdicts), reverse=True)[:3]
    same = sum(verdict.kind == "same" for verdict in verdicts)
    count = len(pictures)
    merged = count - len(groups.members())
    return [count, count * (count - 1) // 2, len(pairs), same, merged, ", ".join(highest)]


def save(picture: Image.Image, folder: Path, number: int) -> CatalogueRow:
    """A file of good quality, and what the catalogue says of it."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=92)
    name = f"{number:03d}.jpg"
    (folder / name).write_bytes(data.getvalue())
    row: CatalogueRow = {"file": name, "title": name}  # pyright: ignore[reportAssignmentType]  (all that is read here)
    return row


if __name__ == "__main__":
    main()
