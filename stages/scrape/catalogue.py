"""What is known of a file: the record that every source gives, and the catalogue's row with what the download showed."""

import hashlib
import io
import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import ExifTags, Image

from stages.common import images
from stages.scrape.addresses import is_this_machine

KINDS = ("JPEG", "PNG", "WEBP", "TIFF")
SUFFIXES = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
}  # MPO: a JPEG with a preview behind it, from a camera
LYING = (5, 6, 7, 8)  # EXIF's orientations of pictures that lie on their side
SCANS = 64  # a progressive JPEG has about ten; each takes its time, however small the file is
LONGEST_TEXT = 300  # characters kept of a title or any other text from outside


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


@dataclass(frozen=True)
class Gap:
    """Something that a source lists but cannot give: a page out of reach, an entry without an address."""

    title: str
    address: str
    reason: str


class NotAPicture(ValueError):
    """The bytes are no picture that can be used; the text says why."""


def examine(data: bytes, megapixels: float) -> dict[str, Any]:
    """What the bytes show: file name, upright size, sha256, type. At most `megapixels` are decoded. Raises NotAPicture.

    The file is named by its content: names never come from the network.
    """
    kind, width, height = _inspect(data, megapixels)
    digest = hashlib.sha256(data).hexdigest()
    mime = "image/jpeg" if kind == "MPO" else Image.MIME[kind]
    return {
        "file": digest[:16] + SUFFIXES[kind],
        "width": width,
        "height": height,
        "bytes": len(data),
        "sha256": digest,
        "type": mime,
    }


def row(record: Record, facts: dict[str, Any]) -> dict[str, Any]:
    """The catalogue's row for a downloaded file. Addresses on this machine lose their port, which differs from run to run."""
    values = {name: _clean(value) for name, value in asdict(record).items()}
    values |= {"page_url": _portable(values["page_url"]), "image_url": _portable(values["image_url"])}
    return {"file": facts["file"]} | values | facts


def failure(item: Record | Gap, reason: str) -> dict[str, str]:
    """A file that could not be had, for the metrics."""
    address = item.address if isinstance(item, Gap) else item.image_url
    return {"image_url": _portable(_clean(address)), "title": _clean(item.title), "reason": reason}


def _inspect(data: bytes, megapixels: float) -> tuple[str, int, int]:
    """Kind, width and height of a picture that decodes to upright sRGB; the pixels are counted before any is decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as picture:
            if picture.width * picture.height > megapixels * 1e6:
                raise NotAPicture(
                    f"{picture.width} x {picture.height} pixels are more than the limit of {megapixels:g} megapixels"
                )
            # Only an MPO's second frame is a preview; any other one is an animation or another page.
            if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
                raise NotAPicture("it has several frames or pages")
            if data.count(b"\xff\xda") > SCANS and picture.format in ("JPEG", "MPO"):
                raise NotAPicture(f"a JPEG of more than {SCANS} scans: it would take minutes to decode")
            width, height = picture.size
            if picture.getexif().get(ExifTags.Base.Orientation) in LYING:
                width, height = height, width
            picture.draft(None, (1, 1))  # reads a JPEG to its end, but makes an eighth of its size: a third of the time
            images.upright(picture)
            return picture.format, width, height
    except NotAPicture:
        raise
    except Exception as error:  # bytes from outside make the decoders raise nearly anything
        raise NotAPicture(f"not a whole picture of type {', '.join(KINDS)}") from error


def _clean(value: str | None) -> str | None:
    """Text from outside without control characters and lone surrogates, in one line, and not endless."""
    if value is None:
        return None
    text = str(value).encode("utf-8", "replace").decode()
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()[: LONGEST_TEXT if "://" not in text else None]


def _portable(url: str) -> str:
    if not is_this_machine(url):
        return url
    address = urlsplit(url)
    return address.path + (f"?{address.query}" if address.query else "")
