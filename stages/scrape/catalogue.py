"""What is known of a file: the catalogue's row, from the source's record and from what the downloaded bytes show."""

import hashlib
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import TypedDict
from urllib.parse import urlsplit

from PIL import Image

from stages.common import images
from stages.common.colors import NoColors, is_deep_tiff
from stages.common.decode import (
    FORMATS,
    REDUCED_OR_MASK,
    TooLarge,
    has_several_pages,
    jpeg_scans,
    mended,
    open_picture,
    turn,
)
from stages.common.records import CatalogueRow
from stages.scrape import png
from stages.scrape.addresses import FetchError, is_this_machine
from stages.scrape.interface import RAW_FILE, Gap, Record
from stages.scrape.params import MOST_MEGAPIXELS

SIDEWAYS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
OTHERS = {  # what stands where a picture should be: its first bytes, in lower case, without spaces before them
    b"<!doctype html": "HTML",
    b"<html": "HTML",
    b"<?xml": "XML",
    b"<svg": "SVG",
    b"%pdf": "PDF",
    b"%!ps": "PostScript",
    b"8bps": "Photoshop's PSD",
    b"{": "JSON",
    b"version https://git-lfs": "a pointer of Git LFS: `git lfs pull` brings the file",
}
MAX_JPEG_SCANS = 64  # a progressive JPEG has about ten; each takes its time, however small the file is
JOINERS = "\u200c\u200d"  # invisible signs that change how the letters beside them look
SEVERAL = 3  # works with the very same file: it is none of them
# Files arrive in several threads, but one decodes: a small file may be a large picture; the next one takes its memory.
DECODER = ThreadPoolExecutor(1)
DNG_VERSION, SUBFILE_TYPE, OLD_SUBFILE_TYPE = 50706, 254, 255  # tags of a TIFF
OLD_REDUCED = 2  # of the older SubfileType
MAX_TEXT = 300  # characters kept of a title or any other text from outside


class Facts(TypedDict):
    """What a file's bytes show; see CatalogueRow."""

    file: str
    width: int
    height: int
    bytes: int
    sha256: str
    type: str


class NotAPicture(FetchError):
    """The bytes are no picture that can be used; the text says why."""


class Unsuitable(NotAPicture):
    """They are a whole picture, but of a kind that is not used: another visit would bring the same."""


def examine(data: bytes, megapixels: float) -> Facts:
    """What the bytes show: file name, upright size, sha256, type. At most `megapixels` are decoded. Raises NotAPicture.

    The file is named by its content: names never come from the network.
    """
    kind, width, height = DECODER.submit(_inspect, data, megapixels).result()
    digest = hashlib.sha256(data).hexdigest()
    return {
        "file": digest[:16] + FORMATS[kind],
        "width": width,
        "height": height,
        "bytes": len(data),
        "sha256": digest,
        "type": "image/jpeg" if kind == "MPO" else Image.MIME[kind],
    }


def row(record: Record, facts: Facts) -> CatalogueRow:
    """The catalogue's row for a downloaded file; addresses on this machine lose their port, which varies."""
    found: CatalogueRow = {
        "file": facts["file"],
        "work": None if record.work is None else unicodedata.normalize("NFC", clean(record.work)),
        "title": _text(record.title),
        "year": _text(record.year),
        "technique": _text(record.technique),
        "page_url": _portable(clean(record.page_url)),
        "image_url": _portable(clean(record.image_url)),
        "rendition": _text(record.rendition),
        "rights": _text(record.rights),
        "set": clean(record.set),
        "width": facts["width"],
        "height": facts["height"],
        "bytes": facts["bytes"],
        "sha256": facts["sha256"],
        "type": facts["type"],
    }
    if record.told:
        found["told"] = True
    if record.faithful is not None:
        found["faithful"] = record.faithful
    return found


def failure(item: Record | Gap, reason: str) -> dict[str, str]:
    """A file that could not be had, for the metrics."""
    address = item.address if isinstance(item, Gap) else item.image_url
    return {"image_url": _portable(clean(address)), "title": _text(item.title), "reason": reason}


def placeholders(found: list[tuple[Record, Facts]]) -> dict[str, int]:
    """Files that stand in for several works ("this picture is unavailable"), with the number of these.

    Works are told by their names or pages: a title alone may stand for one more address of the same picture. A site may
    list one work on two pages, so that two may share a file; SEVERAL do not.
    """
    works: dict[str, set[str]] = {}
    for record, facts in found:
        if work := record.work or record.page_url:
            works.setdefault(facts["file"], set()).add(work)
    return {name: len(sharing) for name, sharing in works.items() if len(sharing) >= SEVERAL}


