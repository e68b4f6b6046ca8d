"""Pictures for the page: as data URIs, each no larger than its share of the page's bytes."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stages.common import images

SMALLER = 0.8  # factor of the side when a picture has too many bytes
MOST_PAGES = 30  # of a film
# Of each kind of picture: its longest side in pixels, and its bytes at most; in base64 all together are below 3.9 MB.
LIMITS = {
    "work": (360, 24_000),
    "thumbnail": (160, 8_000),
    "duplicates": (1200, 270_000),
    "film": (480, 430_000),
    "strip": (1280, 110_000),
    "sheet": (1000, 230_000),
    "interpolation": (1600, 90_000),
    "frieze": (1100, 60_000),
    "nearest": (1400, 330_000),
    "sketch": (900, 130_000),
    "style": (900, 150_000),
    "print": (1280, 230_000),
    "detail": (960, 120_000),
}


@dataclass(frozen=True)
class Picture:
    """A picture inside the page: its data URI, and its size in pixels: the page is laid out before it is decoded."""

    uri: str
    width: int
    height: int


def still(picture: Image.Image, edge: int, most: int) -> Picture:
    """A JPEG of RGB with no side above `edge` pixels, in at most `most` bytes."""

    def encode(size: tuple[int, int]) -> bytes:
        return _jpeg(picture.resize(size, Image.Resampling.LANCZOS))

    return _within(encode, picture.size, edge, most, "image/jpeg")


def pages(path: Path, edge: int) -> list[Image.Image]:
    """At most MOST_PAGES of the pages of an animation, RGB, with no side above `edge` pixels.

    A long training has hundreds of pages, and each is large: not all are in memory at once.
    """
    found = []
    with Image.open(path) as file:
        for number in spread(range(getattr(file, "n_frames", 1)), MOST_PAGES):
            file.seek(number)
            page = file.convert("RGB")
            page.thumbnail((edge, edge), Image.Resampling.LANCZOS)
            found.append(page)
    return found


def film(pages: Sequence[Image.Image], edge: int, most: int) -> Picture:
    """An endless animated WebP of at most MOST_PAGES of the pages, the first and the last among them."""
    shown = spread(pages, MOST_PAGES)
    times = [400] * (len(shown) - 1) + [3000]  # milliseconds

    def encode(size: tuple[int, int]) -> bytes:
        data, small = io.BytesIO(), [page.resize(size, Image.Resampling.LANCZOS) for page in shown]
        small[0].save(
            data, "WEBP", save_all=True, append_images=small[1:], duration=times, loop=0, quality=75, method=4
        )
        return data.getvalue()

    return _within(encode, shown[0].size, edge, most, "image/webp")


def strip(pages: Sequence[Image.Image], edge: int, most: int) -> Picture:
    """Four of the pages side by side: the film on paper, and for who wants nothing to move."""
    shown = spread(pages, 4)
    return still(images.sheet(shown, len(shown), shown[0].size, gap=shown[0].width // 20), edge, most)


def spread(items: Sequence, most: int) -> list:
    """At most `most` (2 or more) of the items, evenly from the first to the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def detail(picture: Image.Image, edge: int, most: int) -> Picture:
    """A part of a picture, pixel for pixel, twice as wide as high, from left of the middle and above it.

    Too many bytes make the part smaller.
    """

    def encode(size: tuple[int, int]) -> bytes:
        width, height = size
        left, top = round((picture.width - width) * 0.45), round((picture.height - height) * 0.35)
        return _jpeg(picture.crop((left, top, left + width, top + height)))

    return _within(encode, (min(edge, picture.width), min(edge // 2, picture.height)), edge, most, "image/jpeg")


def _jpeg(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=82, optimize=True, progressive=True)
    return data.getvalue()


def _within(
    encode: Callable[[tuple[int, int]], bytes], size: tuple[int, int], edge: int, most: int, kind: str
) -> Picture:
    """Encode smaller and smaller until the bytes fit."""
    scale = min(1.0, edge / max(size))
    while True:
        smaller = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        data = encode(smaller)
        if len(data) <= most or max(smaller) == 1:
            return Picture(f"data:{kind};base64,{base64.b64encode(data).decode()}", *smaller)
        scale *= SMALLER
