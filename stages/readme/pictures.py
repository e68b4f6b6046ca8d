"""The README's pictures of the last run, no wider than a page."""

from pathlib import Path

from PIL import Image, ImageSequence

from stages.common import images, prints
from stages.common.records import read_works

WIDTH = 860  # pixels: the width of a page on the usual code hosts


def shown(data: Path) -> dict[str, Image.Image]:
    """The museum, the duplicates, the 25 samples, the stylized sketches, and a detail of the print.

    By their names, out of the folder data/.
    """
    rows = [row for row in read_works(data / "works/works.jsonl") if row["set"] == "collection"]
    works = [images.read(data / "works" / row["file"]) for row in rows[:24]]
    first_print, *_ = images.listing(data / "print")
    large = prints.read(first_print)
    return {
        "museum": images.sheet(works, 6, (220, 190)),
        "duplicates": images.read(data / "duplicates.jpg"),
        "gan": images.read(data / "generated/sheet.png"),
        "stylized": images.read(data / "stylized/sheet.png"),
        "print": large,
        "print-detail": detail(large),
    }


def detail(large: Image.Image) -> Image.Image:
    """A part of a print, pixel for pixel: as wide as a page and half as high, or as the print where that is smaller."""
    width, height = min(WIDTH, large.width), min(WIDTH // 2, large.height)
    left = min(round(large.width * 0.3), large.width - width)
    top = min(round(large.height * 0.25), large.height - height)
    return large.crop((left, top, left + width, top + height))


def small(picture: Image.Image) -> Image.Image:
    """The picture itself, made no wider than a page, and at most four times as high as a page is wide.

    In place: a copy of a print may take gigabytes.
    """
    picture.thumbnail((WIDTH, 4 * WIDTH), Image.Resampling.LANCZOS)
    return picture


def timelapse(path: Path) -> list[Image.Image]:
    """The sheet of 25 while the generator learns, at half its size."""
    with Image.open(path) as film:
        size = (film.width // 2, film.height // 2)
        return [page.convert("RGB").resize(size, Image.Resampling.LANCZOS) for page in ImageSequence.Iterator(film)]
