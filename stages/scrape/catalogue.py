"""What is known of a file: the record that every source gives, and the catalogue's row with what the download showed."""

import hashlib
import io
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif"}


@dataclass(frozen=True)
class Record:
    """One file that a source offers. `work` is the work's id where the source vouches for it, else None."""

    work: str | None
    title: str
    year: str
    technique: str
    page_url: str
    image_url: str
    rendition: str
    rights: str
    set: str  # collection, or reserve (never trained on)


class NotAPicture(ValueError):
    """The bytes are no picture that can be decoded."""


def row(record: Record, data: bytes) -> dict[str, Any]:
    """The catalogue's row for a downloaded file.

    The file is named by its content: names never come from the network. Addresses on this machine lose their port, which
    differs from run to run. Raises NotAPicture.
    """
    kind, width, height = _inspect(data)
    digest = hashlib.sha256(data).hexdigest()
    values = asdict(record) | {"page_url": _portable(record.page_url), "image_url": _portable(record.image_url)}
    facts = {"width": width, "height": height, "bytes": len(data), "sha256": digest, "type": Image.MIME[kind]}
    return {"file": digest[:16] + SUFFIXES[kind]} | values | facts


def failure(record: Record, reason: str) -> dict[str, str]:
    """A file that could not be had, for the metrics."""
    return {"image_url": _portable(record.image_url), "title": record.title, "reason": reason}


def _inspect(data: bytes) -> tuple[str, int, int]:
    try:
        with Image.open(io.BytesIO(data), formats=list(SUFFIXES)) as picture:
            picture.load()
            return picture.format, picture.width, picture.height
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(f"not a picture of type {', '.join(SUFFIXES)}") from error


def _portable(url: str) -> str:
    address = urlsplit(url)
    return address.path + (f"?{address.query}" if address.query else "") if address.hostname in LOOPBACK else url
