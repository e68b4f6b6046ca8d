"""Seeded variations of a picture: mirror, a smaller crop, a slight change of light and color."""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from stages.common.images import square


def vary(
    picture: Image.Image, pixels: int, rng: np.random.Generator, mirror: bool, crop: float, color: float
) -> Image.Image:
    """A square of `pixels`: a random window of 1-crop..1 of the side, each color factor within 1-color..1+color.

    `mirror` flips left to right; the caller decides which copies, so that both sides are shown equally often.
    """
    keep = 1 - crop * rng.random()
    window = _window(picture, keep, rng)
    result = square(window, pixels, (rng.random(), rng.random()))
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        result = enhance(result).enhance(1 + color * rng.uniform(-1, 1))
    return ImageOps.mirror(result) if mirror else result


def _window(picture: Image.Image, keep: float, rng: np.random.Generator) -> Image.Image:
    width, height = (max(1, round(length * keep)) for length in picture.size)
    left, top = (int(rng.integers(0, free + 1)) for free in (picture.width - width, picture.height - height))
    return picture.crop((left, top, left + width, top + height))
