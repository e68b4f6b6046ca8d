"""Which file of a work is kept where the largest is the worst. Prints Markdown, and saves a sheet of before and after.

    PYTHONPATH=. python tests/bench/bench_kept_file.py --works 24 --sheet kept.jpg

Each work of the museum has a clean file and one that is larger and worse. "Before" is the file with most pixels,
"after" what dedupe keeps, without what is around the work.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from stages.common.cli import progress
from stages.dedupe import looks
from stages.dedupe.choice import Judged, judge
from stages.museum.painter import paint
from stages.museum.reproductions import TABLE, reproduced
from stages.museum.works import plan

SEED, EDGE = 7, 560  # of the museum; pixels of a work's longer side
TILE = 180  # pixels of a picture on the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=24)
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    works = [(work, paint(work, EDGE)) for work in plan(asked.works, 0, SEED)]
    kept, rows = dict.fromkeys(TABLE, 0), dict[str, list[Image.Image]]()
    with tempfile.TemporaryDirectory() as name, progress(total=len(TABLE) * len(works), unit="works") as bar:
        for way in TABLE:
            for number, (work, picture) in enumerate(works):
                files = [picture, reproduced(picture, work, way, np.random.default_rng([SEED, number]))]
                chosen, after = keep(files, Path(name))
                kept[way] += chosen == 0
                if number < 3:
                    before = max(files, key=lambda file: file.width * file.height)
                    rows.setdefault(way, []).extend([before, after])
                bar.update()
    print("| the larger file | kept the clean one |\n|---|---|")
    for way, count in kept.items():
        print(f"| {way} | {count} of {len(works)} |")
    if asked.sheet:
        sheet(rows).save(asked.sheet)


def keep(files: list[Image.Image], folder: Path) -> tuple[int, Image.Image]:
    """The number of the file that dedupe keeps, and what of it goes on."""
    paths = [folder / f"{number}.png" for number in range(len(files))]
    for path, file in zip(paths, files, strict=True):
        file.save(path, compress_level=1)
    judged: list[Judged] = judge([looks.look(path) for path in paths])
    best = max(range(len(files)), key=lambda number: judged[number].score)
    cut = judged[best].cut()
    return best, files[best].crop(cut) if cut else files[best]


def sheet(rows: dict[str, list[Image.Image]]) -> Image.Image:
    """A row for each way; before and after of each work beside each other."""
    columns = max(map(len, rows.values()))
    page = Image.new("RGB", (110 + columns * TILE, 20 + len(rows) * TILE), "white")
    pen = ImageDraw.Draw(page)
    for column in range(columns):
        pen.text((114 + column * TILE, 4), ("before", "after")[column % 2], "black")
    for row, (way, pictures) in enumerate(rows.items()):
        pen.text((4, 20 + row * TILE + TILE // 2), way, "black")
        for column, picture in enumerate(pictures):
            small = picture.copy()
            small.thumbnail((TILE - 6, TILE - 6))
            page.paste(small, (110 + column * TILE, 20 + row * TILE))
    return page


if __name__ == "__main__":
    main()
