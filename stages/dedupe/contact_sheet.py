"""data/duplicates.jpg: the largest groups of duplicates, to be looked through by eye, with the files' names."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from stages.common import images
from stages.common.records import CatalogueRow

GROUPS = 12  # at most
COLUMNS = 2  # groups beside each other
SHOWN = 6  # files of a group, the best one first; of more only their number is told
CELL = (180, 140)  # width and height of a picture, pixels
LABEL = 18  # pixels of the line below it
INK = (70, 66, 60)


def contact_sheet(members: Iterable[Sequence[int]], rows: Sequence[CatalogueRow], folder: Path) -> Image.Image:
    """The largest groups, each with its best rendition first; the files are read from `folder`."""
    largest = sorted((group for group in members if len(group) > 1), key=len, reverse=True)[:GROUPS]
    width = min(max(map(len, largest), default=1), SHOWN)
    cell = (CELL[0], CELL[1] + LABEL)
    cells: list[Image.Image] = []
    for group in largest:
        more = f" and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
        labels = [rows[item]["file"] for item in group[:SHOWN]]
        labels[-1] += more
        cells += [_labeled(folder / rows[item]["file"], label) for item, label in zip(group, labels, strict=False)]
        cells += [images.blank(cell)] * (width - len(labels))
    return images.sheet(cells or [images.blank(cell)], width * COLUMNS if cells else 1, cell)


def _labeled(path: Path, label: str) -> Image.Image:
    """A picture in its cell, with its name below."""
    cell = images.blank((CELL[0], CELL[1] + LABEL))
    fitted = ImageOps.contain(images.read(path), CELL, Image.Resampling.LANCZOS)
    cell.paste(fitted, ((CELL[0] - fitted.width) // 2, (CELL[1] - fitted.height) // 2))
    ImageDraw.Draw(cell).text((CELL[0] / 2, CELL[1] + 2), label, INK, ImageFont.load_default(12), anchor="ma")
    return cell
