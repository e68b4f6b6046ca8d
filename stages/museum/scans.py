"""Renditions: the files in which the museum publishes a picture, some as bad scans are.

A collection work comes as large (always faithful), medium and small; about a third
of the lesser ones are altered in one way that real scans show.  A reserve work
comes as one clean file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from stages.museum.works import Work

LONG_EDGE = {"collection": 800, "reserve": 600}     # at which a set is painted
ALTERATIONS = ("frame", "caption", "crop", "greyscale", "faded")
_LESSER = (("medium", 500, 80), ("small", 240, 60))
_SHARE = 1 / 3                                      # of the lesser renditions are altered


@dataclass(frozen=True)
class Rendition:
    """One published file of a work."""

    name: str
    jpeg: bytes
    width: int
    height: int
    alteration: str


def renditions(work: Work, picture: Image.Image) -> list[Rendition]:
    """All files of a work, the largest first."""
    large = _rendition("large", _fit(picture, LONG_EDGE[work.set]), 92, "none")
    if work.set == "reserve":
        return [large]
    found = [large]
    for place, (name, edge, quality) in enumerate(_LESSER):
        rng = np.random.default_rng([*work.brush_key, 6, place])
        alteration = str(rng.choice(ALTERATIONS)) if rng.uniform() < _SHARE else "none"
        altered = _alter(_fit(picture, edge), alteration, work, rng)
        found.append(_rendition(name, altered, quality, alteration))
    return found


def _fit(picture: Image.Image, edge: int) -> Image.Image:
    if max(picture.size) == edge:
        return picture
    scale = edge / max(picture.size)
    size = tuple(max(1, round(n * scale)) for n in picture.size)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _rendition(name: str, picture: Image.Image, quality: int, alteration: str) -> Rendition:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return Rendition(name, data.getvalue(), picture.width, picture.height, alteration)


def _alter(picture: Image.Image, alteration: str, work: Work,
           rng: np.random.Generator) -> Image.Image:
    match alteration:
        case "frame":
            return _framed(picture, rng)
        case "caption":
            return _captioned(picture, work)
        case "crop":
            left, top, right, bottom = rng.uniform(0.02, 0.04, 4)
            w, h = picture.size
            return picture.crop((round(left * w), round(top * h),
                                 round((1 - right) * w), round((1 - bottom) * h)))
        case "greyscale":
            return picture.convert("L").convert("RGB")
        case "faded":
            return _faded(picture, rng)
    return picture


def _framed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A bevelled wooden or gilt frame on a wall, or a passe-partout."""
    edge = max(picture.size)
    wood = np.array([(122, 84, 46), (164, 124, 58), (52, 40, 34)][int(rng.integers(0, 3))])
    width = max(4, round(edge * float(rng.uniform(0.035, 0.06))))
    framed = ImageOps.expand(picture, max(1, width // 5), (38, 30, 24))
    for i in range(width):                       # a moulding: light outside, dark inside
        tone = 0.75 + 0.45 * np.sin(np.pi * i / width) + 0.08 * rng.normal()
        framed = ImageOps.expand(framed, 1, tuple(int(v) for v in np.clip(wood * tone, 0, 255)))
    if rng.uniform() < 0.5:
        wall = tuple(int(v) for v in rng.integers(196, 236, 3))
        framed = ImageOps.expand(framed, round(edge * float(rng.uniform(0.03, 0.06))), wall)
    return framed


def _captioned(picture: Image.Image, work: Work) -> Image.Image:
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


def _faded(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lower contrast under a warm, yellow cast."""
    flat = ImageEnhance.Contrast(picture).enhance(float(rng.uniform(0.62, 0.75)))
    cast = Image.new("RGB", picture.size, (236, 208, 142))
    return Image.blend(flat, cast, float(rng.uniform(0.14, 0.22)))
