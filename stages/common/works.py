"""Which file is meant where several have one title: stylize takes the style of it, and the report shows it."""

from collections.abc import Sequence
from pathlib import Path

from stages.common import images
from stages.common.records import WorkRow


def preferred(rows: Sequence[WorkRow], folder: Path) -> WorkRow:
    """The row of the best file, of several works' best ones the largest picture in `folder`, the first of equals.

    Raises UserError where a picture is missing or cannot be read, and ValueError for no rows.
    """
    return max(rows, key=lambda row: (row["best"], _pixels(folder / row["file"])))


def _pixels(path: Path) -> int:
    with images.opened(path) as picture:
        return picture.width * picture.height
