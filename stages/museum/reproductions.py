"""Reproductions: files of a work that are larger than the museum's own photograph, and worse.

In some the work has something around it (the page of a book, a color chart), in others it is spoilt (gray, blown up).
They show whether the choice among a work's files goes by the work, and not by the pixels. Alterations like those of
`alterations`, by name.
"""

import io
from functools import partial
from textwrap import wrap

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from stages.museum.alterations import Alteration, framed, grayscale, watermarked
from stages.museum.shapes import Rng
from stages.museum.works import Work, in_rounds

BLOCK = 4  # of every four works of the collection, one has a reproduction
WITHIN = 0.95  # size of the work where something is around it, against the museum's photograph
LARGER = 1.11  # likewise of a work that is spoilt
_SALT = 8  # of the random numbers that decide which works, and how
_PATCHES = ((56, 61, 150), (8, 133, 161), (70, 148, 73), (231, 199, 31), (175, 54, 60), (187, 86, 149), (52, 52, 52))
_GRAYS = tuple((level,) * 3 for level in range(240, 20, -30))
_PROSE = (
    "The plain is wide and nearly empty, and the light comes from far away, low and without warmth. What stands in it "
    "casts its shadow like a thing of more weight than itself. Of the years in which it was painted little is known; "
    "a letter speaks of a dream that came back every night until the canvas was dry. The horizon was drawn first, and "
    "the distance was left unpainted for a whole summer. Visitors have asked what the figures are waiting for. The "
    "painter is said to have answered that they are not waiting, they are remembering."
)


def way(work: Work) -> str | None:
    """How the reproduction of a work is worse, a name of TABLE; None where the work has none.

    All ways take their turn.
    """
    if work.set != "collection":
        return None
    seed = work.brush_key[0]
    block, place = divmod(work.number - 1, BLOCK)
    chosen = int(np.random.default_rng([*work.brush_key[:2], _SALT, block]).integers(BLOCK))
    return in_rounds(tuple(TABLE), block + 1, _SALT, work.set, seed) if place == chosen else None


def reproduced(picture: Image.Image, work: Work, name: str, rng: Rng) -> Image.Image:
    """A reproduction of the picture, with more pixels than it has, worse in the way of TABLE that is named."""
    return TABLE[name](scaled(picture, WITHIN if name in AROUND else LARGER), work, rng)


def with_bars(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """White bars at the longer sides: a frame of another shape, filled up."""
    width, height = picture.size
    return ImageOps.expand(picture, (0, height // 5) if width >= height else (width // 5, 0), "white")


def on_a_page(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """The page of a book: cream paper, below the plate its caption and a paragraph."""
    width, height = picture.size
    sheet = Image.new("RGB", (width * 13 // 10, height + 2 * round(0.13 * width) + width * 2 // 5), (247, 243, 233))
    left, top = width // 8, round(0.13 * width)
    sheet.paste(picture, (left, top))
    draw, size = ImageDraw.Draw(sheet), max(9.0, width * 0.024)
    small, font = ImageFont.load_default(size * 0.85), ImageFont.load_default(size)
    caption = f"{rng.integers(8, 120)}  {work.title}, {work.year}. {work.technique}."
    draw.text((left, top + height + size * 0.8), caption, (70, 66, 60), small)
    letters = int(0.97 * width / font.getlength(_PROSE) * len(_PROSE))
    start = top + height + size * 3.2
    last = int((sheet.height - start - top * 0.7) / (size * 1.5))
    for number, line in enumerate(wrap(_PROSE, letters)[:last]):
        draw.text((left, start + number * size * 1.5), line, (44, 41, 38), font)
    draw.text((sheet.width - left, sheet.height - top * 0.6), str(rng.integers(20, 300)), (70, 66, 60), small)
    return sheet


def with_a_chart(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """On a copy stand: pale ground, and below the work a strip of color patches and a gray scale."""
    width, height = picture.size
    side, strip = max(2, width // 40), height // 6
    sheet = ImageOps.expand(picture, (side, side // 2, side, strip), (244, 244, 243))
    draw, colors = ImageDraw.Draw(sheet), (*_PATCHES, *_GRAYS)
    patch, top = width * 3 // 4 / len(colors), height + side // 2 + strip // 4
    for number, color in enumerate(colors):
        left = side + width / 8 + number * patch
        draw.rectangle((left, top, left + patch - 1, top + strip // 2), fill=color)
    draw.rectangle((side + width / 8, top, side + width * 7 / 8, top + strip // 2), outline=(60, 60, 60))
    return sheet


def in_a_blurred_square(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Square, filled up with the blurred picture: for a phone."""
    side = round(max(picture.size) * 1.15)
    sheet = ImageOps.fit(picture, (side, side)).filter(ImageFilter.GaussianBlur(side / 25))
    sheet.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return sheet


def blown_up(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Of less than half of its resolution, enlarged again."""
    return scaled(picture, 0.45).resize(picture.size, Image.Resampling.LANCZOS)


def yellowed(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Under old varnish, or from an old print."""
    return Image.fromarray((np.asarray(picture) * [1.0, 0.9, 0.6]).astype(np.uint8))


def pale(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Of about half its contrast."""
    return ImageEnhance.Contrast(picture).enhance(0.55)


def compressed(picture: Image.Image, work: Work, rng: Rng, quality: int) -> Image.Image:
    """Once saved as a JPEG of that quality, whatever it is saved as now."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def scaled(picture: Image.Image, by: float) -> Image.Image:
    """Both sides `by` times as long."""
    return picture.resize((round(picture.width * by), round(picture.height * by)), Image.Resampling.LANCZOS)


AROUND: dict[str, Alteration] = {  # the work has something around it
    "framed": framed,
    "white bars": with_bars,
    "book page": on_a_page,
    "color chart": with_a_chart,
    "blurred bars": in_a_blurred_square,
}
SPOILT: dict[str, Alteration] = {
    "gray": grayscale,
    "marked": watermarked,
    "blown up": blown_up,
    "yellowed": yellowed,
    "pale": pale,
    "JPEG quality 10": partial(compressed, quality=10),
}
TABLE = AROUND | SPOILT
