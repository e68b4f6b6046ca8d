"""Pictures in and out: sorted listings, upright sRGB, squares, tensors, contact sheets.

The one tensor contract of the project: NCHW, float32, [-1, 1], sRGB.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from stages.common.cli import UserError
from stages.common.files import write_bytes

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
PAPER = (250, 248, 243)


def listing(folder: Path) -> list[Path]:
    """The pictures of a folder, sorted by name, so that nothing depends on the file system's order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def read(path: Path, mode: str = "RGB", edge: int = 0) -> Image.Image:
    """Read a picture as upright sRGB, or "L" for its gray; raises UserError for a missing, corrupt or foreign file.

    With `edge`, a JPEG may come smaller, no side below `edge` pixels: it is decoded at a fraction of its size, which
    saves most of the time.
    """
    try:
        with Image.open(path) as picture:
            if edge:
                picture.draft(mode, (edge, edge))
            return upright(picture).convert(mode)
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{path} cannot be read as a picture ({error}): "
            "replace it, or run the stage that wrote it again with `dvc repro -f`"
        ) from error


def upright(picture: Image.Image) -> Image.Image:
    """A picture as people see it: upright by its EXIF, converted to sRGB, 16 bits to 8, transparency over white.

    It is "RGB", or "L" where gray needed no conversion. A profile that is broken or made for other channels is left
    aside, as browsers do. Raises ValueError for what has no colors to convert (floating point, Lab), and OSError for a
    truncated file.
    """
    profile = picture.info.get("icc_profile")
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I"):
        turned = _eight_bits(turned)
    if turned.has_transparency_data:
        turned = turned.convert("RGBA")
        colors = _to_srgb(turned.convert("RGB"), profile)
        return Image.composite(colors, Image.new("RGB", turned.size, "white"), turned.getchannel("A"))
    return _to_srgb(turned.convert("RGB") if turned.mode in ("P", "1") else turned, profile)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Gray of 16 bits as gray of 8 (65535 is white)."""
    values = np.asarray(picture).astype(np.float64)
    return Image.fromarray(np.clip(np.round(values / 257), 0, 255).astype(np.uint8))


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colors from their profile; a picture without one (or with sRGB) holds sRGB already."""
    if picture.mode in ("F", "LAB"):
        raise ValueError(f"pictures of mode {picture.mode} have no known colors")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(source).startswith("sRGB"):
                converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                assert converted is not None  # as it is for inPlace
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # the pixels are all that can be trusted
    return picture if picture.mode == "L" else picture.convert("RGB")


def save_png(path: Path, picture: Image.Image, **options) -> None:
    """Write a lossless PNG, whole or not at all; `options` go to Pillow (dpi, icc_profile)."""
    data = io.BytesIO()
    picture.save(data, "PNG", **options)
    write_bytes(path, data.getvalue())


def save_jpeg(path: Path, picture: Image.Image, quality: int = 90) -> None:
    """Write a JPEG, whole or not at all."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality, optimize=True)
    write_bytes(path, data.getvalue())


def save_animation(path: Path, pages: Sequence[Image.Image], milliseconds: int = 400, last: int = 3000) -> None:
    """Write pictures of one size as an animated WebP, whole or not at all; the last one is shown longer."""
    data, times = io.BytesIO(), [milliseconds] * (len(pages) - 1) + [last]
    pages[0].save(data, "WEBP", save_all=True, append_images=pages[1:], duration=times, loop=0, quality=75, method=4)
    write_bytes(path, data.getvalue())


def square(picture: Image.Image, pixels: int, center: tuple[float, float] = (0.5, 0.5)) -> Image.Image:
    """The largest square at `center` (0..1 of the room that it has), resized to `pixels` (antialiased bicubic)."""
    side = min(picture.size)
    left, top = (round((length - side) * at) for length, at in zip(picture.size, center, strict=True))
    return picture.resize((pixels, pixels), Image.Resampling.BICUBIC, (left, top, left + side, top + side))


def to_array(pictures: Sequence[Image.Image]) -> np.ndarray:
    """Pictures of one size as uint8 [N, 3, H, W]."""
    return np.ascontiguousarray(np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2))


def from_array(array: np.ndarray) -> list[Image.Image]:
    """uint8 [N, 3, H, W] as pictures."""
    return [Image.fromarray(np.ascontiguousarray(item)) for item in array.transpose(0, 2, 3, 1)]


def blank(pixels: tuple[int, int]) -> Image.Image:
    """An empty cell of a contact sheet."""
    return Image.new("RGB", pixels, PAPER)


def sheet(pictures: Sequence[Image.Image], columns: int, cell: tuple[int, int], gap: int = 6) -> Image.Image:
    """A contact sheet: each picture fitted whole into a cell of `cell` = (width, height) pixels, row by row."""
    rows = -(-len(pictures) // columns)
    width, height = cell
    page = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), PAPER)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        fitted = ImageOps.contain(picture, cell, Image.Resampling.LANCZOS)
        left = gap + column * (width + gap) + (width - fitted.width) // 2
        page.paste(fitted, (left, gap + row * (height + gap) + (height - fitted.height) // 2))
    return page
