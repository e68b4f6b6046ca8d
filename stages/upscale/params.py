"""The section `upscale` of params.yaml."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.section import CountOrNone, Section

LENGTH = r"[1-9]\d{0,3}(\.\d{1,4})?"  # of a side of paper


class UpscaleParams(Section):
    pictures: CountOrNone
    model: str
    factor: Literal[2, 4, 8]
    tile: Annotated[int, Field(ge=32, le=2048)]
    overlap: Annotated[int, Field(ge=0, le=256)]
    paper: str
    dpi: Annotated[int, Field(ge=30, le=2400)]
    placement: Literal["fill", "fit"]
    bleed_mm: Annotated[float, Field(ge=0, le=50)]
    crop_marks: bool
    extra_formats: list[Literal["pdf", "tiff"]]
    tiff_bits: Literal[8, 16]
    sheet: bool

    @model_validator(mode="after")
    def _overlap_fits(self) -> "UpscaleParams":
        if self.overlap * 2 >= self.tile:
            raise ValueError(
                f"upscale.overlap is {self.overlap}, but must be less than half of upscale.tile ({self.tile})"
            )
        return self

    @model_validator(mode="after")
    def _paper_is_known(self) -> "UpscaleParams":
        if not re.fullmatch(rf"none|A[0-5]|{LENGTH}x{LENGTH}(mm|in)", self.paper):
            raise ValueError(
                f"upscale.paper is {self.paper!r}, but must be none, A5, A4, A3, A2, A1, A0, "
                "or a size such as 300x400mm or 12x16in"
            )
        return self

    @model_validator(mode="after")
    def _marks_have_a_place(self) -> "UpscaleParams":
        if self.crop_marks and (self.paper == "none" or "pdf" not in self.extra_formats):
            raise ValueError(
                f"upscale.crop_marks is true with upscale.paper {self.paper!r} and "
                f"upscale.extra_formats {self.extra_formats}, but the marks are lines in a PDF around a paper: "
                "choose a paper and [pdf], or set crop_marks to false"
            )
        return self
