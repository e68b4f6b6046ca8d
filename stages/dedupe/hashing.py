"""Perceptual fingerprints: hashes of several views that find candidates, and a thumbnail for the closer look."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from stages.common import images
from stages.dedupe import views
from stages.dedupe.alignment import features

HASH_SIDE = 16  # a pHash of 16 x 16 = 256 bits: 64 bits do not tell variations on one composition apart
EDGE = 256  # pixels of the longer side of what is hashed
THUMBNAIL = 128  # pixels of the longer side of what is compared
KEPT = 64  # features of a file, the strongest
CHUNK = 32  # files a worker process takes at a time


@dataclass(frozen=True)
class Fingerprint:
    """Of one picture."""

    hashes: np.ndarray  # uint8 [V, 32], a packed pHash of each view; V is doubled by the views of the mirrored picture
    boxes: np.ndarray  # float32 [V, 4], the views
    thumbnail: np.ndarray  # uint8 [H, W], grey
    features: np.ndarray  # uint8 [F, 128], by which details find their work; F may be 0


def fingerprint(picture: Image.Image, mirrored: bool = False, details: bool = False) -> Fingerprint:
    """Hash the views of a picture, and of its mirror image if asked, describe its features if asked, and keep a small grey copy."""
    grey = views.resized(np.asarray(picture.convert("L")), EDGE)
    boxes = views.boxes(grey)
    hashes = [phash(views.cut(grey, box)) for box in boxes]
    if mirrored:
        flipped = np.ascontiguousarray(grey[:, ::-1])
        hashes += [phash(views.cut(flipped, box)) for box in views.mirrored(boxes)]
        boxes = np.concatenate([boxes, views.mirrored(boxes)])
    codes = described(grey, KEPT if details else 0)
    return Fingerprint(np.stack(hashes), boxes, views.resized(grey, THUMBNAIL), codes)


def fingerprints(paths: list[Path], mirrored: bool, details: bool, pool: Executor) -> Iterator[Fingerprint]:
    """The fingerprints of files in their order; decoded pictures live only in the processes of the pool, one in each."""
    return pool.map(partial(_of_file, mirrored=mirrored, details=details), paths, chunksize=CHUNK)


def _of_file(path: Path, mirrored: bool, details: bool) -> Fingerprint:
    return fingerprint(images.read(path, "L", EDGE), mirrored, details)


def described(grey: np.ndarray, count: int) -> np.ndarray:
    """The `count` strongest features of a picture uint8 [H, W] as RootSIFT (Arandjelovic 2012), uint8 [F, 128]."""
    descriptors = features(grey, count)[1] if count else np.zeros((0, 128))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return np.minimum(255 * root, 255).astype(np.uint8)


def phash(grey: np.ndarray) -> np.ndarray:
    """The packed pHash, uint8 [32], of a picture uint8 [H, W]: which low frequencies exceed their median (Zauner 2010).

    The bits of `imagehash.phash` but for the resampling, which takes that library most of its time.
    """
    small = cv2.resize(grey, (4 * HASH_SIDE,) * 2, interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:HASH_SIDE, :HASH_SIDE]
    return np.packbits(low > np.median(low))
