"""Renditions: the files in which the museum publishes a picture, some as bad scans are.

A collection work comes as large (always faithful), medium and small; about a third of the lesser ones are altered in
one way that real scans show. A reserve work comes as one clean file. Beyond that, `altered` makes any work with any
alteration.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

from stages.museum import alterations, camera
from stages.museum.alterations import Alteration
from stages.museum.shapes import Rng
from stages.museum.works import Work

LONG_EDGE = {"collection": 800, "reserve": 600}  # at which a set is painted
_LESSER = (("medium", 500, 80), ("small", 240, 60))
LABELED = alterations.TABLE | camera.TABLE  # all that a duplicate is measured by
_SHARE = 1 / 3  # of the lesser renditions are altered
_TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@dataclass(frozen=True)
class Rendition:
    """One published file of a work."""

    name: str
    jpeg: bytes
    width: int  # of the upright picture
    height: int
    alteration: str


def renditions(work: Work, picture: Image.Image) -> list[Rendition]:
    """All files of a work, the largest first."""
    large = _rendition("large", alterations.fit(picture, LONG_EDGE[work.set]), 92, "none")
    if work.set == "reserve":
        return [large]
    found = [large]
    for place, (name, edge, quality) in enumerate(_LESSER):
        rng = np.random.default_rng([*work.brush_key, 6, place])
        alteration = str(rng.choice(list(ALTERATIONS))) if rng.uniform() < _SHARE else "none"
        alter = ALTERATIONS.get(alteration, alterations.unaltered)
        found.append(_rendition(name, alter(alterations.fit(picture, edge), work, rng), quality, alteration))
    return found


def altered(work: Work, picture: Image.Image, alteration: str) -> Rendition:
    """A work with one alteration of LABELED: the same bytes every time."""
    number = list(LABELED).index(alteration)
    rng = np.random.default_rng([*work.brush_key, 7, number])
    result = LABELED[alteration](picture, work, rng)
    turn = int(rng.choice(list(_TURNS))) if alteration == "exif" else None
    return _rendition(alteration, result, 30 if alteration == "jpeg30" else 85, alteration, turn)


def _rendition(
    name: str, picture: Image.Image, quality: int, alteration: str, orientation: int | None = None
) -> Rendition:
    data = io.BytesIO()
    stored, options = picture, {}
    if orientation is not None:  # a camera held upright: turned pixels, and a tag that says so
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        stored, options["exif"] = picture.transpose(_TURNS[orientation]), exif
    stored.save(data, "JPEG", quality=quality, **options)
    return Rendition(name, data.getvalue(), picture.width, picture.height, alteration)


def _trimmed(picture: Image.Image, work: Work, rng: Rng) -> Image.Image:
    """Without 2 to 4 % at each side."""
    left, top, right, bottom = rng.uniform(0.02, 0.04, 4)
    w, h = picture.size
    return picture.crop((round(left * w), round(top * h), round((1 - right) * w), round((1 - bottom) * h)))


ALTERATIONS: dict[str, Alteration] = {  # what is done to published renditions
    "frame": alterations.framed,
    "caption": alterations.captioned,
    "crop": _trimmed,
    "grayscale": alterations.grayscale,
    "faded": alterations.faded,
}
