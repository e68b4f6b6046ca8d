"""How a picture meets the paper: crop or border, effective resolution, and a bleed of mirrored edges.

Pixels are placed, never resampled.
"""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from stages.common.cli import UserError
from stages.common.tensors import to_levels

MILLIMETERS = {"mm": 1.0, "in": 25.4}  # of each unit
A_SERIES = {
    "A5": (148, 210),
    "A4": (210, 297),
    "A3": (297, 420),
    "A2": (420, 594),
    "A1": (594, 841),
    "A0": (841, 1189),
}  # mm, ISO 216
MOST_PIXELS = 4096  # of stylize.pixels
# Below the first, pixels can be seen at arm's length; below the second, from the other side of a room.
GOOD_DPI, LEAST_DPI = 200, 30


@dataclass(frozen=True)
class Layout:
    """A print: its size after trimming (width, height) and the bleed beyond it, in millimeters and in pixels.

    `dpi` is the effective resolution.
    """

    trim_mm: tuple[float, float]
    bleed_mm: float
    dpi: float
    trim: tuple[int, int]
    bleed: int


def lay_out(size: tuple[int, int], paper: str, placement: str, bleed_mm: float, dpi: int) -> Layout:
    """The layout of a picture of `size` = (width, height) pixels; paper lies or stands as the picture does.

    `placement` is "fill" (the paper is covered, the excess cut off) or "fit" (the picture is whole, on white). On paper
    "none" the picture is its own paper, at `dpi`, without bleed. Raises UserError for a bleed wider than the print.
    """
    if paper == "none":
        width, height = (millimeters(pixels, dpi) for pixels in size)
        return Layout((width, height), 0.0, float(dpi), size, 0)
    short, long = sorted(sheet(paper))
    trim_mm = (long, short) if size[0] > size[1] else (short, long)
    if bleed_mm >= short:
        raise UserError(
            f"upscale.bleed_mm is {bleed_mm:g}, but the print on {paper} is only {short:g} mm wide: "
            "set it to 3, which most shops ask for, or to 0"
        )
    possible = [pixels / inches(length) for pixels, length in zip(size, trim_mm, strict=True)]
    effective = min(possible) if placement == "fill" else max(possible)
    width, height = (round(inches(length) * effective) for length in trim_mm)
    return Layout(trim_mm, bleed_mm, effective, (width, height), round(inches(bleed_mm) * effective))


def sheet(paper: str) -> tuple[float, float]:
    """Millimeters of "A4", "300x400mm" or "12x16in"."""
    if paper in A_SERIES:
        return A_SERIES[paper]
    width, height = (float(number) * MILLIMETERS[paper[-2:]] for number in paper[:-2].split("x"))
    return width, height


def inches(length_mm: float) -> float:
    return length_mm / MILLIMETERS["in"]


def millimeters(pixels: int, dpi: float) -> float:
    """The printed length of `pixels`."""
    return pixels / dpi * MILLIMETERS["in"]


def warning(layout: Layout, size: tuple[int, int], scale: int, paper: str, placement: str) -> str | None:
    """What to do about a resolution below GOOD_DPI, None where it is not.

    `size` is that of the picture `scale` times larger.
    Raises UserError below LEAST_DPI.
    """
    if layout.dpi >= GOOD_DPI:
        return None
    if paper == "none":
        return (
            f"upscale.dpi is {layout.dpi:.0f}, and below {GOOD_DPI} pixels can be seen: "
            f"set it to {GOOD_DPI} or more (the print gets smaller)"
        )
    enough = math.ceil(max(size) / scale * GOOD_DPI / layout.dpi)
    papers = [name for name in A_SERIES if lay_out(size, name, placement, 0.0, GOOD_DPI).dpi >= GOOD_DPI]
    own = "x".join(str(int(millimeters(pixels, GOOD_DPI))) for pixels in size) + "mm"
    smaller = papers[-1] if papers else own
    larger = f" or stylize.pixels={enough}" if enough <= MOST_PIXELS else ""
    remedy = f"set upscale.paper={smaller}{larger} for {GOOD_DPI}"
    resolution = f"{layout.dpi:.0f} pixels per inch"
    text = f"upscale.paper {paper} gets {resolution}, and below {GOOD_DPI} they can be seen: {remedy}"
    if layout.dpi < LEAST_DPI:
        raise UserError(f"{text}; below {LEAST_DPI} nothing is printed")
    return text


def quantized(band: Tensor, bits: int) -> np.ndarray:
    """[1, 3, H, W] in [-1, 1] as uint8 or uint16 [H, W, 3].

    Some lines at a time: a second copy in float would cost more memory than the network.
    """
    whole = np.empty((*band.shape[2:], 3), f"uint{bits}")
    for top in range(0, len(whole), 256):
        lines = slice(top, top + 256)
        whole[lines] = to_levels(band[0, :, lines], bits).round().permute(1, 2, 0).numpy()
    return whole


class Page:
    """The pixels of a print on its paper, [H, W, 3], to which the picture comes in lines from top to bottom.

    It is cut off around its center, or set on white; the bleed is its mirror image, the edge pixel first.
    """

    def __init__(self, size: tuple[int, int], layout: Layout, bits: int) -> None:
        """`size` is the picture's (width, height)."""
        across, down = layout.trim
        self.bleed, self.bits = layout.bleed, bits
        self.pixels = np.full((down + 2 * self.bleed, across + 2 * self.bleed, 3), 2**bits - 1, f"uint{bits}")
        self.trim = self.pixels[self.bleed : self.bleed + down, self.bleed : self.bleed + across]
        # Where the picture begins on the trimmed paper; before it, where it is larger.
        self.left, self.top = (_start(have, want) for have, want in zip(size, layout.trim, strict=True))

    def lay(self, band: Tensor) -> None:
        """The next lines of the picture, [1, 3, lines, width] in [-1, 1]."""
        lines, width = band.shape[2:]
        place = self.trim[max(0, self.top) : max(0, self.top + lines), max(0, self.left) : self.left + width]
        above, before = max(0, -self.top), max(0, -self.left)
        place[...] = quantized(band[:, :, above : above + place.shape[0], before : before + place.shape[1]], self.bits)
        self.top += lines

    def finish(self) -> np.ndarray:
        """The pixels with their bleed."""
        for along in (self.pixels, self.pixels.swapaxes(0, 1)) if self.bleed else ():
            along[: self.bleed] = along[self.bleed : 2 * self.bleed][::-1]
            along[-self.bleed :] = along[-2 * self.bleed : -self.bleed][::-1]
        return self.pixels


def _start(have: int, want: int) -> int:
    """Where `have` pixels begin that lie in the middle of `want`."""
    return (want - have) // 2 if want >= have else -((have - want) // 2)