def _inspect(data: bytes, megapixels: float) -> tuple[str, int, int]:
    """Format, width and height of a picture that decodes to upright sRGB.

    The pixels are counted before any is decoded.
    """
    try:
        try:
            return _decode(data, megapixels)
        except (FetchError, NoColors, TooLarge, MemoryError):
            raise
        except Exception:  # bytes from outside make the decoders raise nearly anything
            if (whole := mended(data)) is None:
                raise
            return _decode(whole, megapixels)
    except (FetchError, MemoryError):
        raise
    except NoColors as error:
        raise Unsuitable(f"not a picture that can be used: {error}") from error
    except TooLarge as error:
        raise Unsuitable(
            f"not a picture that can be used: {error}: raise scrape.megapixels (at most {MOST_MEGAPIXELS}), or save "
            "it smaller"
        ) from error
    except Exception as error:  # as above
        raise NotAPicture(f"not a whole picture of type {', '.join(FORMATS)}, but {_kind(data)}") from error


def _decode(data: bytes, megapixels: float) -> tuple[str, int, int]:
    with open_picture(data, megapixels) as picture:
        kind = picture.format or ""
        if kind == "TIFF":
            _check_pages(picture)
        if has_several_pages(picture):
            raise Unsuitable("it has several frames or pages")
        if kind in ("JPEG", "MPO"):
            _check_scans(data)
        if kind == "PNG":
            width, height = picture.size
            png.check_pixels(data, most=16 * (width + 1) * (height + 1))  # 16 bits, 4 colors, and as much again
        turned = turn(picture)
        width, height = picture.size[::-1] if turned in SIDEWAYS else picture.size
        # Reads a JPEG to its end, but makes an eighth of its size: a third of the time.
        picture.draft(None, (1, 1))
        if is_deep_tiff(picture):
            images.upright(picture)
        else:
            picture.load()
            if picture.mode in ("P", "PA") and picture.palette is None:
                raise ValueError("a palette is missing")
            images.upright(picture.crop((0, 0, 1, 1)))  # whether its colors can be converted: one pixel tells
        return kind, width, height


def _check_pages(picture: Image.Image) -> None:
    """Raises Unsuitable for a TIFF in which nothing can be read but a preview or a mask: cameras write such ones.

    The page that is open is the full one, where there is one; DNGVersion stands in the first (DNG 1.7.1, chapter 4).
    """
    tags, page = getattr(picture, "tag_v2", {}), picture.tell()
    if int(tags.get(SUBFILE_TYPE, 0)) & REDUCED_OR_MASK or tags.get(OLD_SUBFILE_TYPE) == OLD_REDUCED:
        raise Unsuitable(
            f"a TIFF with nothing that can be read but a smaller copy of its picture, or a mask, as in {RAW_FILE}"
        )
    picture.seek(0)
    if DNG_VERSION in getattr(picture, "tag_v2", {}):
        raise Unsuitable(RAW_FILE)
    picture.seek(page)


def _check_scans(data: bytes) -> None:
    """Raises Unsuitable for a JPEG that takes too long, and ValueError for one that has no end."""
    scans, end = jpeg_scans(data)
    if scans > MAX_JPEG_SCANS:
        raise Unsuitable(f"a JPEG of more than {MAX_JPEG_SCANS} scans: it would take minutes to decode")
    if end < 0:
        raise ValueError("no end")


def _kind(data: bytes) -> str:
    """What the bytes are instead, in words."""
    if not data:
        return "empty"
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for head, kind in OTHERS.items() if start.startswith(head)), "cut, damaged or something else")


def _text(value: str) -> str:
    """Words from outside as a reader sees them: entities resolved, accents composed, nothing invisible."""
    text = unicodedata.normalize("NFC", unescape(str(value).encode("utf-8", "replace").decode()))
    return clean("".join(sign for sign in text if sign in JOINERS or unicodedata.category(sign) != "Cf"))


def clean(value: str) -> str:
    """Text from outside without control characters and lone surrogates, in one line, and not endless."""
    text = str(value).encode("utf-8", "replace").decode()
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    return line if "://" in text else line[:MAX_TEXT]


def _portable(url: str) -> str:
    if not is_this_machine(url):
        return url
    address = urlsplit(url)
    return address.path + (f"?{address.query}" if address.query else "")
