"""Pictures in and out: sorted listings, upright sRGB, squares, tensors, contact sheets.

The one tensor contract of the project: NCHW, float32, [-1, 1], sRGB.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from stages.common.cli import UserError
from stages.common.colors import is_srgb, to_srgb
from stages.common.decode import SUFFIXES, TooLarge, mended, open_picture, turn
from stages.common.files import write_bytes

PAPER = (250, 248, 243)


def listing(folder: Path) -> list[Path]:
    """The pictures of a folder, sorted by name, so that nothing depends on the file system's order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture before it is decoded, for its size and its header; raises UserError as `read` does."""
    with _readable(path), _open(path) as picture:
        yield picture


def read(path: Path, mode: str = "RGB", edge: int = 0) -> Image.Image:
    """Read a picture as upright sRGB, or "L" for its gray; raises UserError for a missing, corrupt or foreign file.

    With `edge`, a JPEG may come smaller, no side below `edge` pixels: it is decoded at a fraction of its size, which
    saves most of the time.
    """
    with _readable(path):
        try:
            return _decoded(path, mode, edge)
        except TooLarge:
            raise
        except (OSError, SyntaxError, ValueError) as error:
            return _decoded(_mended(path, error), mode, edge)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one way what is wrong with a picture's file."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as a picture ({error}): "
            "replace it, or run the stage that wrote it again with `dvc repro -f`"
        ) from error


def _open(path: Path) -> Image.Image:
    try:
        return open_picture(path)
    except TooLarge:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        return open_picture(_mended(path, error))


def _mended(path: Path, error: Exception) -> bytes:
    """The file without the damage that can be mended; raises `error` where there is none."""
    if (data := mended(path.read_bytes())) is None:
        raise error
    return data


def _decoded(source: Path | bytes, mode: str, edge: int) -> Image.Image:
    with open_picture(source) as picture:
        if edge:
            # Gray straight from a JPEG's luma, unless a profile must be applied to its colors first.
            picture.draft(mode if is_srgb(picture.info.get("icc_profile")) else None, (edge, edge))
        return upright(picture).convert(mode)


def upright(picture: Image.Image) -> Image.Image:
    """An opened picture as people see it: upright by its EXIF, as 8-bit sRGB, transparency over white.

    It is "RGB", or "L" where gray needed no conversion; see colors.to_srgb, also for what it raises.
    """
    return to_srgb(picture, turn(picture))


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
