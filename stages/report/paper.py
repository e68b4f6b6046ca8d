"""The print's size, drawn to scale beside a sheet of A4."""

from dataclasses import dataclass

A4 = (297.0, 210.0)  # mm


@dataclass(frozen=True)
class Drawing:
    """Two rectangles that share their lower left corner, in millimeters.

    `letters` is a height for the labels that can be read at any scale.
    """

    width: float
    height: float
    sheet: tuple[float, float]
    picture: tuple[float, float]
    letters: float


def beside_a4(width_mm: float, height_mm: float) -> Drawing:
    """The drawing, A4 turned as the print is."""
    long, short = A4
    sheet = (long, short) if width_mm >= height_mm else (short, long)
    width, height = max(sheet[0], width_mm), max(sheet[1], height_mm)
    return Drawing(width, height, sheet, (width_mm, height_mm), round(max(width, height) / 20, 1))
