"""Open picture files: the kinds that are read, which of several pages counts, which way is up, and what can be mended.

Damage beside the pixels (no end marker, a text or date with a wrong checksum) is mended in memory; cut pixels are not.
"""

import hashlib
import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

FORMATS = {  # Pillow's names, and the suffix of a file that we name ourselves
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG with a preview behind it, from a camera
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "GIF": ".gif",
    "BMP": ".bmp",
    "JPEG2000": ".jp2",
    "AVIF": ".avif",
    "HEIF": ".heic",
    "JXL": ".jxl",
}
SUFFIXES = (  # lower case
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"),
    *(".jp2", ".j2k", ".jpx", ".j2c", ".avif", ".heic", ".heif", ".hif", ".jxl"),
)
MEGAPIXELS = 179.0  # the most that is ever decoded
ISO_MEDIA = b"ftyp"  # at the fifth byte of HEIF and AVIF
ISO_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
JXL_HEADS = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")
HEADS = (  # what files begin with; BMP and a bare JPEG XL begin with too little to be known by it
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF87a", b"GIF89a"),
    *(b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", JXL_HEADS[1]),
)
JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")  # not stuffing, padding or a restart
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"tIME")
REDUCED_OR_MASK = 1 | 4  # bits of NewSubfileType (TIFF 6.0, page 36): a smaller copy of another page, or its mask
MAX_PAGES = 64  # that are looked at, of a TIFF: a pyramid has a dozen
TURNS = {  # EXIF's orientations of pictures that must be turned or flipped
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pixels are counted by our own limit, and what Pillow thinks of a file's metadata does not concern its reader.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = 16_000_000  # unpacked; profiles of printers are larger than Pillow's limit, 1 MB
warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|pillow_jxl)\b")


class TooLarge(ValueError):
    """More pixels than the limit."""


def open_picture(source: Path | bytes, megapixels: float = MEGAPIXELS) -> Image.Image:
    """Open a picture of one of FORMATS, without decoding it; of a TIFF's pages the one that is no smaller copy.

    Raises TooLarge, and what Pillow raises for anything that it cannot open.
    """
    head = source[:16] if isinstance(source, bytes) else _head(source)
    _register(head)
    if head.startswith(JXL_HEADS):  # its plugin decodes when it opens
        _check_size(*_jxl_size(source if isinstance(source, bytes) else source.read_bytes()), megapixels)
    known = [name for name in FORMATS if name in Image.OPEN]
    picture = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=known)
    try:
        if picture.format == "TIFF":
            _full_pages(picture)
        _check_size(*picture.size, megapixels)
        return picture
    except BaseException:
        picture.close()
        raise


def has_several_pages(picture: Image.Image) -> bool:
    """Whether a file is an animation, or has several pages.

    A camera's previews, further pictures of a HEIF (the first is the main one) and a TIFF's smaller copies are none.
    """
    if picture.format in ("MPO", "HEIF"):
        return False
    if picture.format == "TIFF":
        return len(_full_pages(picture)) > 1
    return bool(getattr(picture, "is_animated", False))


def turn(picture: Image.Image) -> Image.Transpose | None:
    """What makes an opened picture upright; None if it is, or if its EXIF cannot be read."""
    # TIFF and HEIF are turned by their decoders, JPEG XL too unless it wraps a JPEG.
    if picture.format in ("TIFF", "HEIF") or (picture.format == "JXL" and not getattr(picture, "jpeg", False)):
        return None
    if picture.format == "PNG":
        picture.load()  # its EXIF may stand behind the pixels; what is wrong with these must not be lost below
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # bytes from outside make the reader raise nearly anything
        return None
    return TURNS.get(value) if isinstance(value, int) else None


def mended(data: bytes) -> bytes | None:
    """A file's bytes without the damage beside its pixels; None where there is none, or more is missing."""
    if data.startswith(PNG_HEAD):
        found = PNG_HEAD + b"".join(_sound_chunks(data))
        return found if found != data else None
    if data.startswith(b"\xff\xd8") and jpeg_scans(data)[1] < 0:
        whole = data.rstrip(b"\0")
        return whole + b"\xff\xd9" if _is_complete(whole) else None
    return None


