"""What scans and websites do to a picture: each alteration by name, so that deduplication can be measured by kind.

Every function takes the picture, its work and a generator of random numbers, and returns a new picture.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from stages.museum.shapes import Rng
from stages.museum.works import Work

Alteration = Callable[[Image.Image, Work, Rng], Image.Image]


def unaltered(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Nothing: the file differs in another way (its compression, its EXIF tag)."""
    return picture


def resized(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """To between 0.4 and 0.7 of its sides."""
    return fit(picture, round(max(picture.size) * float(rng.uniform(0.4, 0.7))))


def fit(picture: Image.Image, edge: int) -> Image.Image:
    """To a long edge of `edge` pixels."""
    if max(picture.size) == edge:
        return picture
    scale = edge / max(picture.size)
    width, height = (max(1, round(n * scale)) for n in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def grayscale(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Without color."""
    return picture.convert("L").convert("RGB")


def faded(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Lower contrast under a warm, yellow cast."""
    flat = ImageEnhance.Contrast(picture).enhance(float(rng.uniform(0.62, 0.75)))
    cast = Image.new("RGB", picture.size, (236, 208, 142))
    return Image.blend(flat, cast, float(rng.uniform(0.14, 0.22)))


def tinted(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Under a colored light: one channel stays, the others lose up to half."""
    light = rng.uniform(0.5, 0.9, 3)
    light[int(rng.integers(0, 3))] = 1.0
    return Image.fromarray((np.asarray(picture) * light).astype(np.uint8))


def framed(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """A beveled wooden or gilt frame on a wall, or a passe-partout."""
    edge = max(picture.size)
    wood = np.array([(122, 84, 46), (164, 124, 58), (52, 40, 34)][int(rng.integers(0, 3))])
    width = max(4, round(edge * float(rng.uniform(0.035, 0.06))))
    result = ImageOps.expand(picture, max(1, width // 5), (38, 30, 24))
    for i in range(width):  # a molding: light outside, dark inside
        tone = 0.75 + 0.45 * np.sin(np.pi * i / width) + 0.08 * rng.normal()
        result = ImageOps.expand(result, 1, tuple(int(v) for v in np.clip(wood * tone, 0, 255)))
    if rng.uniform() < 0.5:
        wall = tuple(int(v) for v in rng.integers(196, 236, 3))
        result = ImageOps.expand(result, round(edge * float(rng.uniform(0.03, 0.06))), wall)
    return result


def captioned(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """A strip of paper below with title, year and inventory number."""
    w, h = picture.size
    size = max(9, round(w * 0.026))
    strip = round(size * 3.6)
    paper = Image.new("RGB", (w, h + strip), (242, 238, 228))
    paper.paste(picture, (0, 0))
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(size)
    lines = (f"{work.title}, {work.year}", f"{work.technique}.  Inv. {work.number:04d}")
    for i, line in enumerate(lines):
        draw.text((size * 0.7, h + size * (0.45 + 1.4 * i)), line, fill=(44, 40, 36), font=font)
    return paper


def watermarked(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Half-transparent white words with a shadow: large and slanted across the middle, or small in a corner."""
    large = bool(rng.uniform() < 0.7)
    font = ImageFont.load_default(max(10, picture.width * (0.11 if large else 0.045)))
    words = "museum.example" if large else "© museum.example"
    right, bottom = (round(v) for v in font.getbbox(words)[2:])
    mask = Image.new("L", (right + 4, bottom + 4))
    ImageDraw.Draw(mask).text((2, 2), words, fill=255, font=font)
    if large:
        mask = mask.rotate(float(rng.uniform(0, 35)), Image.Resampling.BICUBIC, expand=True)
        left, top = (picture.width - mask.width) // 2, (picture.height - mask.height) // 2
    else:
        left, top = picture.width - mask.width - 6, picture.height - mask.height - 6
    strength = float(rng.uniform(0.3, 0.5) if large else 0.8)
    mask = mask.point([round(value * strength) for value in range(256)])
    result = picture.copy()
    result.paste((20, 20, 20), (left + 1, top + 1), mask.point([value // 2 for value in range(256)]))
    result.paste((255, 255, 255), (left, top), mask)
    return result


def letterboxed(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Black bars above and below, or left and right, each 6 to 16 % of that side."""
    upright = bool(rng.uniform() < 0.5)
    bar = round(picture.size[upright] * float(rng.uniform(0.06, 0.16)))
    return ImageOps.expand(picture, (0, bar) if upright else (bar, 0), (0, 0, 0))


def cropped(picture: Image.Image, work: Work, rng: Rng, share: float) -> Image.Image:
    """Without `share` of the width and of the height, divided by chance between opposite sides."""
    return _window(picture, 1 - share, rng)


def mirrored(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Left is right."""
    return ImageOps.mirror(picture)


def detail(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """A part of the work, of 20 to 42 % of its area: a picture of its own."""
    return _window(picture, float(rng.uniform(0.45, 0.65)), rng)


def _window(picture: Image.Image, side: float, rng: Rng) -> Image.Image:
    """A random window with `side` of the picture's width and height."""
    size = [round(side * length) for length in picture.size]
    left, top = (round(float(rng.uniform()) * (length - part)) for length, part in zip(picture.size, size, strict=True))
    return picture.crop((left, top, left + size[0], top + size[1]))


TABLE: dict[str, Alteration] = {
    "resize": resized,
    "jpeg30": unaltered,
    "grayscale": grayscale,
    "fade": faded,
    "tint": tinted,
    "frame": framed,
    "caption": captioned,
    "watermark": watermarked,
    "letterbox": letterboxed,
    "crop5": partial(cropped, share=0.05),
    "crop10": partial(cropped, share=0.10),
    "mirror": mirrored,
    "exif": unaltered,
    "detail": detail,
}
