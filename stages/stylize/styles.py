"""Which works the styles are: those of stylize.styles, of a file that lists them, or chosen here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from stages.common import checkout, cli, images, spreadsheet
from stages.common.records import WorkRow
from stages.stylize import vgg
from stages.stylize.params import StylizeParams, composed

SHOWPIECES = [  # of the museum, whose sketch is a study for the first
    "Sleep on Seven Crutches",
    "The Suspended Noon Contemplating the Return of the Sea",
    "The First Egg Measuring a Witness",
]
LONGEST = 16  # times its shorter side that a picture may be long: VGG sees a narrower strip as nothing
COUNT = 3  # works that auto takes
GRID = 16  # areas a side in which compositions are compared


def resolved(
    params: StylizeParams, sketch: Image.Image, rows: Sequence[WorkRow], sketches: Path, works: Path
) -> StylizeParams:
    """The params with the list of styles for `auto` and for a file in `sketches`; `works` holds the rows' files.

    What was chosen is printed. Raises UserError for a list that is missing, empty, no text, or has a style twice.
    """
    if isinstance(params.styles, list):
        return params
    if params.styles == "auto":
        styles, why = automatic(sketch, rows, works)
        print("stylize.styles is auto: " + "; ".join(styles) + f" ({why})")
    else:
        styles = listed(sketches / params.styles)
    return params.model_copy(update={"styles": styles})


def listed(path: Path) -> list[str]:
    """The lines of a file, a style each, without empty ones and those that begin with #."""
    if not path.is_file():
        raise cli.UserError(f"stylize.styles is {path.name!r}, but {path} is not there{in_git(path)}")
    try:
        lines = [composed(line.strip()) for line in spreadsheet.text(path).splitlines()]
    except spreadsheet.BadTable as error:
        raise cli.UserError(str(error)) from error
    styles = [line for line in lines if line and not line.startswith("#")]
    if not styles or len(set(styles)) < len(styles):
        raise cli.UserError(f"{path} must name at least one work, one a line, and none twice; it has {styles}")
    return styles


def automatic(sketch: Image.Image, rows: Sequence[WorkRow], folder: Path) -> tuple[list[str], str]:
    """The museum's showpieces where they are there, else the works nearest to the sketch in composition; and why."""
    titles = {row["title"] for row in rows}
    if titles.issuperset(SHOWPIECES):
        return SHOWPIECES, "the museum's showpieces"
    wanted = _composition(sketch)
    usable = [row for row in rows if row["best"] and row["set"] == "collection" and _is_usable(row, folder)]
    if not usable:
        raise cli.UserError("stylize.styles is auto, but no work is large enough for a style: name one")
    near = [float((_composition(images.read(folder / row["file"])) * wanted).mean()) for row in usable]
    order = sorted(range(len(usable)), key=lambda number: (-near[number], usable[number]["file"]))
    known = Counter(row["title"].casefold() for row in rows)
    return [_name(usable[number], known) for number in order[:COUNT]], "the works nearest to the sketch in composition"


def in_git(path: Path) -> str:
    """The way on where a file is missing only from the copy of the checkout in which DVC runs an experiment."""
    if not (checkout.main_checkout() / path).is_file():
        return ""
    return f", since a queued or --temp experiment has only what git knows: `git add {path}` and start it again"


def _name(row: WorkRow, known: Mapping[str, int]) -> str:
    """The title of a work, or its id where other works have that title."""
    return row["title"] if row["title"].strip() and known[row["title"].casefold()] == 1 else row["work"]


def _is_usable(row: WorkRow, folder: Path) -> bool:
    with images.opened(folder / row["file"]) as picture:
        return min(picture.size) >= vgg.SMALLEST and max(picture.size) <= LONGEST * min(picture.size)


def _composition(picture: Image.Image) -> np.ndarray:
    """Where a picture is light and dark, of zero mean and unit variance: float [GRID, GRID]."""
    small = np.asarray(picture.convert("L").resize((GRID, GRID), Image.Resampling.BOX), float)
    return (small - small.mean()) / max(small.std(), 1e-6)
