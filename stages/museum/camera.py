"""What a camera does to a painting, and what print does: light across it, glare, another angle, the wall, the gutter.

Alterations like those of `alterations`, by name, so that deduplication can be measured by kind.
"""

from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from stages.museum.alterations import Alteration, framed
from stages.museum.shapes import Rng
from stages.museum.works import Work


def unevenly_lit(picture: Image.Image, work: Work, rng: Rng, share: float) -> Image.Image:
    """Light from one side, `share` brighter there and as much darker at the other."""
    height, width = picture.height, picture.width
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 + share * np.clip(x * np.cos(angle) + y * np.sin(angle), -1, 1)
    return _scaled(picture, light)


def glared(picture: Image.Image, work: Work, rng: Rng, strength: float) -> Image.Image:
    """The reflection of a flash: a soft white spot over a fifth of the picture."""
    height, width = picture.height, picture.width
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    left, top = rng.uniform(0.25, 0.75, 2)
    spot = strength * np.exp(-((x - left) ** 2 + (y - top) ** 2) / (2 * 0.15**2))[..., None]
    return Image.fromarray((np.asarray(picture) * (1 - spot) + 255 * spot).astype(np.uint8))


def gamma(picture: Image.Image, work: Work, rng: Rng, exponent: float) -> Image.Image:
    """Another tone curve: below 1 brighter, above 1 darker."""
    return Image.fromarray((255 * (np.asarray(picture) / 255) ** exponent).astype(np.uint8))


def clipped(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Overexposed: what is light is white."""
    return _scaled(picture, np.full((1, 1), rng.uniform(1.3, 1.5)))


def rotated(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Askew on the scanner by 1 to 3 degrees, on white."""
    angle = float(rng.uniform(1, 3) * rng.choice([-1, 1]))
    return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(244, 243, 240))


def keystone(picture: Image.Image, work: Work, rng: Rng, share: float) -> Image.Image:
    """Photographed from another angle: each corner up to `share` of the sides farther in, on a wall."""
    return _askew(picture, rng, share, _wall(rng))


def _wall(rng: Rng) -> tuple[int, ...]:
    return tuple(int(value) for value in rng.integers(180, 220, 3))


def _askew(picture: Image.Image, rng: Rng, share: float, wall: tuple[int, ...]) -> Image.Image:
    width, height = picture.size
    margin = round(0.5 * share * max(width, height)) + 2
    page = ImageOps.expand(picture, margin, wall)
    size = np.array(page.size)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    inwards = np.sign(size / 2 - corners) * rng.uniform(0, share, (4, 2)) * size
    numbers = _map(corners + inwards, corners)
    return page.transform(page.size, Image.Transform.PERSPECTIVE, numbers, Image.Resampling.BICUBIC, fillcolor=wall)


def on_a_wall(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """By a phone: in its frame on a wall, askew, light from above."""
    hung = framed(picture, work, rng)
    wall = _wall(rng)
    width, height = hung.size
    page = Image.new("RGB", (round(width * rng.uniform(1.2, 1.5)), round(height * rng.uniform(1.2, 1.5))), wall)
    page.paste(hung, ((page.width - width) // 2, (page.height - height) // 2))
    return unevenly_lit(_askew(page, rng, 0.03, wall), work, rng, 0.12)


def in_the_gutter(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Over two pages of a book: dark where they meet."""
    place = picture.width * rng.uniform(0.4, 0.6)
    dark = 0.75 * np.exp(-np.abs(np.arange(picture.width) - place) / (0.03 * picture.width))
    return _scaled(picture, 1 - dark[None])


def oval(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """In an oval passe-partout."""
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((0, 0, picture.width - 1, picture.height - 1), fill=255)
    return Image.composite(picture, Image.new("RGB", picture.size, (238, 235, 226)), mask)


def _scaled(picture: Image.Image, light: np.ndarray) -> Image.Image:
    """Every pixel [H, W] of the picture times the light on it."""
    return Image.fromarray((np.asarray(picture) * light[..., None]).clip(0, 255).astype(np.uint8))


def _map(source: np.ndarray, target: np.ndarray) -> tuple[float, ...]:
    """The eight numbers by which Pillow finds, for each pixel, its place before: `target` corners [4, 2] at `source`.

    They solve a linear system: x = (a X + b Y + c) / (g X + h Y + 1), y likewise with d, e, f.
    """
    rows, values = [], []
    for (x, y), (to_x, to_y) in zip(target, source, strict=True):
        rows += [[to_x, to_y, 1, 0, 0, 0, -x * to_x, -x * to_y], [0, 0, 0, to_x, to_y, 1, -y * to_x, -y * to_y]]
        values += [x, y]
    return tuple(np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist())


TABLE: dict[str, Alteration] = {
    "light 10 %": partial(unevenly_lit, share=0.1),
    "light 20 %": partial(unevenly_lit, share=0.2),
    "light 30 %": partial(unevenly_lit, share=0.3),
    "glare 0.15": partial(glared, strength=0.15),
    "glare 0.3": partial(glared, strength=0.3),
    "glare 0.5": partial(glared, strength=0.5),
    "gamma 0.5": partial(gamma, exponent=0.5),
    "gamma 1.8": partial(gamma, exponent=1.8),
    "clipped": clipped,
    "askew": rotated,
    "keystone 3 %": partial(keystone, share=0.03),
    "keystone 8 %": partial(keystone, share=0.08),
    "on a wall": on_a_wall,
    "gutter": in_the_gutter,
    "oval": oval,
}
