"""A print from its stylized picture to its files: layout and warning, the formats, the metrics."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from stages.common import files
from stages.common.records import PrintedPicture
from stages.upscale import formats, printing
from stages.upscale.params import UpscaleParams


@dataclass(frozen=True)
class Print:
    """A stylized picture, not yet enlarged, its style in words, how it meets the paper, and what to warn of."""

    picture: Image.Image
    title: str
    layout: printing.Layout
    warning: str | None
    params: UpscaleParams

    def encoded(self, bands: Iterable[Tensor]) -> Iterator[tuple[str, bytes]]:
        """Suffix and bytes of each file, one after the other, as each may be large; the PNG is always among them.

        `bands` are the enlarged picture's lines from top to bottom, [1, 3, lines, W] in [-1, 1].
        """
        pages = self._pages(bands)
        if "tiff" in self.params.extra_formats:
            yield ".tiff", formats.tiff(pages[self.params.tiff_bits], self.layout)
        page = pages[8]
        pages.clear()  # one of 16 bits is not needed any more
        png = formats.png(page, self.layout)
        yield ".png", png
        if "pdf" in self.params.extra_formats:
            yield ".pdf", formats.pdf(png, self.layout, self.params.crop_marks, self.title)

    def _pages(self, bands: Iterable[Tensor]) -> dict[int, np.ndarray]:
        """The pixels on their paper by bits of each color, as many as the files need."""
        size = enlarged_size(self.picture, self.params)
        depths = {8, self.params.tiff_bits} if "tiff" in self.params.extra_formats else {8}
        pages = {bits: printing.Page(size, self.layout, bits) for bits in depths}
        for band in bands:
            for page in pages.values():
                page.lay(band)
        return {bits: page.finish() for bits, page in pages.items()}

    def metrics(self, tiles: int, md5: str) -> PrintedPicture:
        """The enlarged picture in pixels and in mm at `upscale.dpi`, and what becomes of it on its paper.

        `tiles` is how many it took, `md5` that of the PNG: with it metrics/upscale.json is of this print alone.
        """
        width, height = enlarged_size(self.picture, self.params)
        trim_width, trim_height = self.layout.trim_mm
        return {
            "width": width,
            "height": height,
            "width_mm": round(printing.millimeters(width, self.params.dpi), 1),
            "height_mm": round(printing.millimeters(height, self.params.dpi), 1),
            "trim_width_mm": round(trim_width, 1),
            "trim_height_mm": round(trim_height, 1),
            "bleed_mm": self.layout.bleed_mm,
            "effective_dpi": round(self.layout.dpi, 1),
            "tiles": tiles,
            "warning": self.warning,
            "md5": md5,
        }


def lay_out(picture: Image.Image, title: str, params: UpscaleParams) -> Print:
    """A print of a stylized picture; raises UserError where its paper makes no sense."""
    size = enlarged_size(picture, params)
    layout = printing.lay_out(size, params.paper, params.placement, params.bleed_mm, params.dpi)
    warning = printing.warning(layout, size, params.factor, params.paper, params.placement)
    return Print(picture, title, layout, warning, params)


def enlarged_size(picture: Image.Image, params: UpscaleParams) -> tuple[int, int]:
    """(width, height) in pixels."""
    return picture.width * params.factor, picture.height * params.factor


def write(folder: Path, name: str, made: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Write files by suffix, each as it comes; returns their md5 by their names."""
    digests = {}
    for suffix, data in made:
        files.write_bytes(folder / f"{name}{suffix}", data)
        digests[f"{name}{suffix}"] = hashlib.md5(data).hexdigest()
    return digests


def remove_others(folder: Path, names: Collection[str]) -> None:
    """Remove the files of an earlier run with other pictures or formats."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
