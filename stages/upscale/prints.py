"""A print from its stylized picture to its files: layout and warning, the formats, the metrics."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

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

    def encoded(self, large: Tensor) -> dict[str, bytes]:
        """The bytes of each file by its suffix; `large` is the enlarged picture [1, 3, H, W] in [-1, 1]."""
        page = printing.on_paper(printing.quantized(large, 8), self.layout)
        made = {".png": formats.png(page, self.layout)}
        if "pdf" in self.params.extra_formats:
            made[".pdf"] = formats.pdf(made[".png"], self.layout, self.params.crop_marks, self.title)
        if "tiff" in self.params.extra_formats:
            deep = page
            if self.params.tiff_bits == 16:
                deep = printing.on_paper(printing.quantized(large, 16), self.layout)
            made[".tiff"] = formats.tiff(deep, self.layout)
        return made

    def metrics(self, tiles: int, made: Mapping[str, bytes]) -> PrintedPicture:
        """The enlarged picture in pixels and in mm at `upscale.dpi`, and what becomes of it on its paper.

        `tiles` is how many it took, `made` are the files' bytes by suffix.
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
            "md5": hashlib.md5(made[".png"]).hexdigest(),  # with it metrics/upscale.json is of this print alone
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


def write(folder: Path, name: str, made: Mapping[str, bytes]) -> set[str]:
    """Write files by suffix; returns their names."""
    for suffix, data in made.items():
        files.write_bytes(folder / f"{name}{suffix}", data)
    return {f"{name}{suffix}" for suffix in made}


def remove_others(folder: Path, names: Collection[str]) -> None:
    """Remove the files of an earlier run with other pictures or formats."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
