"""Perceptual fingerprints: cheap hashes that find candidates, and a thumbnail for the closer look."""

from dataclasses import dataclass

import imagehash
import numpy as np
from PIL import Image

HASH_SIDE = 16  # a pHash of 16 x 16 = 256 bits: 64 bits do not tell variations on one composition apart
THUMBNAIL = 128  # pixels of the longer side
# What scans add or lack, as (left, top, right, bottom) shares of the side: nothing, a mount or frame, a caption below.
VIEWS = ((0, 0, 0, 0), (0.03,) * 4, (0.06,) * 4, (0.09,) * 4, (0, 0, 0, 0.07), (0, 0, 0, 0.12))


@dataclass(frozen=True)
class Fingerprint:
    """Of one picture."""

    hashes: np.ndarray  # uint8 [V, 32], a packed pHash of each of VIEWS
    thumbnail: np.ndarray  # float32 [H, W], grey, 0..1


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Hash the whole picture and its inner views (pHash: Zauner 2010, by `imagehash`), and keep a small grey copy."""
    grey = picture.convert("L")
    grey.thumbnail((4 * THUMBNAIL, 4 * THUMBNAIL), Image.Resampling.BOX)
    hashes = [np.packbits(imagehash.phash(_view(grey, view), hash_size=HASH_SIDE).hash) for view in VIEWS]
    grey.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return Fingerprint(np.stack(hashes), np.asarray(grey, np.float32) / 255)


def candidates(prints: list[Fingerprint], distance: int) -> list[tuple[int, int, int, int, int]]:
    """Pairs that may show one work: (first, second, hash distance, view of the first, view of the second).

    The distance is the least over all pairs of views, in bits of 256; the pairs come in ascending order.
    """
    hashes = np.stack([item.hashes for item in prints])  # [N, V, 32]
    found = []
    for first in range(len(prints) - 1):
        others = hashes[first + 1 :]
        bits = np.bitwise_count(hashes[first][None, :, None] ^ others[:, None]).sum(-1, dtype=np.int32)  # [M, V, V]
        flat = bits.reshape(len(others), -1)
        for other in np.flatnonzero(flat.min(1) <= distance):
            best = int(flat[other].argmin())
            found.append((first, first + 1 + int(other), int(flat[other, best]), *divmod(best, len(VIEWS))))
    return found


def _view(picture: Image.Image, view: tuple[float, ...]) -> Image.Image:
    left, top, right, bottom = view
    width, height = picture.size
    return picture.crop((round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)))
