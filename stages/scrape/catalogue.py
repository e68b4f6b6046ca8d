"""What is known of a file: the catalogue's row, from the source's record and from what the downloaded bytes show."""

import hashlib
import io
import re
from typing import TypedDict
from urllib.parse import urlsplit

from PIL import ExifTags, Image

from stages.common import images
from stages.common.records import CatalogueRow
from stages.scrape.addresses import is_this_machine
from stages.scrape.interface import Gap, Record

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
SUFFIXES = {
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG with a preview behind it, from a camera
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
}
SIDEWAYS = (5, 6, 7, 8)  # EXIF's orientations of pictures that lie on their side
MAX_JPEG_SCANS = 64  # a progressive JPEG has about ten; each takes its time, however small the file is
MAX_TEXT = 300  # characters kept of a title or any other text from outside


class Facts(TypedDict):
    """What a file's bytes show; see CatalogueRow."""

    file: str
    width: int
    height: int
    bytes: int
    sha256: str
    type: str


class NotAPicture(ValueError):
    """The bytes are no picture that can be used; the text says why."""


def examine(data: bytes, megapixels: float) -> Facts:
    """What the bytes show: file name, upright size, sha256, type. At most `megapixels` are decoded. Raises NotAPicture.

    The file is named by its content: names never come from the network.
    """
    kind, width, height = _inspect(data, megapixels)
    digest = hashlib.sha256(data).hexdigest()
    return {
        "file": digest[:16] + SUFFIXES[kind],
        "width": width,
        "height": height,
        "bytes": len(data),
        "sha256": digest,
        "type": "image/jpeg" if kind == "MPO" else Image.MIME[kind],
    }


def row(record: Record, facts: Facts) -> CatalogueRow:
    """The catalogue's row for a downloaded file; addresses on this machine lose their port, which varies."""
    return {
        "file": facts["file"],
        "work": None if record.work is None else _clean(record.work),
        "title": _clean(record.title),
        "year": _clean(record.year),
        "technique": _clean(record.technique),
        "page_url": _portable(_clean(record.page_url)),
        "image_url": _portable(_clean(record.image_url)),
        "rendition": _clean(record.rendition),
        "rights": _clean(record.rights),
        "set": _clean(record.set),
        "width": facts["width"],
        "height": facts["height"],
        "bytes": facts["bytes"],
        "sha256": facts["sha256"],
        "type": facts["type"],
    }


def failure(item: Record | Gap, reason: str) -> dict[str, str]:
    """A file that could not be had, for the metrics."""
    address = item.address if isinstance(item, Gap) else item.image_url
    return {"image_url": _portable(_clean(address)), "title": _clean(item.title), "reason": reason}


def _inspect(data: bytes, megapixels: float) -> tuple[str, int, int]:
    """Format, width and height of a picture that decodes to upright sRGB.

    The pixels are counted before any is decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            kind = picture.format or ""
            _check_cost(picture, data, megapixels)
            width, height = picture.size
            if picture.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS:
                width, height = height, width
            # Reads a JPEG to its end, but makes an eighth of its size: a third of the time.
            picture.draft(None, (1, 1))
            images.upright(picture)
            return kind, width, height
    except NotAPicture:
        raise
    except Exception as error:  # bytes from outside make the decoders raise nearly anything
        raise NotAPicture(f"not a whole picture of type {', '.join(FORMATS)}") from error


def _check_cost(picture: Image.Image, data: bytes, megapixels: float) -> None:
    """Raises NotAPicture for what is more than one picture, or would take too much time or memory to decode."""
    if picture.width * picture.height > megapixels * 1e6:
        raise NotAPicture(
            f"{picture.width} x {picture.height} pixels are more than the limit of {megapixels:g} megapixels"
        )
    # Only an MPO's second frame is a preview; any other one is an animation or another page.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise NotAPicture("it has several frames or pages")
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS and picture.format in ("JPEG", "MPO"):
        raise NotAPicture(f"a JPEG of more than {MAX_JPEG_SCANS} scans: it would take minutes to decode")


def _clean(value: str) -> str:
    """Text from outside without control characters and lone surrogates, in one line, and not endless."""
    text = str(value).encode("utf-8", "replace").decode()
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    return line if "://" in text else line[:MAX_TEXT]


def _portable(url: str) -> str:
    if not is_this_machine(url):
        return url
    address = urlsplit(url)
    return address.path + (f"?{address.query}" if address.query else "")