def jpeg_scans(data: bytes) -> tuple[int, int]:
    """How many scans a JPEG has, and where it ends (-1: no end marker); its segments and a trailer are passed by.

    ITU-T T.81, B.1.1: a segment's length is in it; in the coded data behind a scan's header 0xFF is followed by 0.
    """
    scans, at = 0, 2
    while found := JPEG_MARKER.search(data, at):
        marker, at = data[found.start() + 1], found.end()
        if marker == 0xD9:
            return scans, at
        if marker == 0xD8:
            continue
        scans += marker == 0xDA
        at += int.from_bytes(data[at : at + 2], "big")
    return scans, -1


def begins_like_a_picture(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a picture that is read, whatever its name is."""
    return (
        head.startswith(HEADS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == ISO_MEDIA and head[8:12] in ISO_BRANDS)
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _register(head: bytes) -> None:
    """Make Pillow know the formats that packages of their own read; they are imported where a file needs them."""
    Image.init()
    if head[4:8] == ISO_MEDIA and "HEIF" not in Image.OPEN:
        import pillow_heif

        pillow_heif.register_heif_opener()
    elif head.startswith(JXL_HEADS) and "JXL" not in Image.OPEN:
        import pillow_jxl  # noqa: F401, importing it registers the format


def _check_size(width: int, height: int, megapixels: float) -> None:
    if width * height > megapixels * 1e6:
        raise TooLarge(f"{width} x {height} pixels are more than the limit of {megapixels:g} megapixels")


def _full_pages(picture: Image.Image) -> list[int]:
    """The pages of a TIFF that are no smaller copies and no masks, up to two; a single one is open afterwards."""
    found = []
    for number in range(MAX_PAGES):
        try:
            picture.seek(number)
        except EOFError:
            break
        tags = getattr(picture, "tag_v2", {})
        if not (int(tags.get(254, 0)) & REDUCED_OR_MASK or tags.get(255) == 2):  # 255: the older SubfileType
            found.append(number)
        if len(found) > 1:
            break
    picture.seek(found[0] if len(found) == 1 else 0)
    return found


def _sound_chunks(data: bytes) -> Iterator[bytes]:
    """A PNG's chunks without its texts and those beside the pixels whose checksum is wrong, up to its end."""
    at = len(PNG_HEAD)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk, at = data[at : at + 12 + length], at + 12 + length
        is_sound = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        is_needed = not kind[0] & 0x20  # an upper case letter: critical
        if is_needed or (is_sound and kind not in PNG_TEXTS):
            yield chunk
        if kind == b"IEND":
            return


def _is_complete(data: bytes) -> bool:
    """Whether a JPEG without its end marker has all its pixels: what stands behind them must not change any."""
    ends = (b"\xff\xd9", b"\x55\xaa" * 4096 + b"\xff\xd9")
    try:
        return len({hashlib.sha256(np.asarray(open_picture(data + end)).tobytes()).digest() for end in ends}) == 1
    except Exception:  # as above
        return False


def _jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height that a JPEG XL announces (ISO/IEC 18181-1, SizeHeader); raises ValueError for none."""
    bits, at = _jxl_codestream(data)[:16], 16
    number = int.from_bytes(bits, "little")

    def take(count: int) -> int:
        nonlocal at
        at += count
        return number >> (at - count) & ((1 << count) - 1)

    small = take(1)

    def side() -> int:
        return 8 * (take(5) + 1) if small else take((9, 13, 18, 30)[take(2)]) + 1

    height = side()
    ratio = take(3)
    shares = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
    if not ratio:
        return side(), height
    up, down = shares[ratio - 1]
    return height * up // down, height


def _jxl_codestream(data: bytes) -> bytes:
    """The beginning of the codestream, which may stand in a box (ISO/IEC 18181-2)."""
    at = 0
    while not data[at:].startswith(b"\xff\x0a"):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if kind in (b"jxlc", b"jxlp"):
            at += head + 4 * (kind == b"jxlp")  # the number of the part
            break
        if length < head:
            break
        at += length
        if at >= len(data):
            break
    found = data[at : at + 16]
    if not found.startswith(b"\xff\x0a"):
        raise ValueError("a JPEG XL without a picture")
    return found
