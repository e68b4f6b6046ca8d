"""The files that a print shop asks for: PNG, TIFF, PDF with sRGB profile and size, the same bytes each time."""

import io
import struct
from collections.abc import Iterator

import numpy as np
import pikepdf
import tifffile
from PIL import Image, ImageCms

from stages.upscale.printing import MILLIMETERS, Layout

POINTS = 72 / MILLIMETERS["in"]  # a millimeter in the unit of PDF
MARK_GAP, MARK_LENGTH = 1.0, 5.0  # mm from the bleed to a crop mark, and its length
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, the same bytes each time: LittleCMS writes the time of day, this has a fixed date."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = _DATE  # ICC.1:2022, table 17: date and time of creation
    data[84:100] = bytes(16)  # the same table: the profile's ID, a checksum; zero says "not computed"
    return bytes(data)


def png(pixels: np.ndarray, layout: Layout) -> bytes:
    """A PNG of uint8 [H, W, 3]."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG", dpi=(layout.dpi, layout.dpi), icc_profile=srgb_profile())
    return data.getvalue()


def tiff(pixels: np.ndarray, layout: Layout) -> bytes:
    """A TIFF of uint8 or uint16 [H, W, 3], deflated; Pillow writes no colors of 16 bits."""
    data = io.BytesIO()
    tifffile.imwrite(
        data, pixels, photometric="rgb", compression="zlib", predictor=True, metadata=None, software=False,
        resolution=(layout.dpi, layout.dpi), resolutionunit="inch", iccprofile=srgb_profile(),
    )  # fmt: skip
    return data.getvalue()


def pdf(png_file: bytes, layout: Layout, crop_marks: bool, title: str) -> bytes:
    """A page with the pixels of a PNG that `png` made, lossless, its TrimBox and BleedBox.

    Crop marks are lines outside the bleed.
    """
    document = pikepdf.new()
    document.docinfo["/Title"] = pikepdf.String(title)
    margin = MARK_GAP + MARK_LENGTH if crop_marks else 0.0
    around = layout.bleed_mm + margin  # mm from the page's edge to the trimmed print
    boxes = {"MediaBox": around, "BleedBox": layout.bleed_mm, "TrimBox": 0.0}  # mm beyond the trimmed print
    places = {
        name: [around - beyond, *(around + length + beyond for length in layout.trim_mm)]
        for name, beyond in boxes.items()
    }
    page = document.add_blank_page()
    for name, (start, right, top) in places.items():
        page.obj[f"/{name}"] = pikepdf.Array([round(length * POINTS, 4) for length in (start, start, right, top)])
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Print=_image(document, png_file)))
    start, right, top = places["BleedBox"]
    drawing = [_line("q {} 0 0 {} {} {} cm /Print Do Q", right - start, top - start, start, start)]
    drawing += [_line("0.25 w 0 G {} {} m {} {} l S", *ends) for ends in (_marks(layout, around) if crop_marks else ())]
    page.obj.Contents = document.make_stream("\n".join(drawing).encode())
    data = io.BytesIO()
    document.save(data, deterministic_id=True)
    return data.getvalue()


def _image(document: pikepdf.Pdf, png_file: bytes) -> pikepdf.Stream:
    """The picture as PDF's image.

    PDF knows the compression of PNG with its predictors, so the bytes are taken over as they are.
    """
    width, height = struct.unpack_from(">2I", png_file, 16)
    profile = document.make_stream(srgb_profile(), N=3, Alternate=pikepdf.Name.DeviceRGB)
    return pikepdf.Stream(
        document,
        b"".join(_deflated(png_file)),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=width,
        Height=height,
        BitsPerComponent=8,
        ColorSpace=pikepdf.Array([pikepdf.Name.ICCBased, profile]),
        Filter=pikepdf.Name.FlateDecode,
        DecodeParms=pikepdf.Dictionary(Predictor=15, Colors=3, BitsPerComponent=8, Columns=width),
    )


def _deflated(png_file: bytes) -> Iterator[bytes]:
    """The contents of the chunks IDAT."""
    offset = 8
    while offset < len(png_file):
        length, kind = struct.unpack_from(">I4s", png_file, offset)
        if kind == b"IDAT":
            yield png_file[offset + 8 : offset + 8 + length]
        offset += length + 12


def _marks(layout: Layout, around: float) -> Iterator[tuple[float, float, float, float]]:
    """Eight lines (x, y, x, y in mm of the page) that go on where the knife cuts."""
    width, height = layout.trim_mm
    for x in (around, around + width):
        for y, outward in ((MARK_LENGTH, -1), (height + 2 * around - MARK_LENGTH, 1)):
            yield x, y, x, y + outward * MARK_LENGTH
    for y in (around, around + height):
        for x, outward in ((MARK_LENGTH, -1), (width + 2 * around - MARK_LENGTH, 1)):
            yield x, y, x + outward * MARK_LENGTH, y


def _line(operators: str, *lengths: float) -> str:
    """Operators of PDF with lengths in millimeters."""
    return operators.format(*(f"{length * POINTS:.4f}" for length in lengths))
