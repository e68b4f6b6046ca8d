"""Fingerprints of the pictures that tests compare again and again: made once."""

from functools import lru_cache

from PIL import Image

from stages.dedupe.hashing import Fingerprint, fingerprint


def printed(picture: Image.Image, mirrored: bool = False) -> Fingerprint:
    """The fingerprint of a picture with its details, as the stage makes it."""
    return _of(picture.mode, picture.size, picture.tobytes(), mirrored)


@lru_cache(maxsize=32)  # the works of a test, and what they are compared with in turn
def _of(mode: str, size: tuple[int, int], data: bytes, mirrored: bool) -> Fingerprint:
    return fingerprint(Image.frombytes(mode, size, data), mirrored, True)
