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


def quantized(large: Tensor, bits: int) -> np.ndarray:
    """[1, 3, H, W] in [-1, 1] as uint8 or uint16 [H, W, 3].

    Band by band: a second copy in float would cost more memory than the network.
    """
    whole = np.empty((*large.shape[2:], 3), f"uint{bits}")
    for top in range(0, len(whole), 256):
        band = slice(top, top + 256)
        whole[band] = to_levels(large[0, :, band], bits).round().permute(1, 2, 0).numpy()
    return whole


def on_paper(picture: np.ndarray, layout: Layout) -> np.ndarray:
    """The pixels [H, W, 3] on their paper with its bleed.

    Cut off around the center or set on white, then mirrored outward, the edge pixel first.
    """
    across, down = layout.trim
    top, left = (max(0, have - want) // 2 for have, want in zip(picture.shape, (down, across), strict=False))
    inside = picture[top : top + down, left : left + across]
    spare = [want - have for have, want in zip(inside.shape, (down, across), strict=False)]
    white = np.iinfo(picture.dtype).max
    whole = np.pad(inside, [*((space // 2, space - space // 2) for space in spare), (0, 0)], constant_values=white)
    return np.pad(whole, [(layout.bleed, layout.bleed)] * 2 + [(0, 0)], mode="symmetric")
