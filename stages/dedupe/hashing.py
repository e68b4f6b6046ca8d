"""Perceptual fingerprints: hashes of several views that find candidates, and a thumbnail for the comparison."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image

from stages.common import images
from stages.dedupe import views
from stages.dedupe.alignment import features

HASH_SIDE = 16  # a pHash of 16 x 16 = 256 bits: 64 bits do not tell variations on one composition apart
SAMPLES = 4 * HASH_SIDE  # areas a side of which the low frequencies are taken
EDGE = 256  # pixels of the longer side of what is hashed
THUMBNAIL = 128  # pixels of the longer side of what is compared, of a long picture more, so that NARROW are across
NARROW = 26  # pixels: a little more than the comparison takes (verification.SMALLEST)
KEPT = 64  # features of a file, the strongest
# Of the sum of the pixels: below it is rounding noise, which would give every even picture a hash of its own.
NOTHING = 1e-5
CHUNK = 32  # files a worker process takes at a time


@dataclass(frozen=True)
class Fingerprint:
    """Of one picture."""

    hashes: np.ndarray  # uint8 [V, 32], a packed pHash of each view; V is doubled by the views of the mirrored picture
    boxes: np.ndarray  # float32 [V, 4], the views
    thumbnail: np.ndarray  # uint8 [H, W], gray
    features: np.ndarray  # uint8 [F, 128], by which details find their work; F may be 0
    path: Path | None = None  # of its file, where its colors can be read

    def colors(self) -> np.ndarray | None:
        """The thumbnail in RGB, uint8 [H, W, 3]; None where there is no file."""
        if self.path is None:
            return None
        height, width = self.thumbnail.shape
        picture = images.read(self.path, edge=max(height, width))
        return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def fingerprint(picture: Image.Image, mirrored: bool = False, details: bool = False) -> Fingerprint:
    """Hash the views of a picture, keep a small gray copy; with `mirrored` hash the views of its mirror image too.

    With `details` its features are described.
    """
    gray = views.resized(np.asarray(picture.convert("L")), EDGE)
    boxes = views.boxes(gray)
    hashes = phashes(gray, boxes)
    if mirrored:
        flipped = views.mirrored(boxes)
        hashes = np.concatenate([hashes, phashes(gray[:, ::-1], flipped)])
        boxes = np.concatenate([boxes, flipped])
    codes = described(gray, KEPT if details else 0)
    return Fingerprint(hashes, boxes, views.resized(gray, _edge(gray)), codes)


def _edge(gray: np.ndarray) -> int:
    """The longer side of the thumbnail of a picture [H, W]."""
    return min(EDGE, max(THUMBNAIL, ceil(NARROW * max(gray.shape) / min(gray.shape))))


def fingerprints(paths: list[Path], mirrored: bool, details: bool, pool: Executor) -> Iterator[Fingerprint]:
    """The fingerprints of files in their order; decoded pictures live in the processes of the pool, one in each."""
    return pool.map(partial(_of_file, mirrored=mirrored, details=details), paths, chunksize=CHUNK)


def _of_file(path: Path, mirrored: bool, details: bool) -> Fingerprint:
    return replace(fingerprint(images.read(path, "L", EDGE), mirrored, details), path=path)


def described(gray: np.ndarray, count: int) -> np.ndarray:
    """The `count` strongest features of a picture uint8 [H, W] as RootSIFT (Arandjelovic 2012), uint8 [F, 128]."""
    descriptors = features(gray, count)[1] if count else np.zeros((0, 128))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return np.minimum(255 * root, 255).astype(np.uint8)


def phashes(gray: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The packed pHash uint8 [V, 32] of each view of a picture uint8 [H, W]: which low frequencies exceed their median.

    It is Zauner's (2010), with the bits of `imagehash.phash` but for the resampling: areas are averaged here. Both that
    and the cosine transform are linear, so that a view takes two small matrices (`_low`) and all views share one
    product with the picture.
    """
    height, width = gray.shape
    left, top, right, bottom = zip(*(views.pixels(gray.shape, box) for box in boxes), strict=True)
    rows = np.concatenate([_low(height, *part) for part in zip(top, bottom, strict=True)])
    columns = np.stack([_low(width, *part).T for part in zip(left, right, strict=True)])
    across = (rows @ gray.astype(np.float32)).reshape(len(boxes), HASH_SIDE, width)
    low = (across @ columns).reshape(len(boxes), -1)
    low[np.abs(low) < NOTHING * low[:, :1]] = 0
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1)


@lru_cache(2048)  # of up to 16 KB each
def _low(length: int, start: int, stop: int) -> np.ndarray:
    """From a line of `length` pixels to the low frequencies of its part [start, stop): float32 [HASH_SIDE, length].

    The part is cut into SAMPLES areas. They are summed and cosines have their plain length, as in imagehash: a factor
    common to a view changes no bit.
    """
    edges = np.linspace(start, stop, SAMPLES + 1)
    below = np.clip(edges[:, None] - np.arange(length), 0, 1)  # how much of a pixel lies below an edge
    cosines = np.cos(np.pi / SAMPLES * np.outer(np.arange(HASH_SIDE), np.arange(SAMPLES) + 0.5))
    return (cosines @ np.diff(below, axis=0)).astype(np.float32)
