"""What the stage writes: the pictures, those in progress, and the contact sheet."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from stages.common import images
from stages.stylize.inputs import Inputs
from stages.stylize.session import Stylized

CELL = (480, 360)  # pixels of a picture on the contact sheet


def write(folder: Path, name: str, stylized: Stylized) -> None:
    """pictures/<name>.png, and the pictures in progress as steps/<name>/<number>.png."""
    images.save_png(folder / "pictures" / f"{name}.png", stylized.picture)
    for step, picture in stylized.in_progress.items():
        images.save_png(folder / "steps" / name / f"{step}.png", picture)


def remove_others(folder: Path, names: Collection[str]) -> None:
    """Remove the pictures of an earlier run with other styles; the next stage takes whatever lies there."""
    for path in images.listing(folder):
        if path.stem not in names:
            path.unlink()


def contact_sheet(inputs: Inputs, works: Iterable[Mapping[str, float]], pictures: Sequence[Image.Image]) -> Image.Image:
    """A row for each picture: the sketch, the works whose style it has (by title), the picture."""
    cells = []
    for titles, picture in zip(works, pictures, strict=True):
        styles = [inputs.works[title] for title in titles]
        style = styles[0] if len(styles) == 1 else images.sheet(styles, len(styles), CELL)
        cells += [inputs.sketch, style, picture]
    return images.sheet(cells, columns=3, cell=CELL)
