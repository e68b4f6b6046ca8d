"""data/duplicates.jpg: the largest groups of duplicates, to be looked through by eye."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from stages.common import images
from stages.common.records import CatalogueRow
from stages.dedupe.works import best

GROUPS = 12  # at most
COLUMNS = 2  # groups beside each other
CELL = (180, 140)  # width and height of a picture, pixels


def contact_sheet(members: Iterable[Sequence[int]], rows: Sequence[CatalogueRow], folder: Path) -> Image.Image:
    """The largest groups, each with its best rendition first; the files are read from `folder`."""
    largest = sorted((group for group in members if len(group) > 1), key=len, reverse=True)[:GROUPS]
    width = max(map(len, largest), default=1)
    pictures: list[Image.Image] = []
    for group in largest:
        first = best(group, rows)
        ordered = [first, *(item for item in group if item != first)]
        pictures += [images.read(folder / rows[item]["file"]) for item in ordered]
        pictures += [images.blank(CELL)] * (width - len(group))
    return images.sheet(pictures or [images.blank(CELL)], width * COLUMNS, CELL)
