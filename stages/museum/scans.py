"""Renditions: the files in which the museum publishes a picture, some as bad scans are.

A collection work comes as large (always faithful), medium and small; about a third of the lesser ones are altered in
one way that real scans show. In place of the medium one, a quarter of the works have a reproduction, which is larger
than large, and worse. A reserve work comes as one clean file. Beyond that, `altered` makes any work with any
alteration.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

from stages.museum import alterations, camera, reproductions
from stages.museum.alterations import Alteration
from stages.museum.shapes import Rng
from stages.museum.works import Work

LONG_EDGE = {"collection": 800, "reserve": 600}  # at which a set is painted
FAITHFUL, REPRODUCTION = "large", "reproduction"
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


def names(work: Work) -> tuple[str, ...]:
    """The names of a work's files, the faithful one first."""
    if work.set == "reserve":
        return (FAITHFUL,)
    lesser = [name for name, _, _ in _LESSER]
    return FAITHFUL, REPRODUCTION if reproductions.way(work) else lesser[0], *lesser[1:]


def renditions(work: Work, picture: Image.Image) -> list[Rendition]:
    """All files of a work, the faithful one first."""
    large = _rendition(FAITHFUL, alterations.fit(picture, LONG_EDGE[work.set]), 92, "none")
    if work.set == "reserve":
        return [large]
    lesser = [_lesser(work, picture, place) for place in range(len(_LESSER))]
    if way := reproductions.way(work):
        rng = np.random.default_rng([*work.brush_key, 8])
        faithful = alterations.fit(picture, LONG_EDGE[work.set])
        lesser[0] = _rendition(REPRODUCTION, reproductions.reproduced(faithful, work, way, rng), 85, way)
    return [large, *lesser]


def _lesser(work: Work, picture: Image.Image, place: int) -> Rendition:
    """A file with fewer pixels than the picture, some altered."""
    name, edge, quality = _LESSER[place]
    rng = np.random.default_rng([*work.brush_key, 6, place])
    alteration = str(rng.choice(list(ALTERATIONS))) if rng.uniform() < _SHARE else "none"
    alter = ALTERATIONS.get(alteration, alterations.unaltered)
    return _rendition(name, alter(alterations.fit(picture, edge), work, rng), quality, alteration)


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
