"""Works of the museum to make duplicates of, among them a pair of look-alikes."""

import io

import pytest
from PIL import Image, ImageOps
from surroundings import made_once

from stages.museum import scans
from stages.museum.painter import paint
from stages.museum.works import Work, plan


@pytest.fixture(scope="session")
def works() -> list[Work]:
    return plan(9, 0, 0)


@pytest.fixture(scope="session")
def paintings(works, tmp_path_factory) -> list[Image.Image]:
    """Painted once for all processes of the tests."""
    with made_once("paintings", tmp_path_factory) as folder:
        if not folder.exists():
            folder.mkdir()
            for number, work in enumerate(works):
                paint(work, 320).save(folder / f"{number}.png")
    return [Image.open(folder / f"{number}.png").convert("RGB") for number in range(len(works))]


@pytest.fixture(scope="session")
def look_alikes(works) -> tuple[int, int]:
    numbers = {work.id: index for index, work in enumerate(works)}
    (pair,) = [(numbers[work.variation_of], index) for index, work in enumerate(works) if work.variation_of]
    return pair


@pytest.fixture(scope="session")
def altered(works, paintings):
    """A work by its number as the museum publishes it with an alteration, read upright."""

    def publish(number: int, name: str) -> Image.Image:
        rendition = scans.altered(works[number], paintings[number], name)
        return ImageOps.exif_transpose(Image.open(io.BytesIO(rendition.jpeg))).convert("RGB")

    return publish
