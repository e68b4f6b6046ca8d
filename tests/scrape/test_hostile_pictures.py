"""Files that only pretend to be pictures, or would take too much to decode: each fails, in time."""

import io
import random
import time
import zlib

import numpy as np
import pytest
import tifffile
from loopback import ENTITIES, picture
from PIL import Image

from stages.common.decode import PNG_HEAD
from stages.scrape import png
from stages.scrape.catalogue import NotAPicture, Unsuitable, examine


def header_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any number of pixels."""
    small = bytearray(picture("PNG", pixels=(1, 1)))
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    return bytes(small)


def noise(**options) -> bytes:
    """A PNG that hardly shrinks, in many chunks of pixels."""
    data = io.BytesIO()
    Image.frombytes("RGB", (400, 300), random.Random(7).randbytes(360_000)).save(data, "PNG", **options)
    return data.getvalue()


def zeros_from(data: bytes, start: int) -> bytes:
    """What a download or disk leaves that has made room for a whole file."""
    return data[:start] + bytes(len(data) - start)


def tiff(*pages: tuple[int, dict]) -> bytes:
    """A TIFF of gray squares: their sides, and what tifffile writes of each."""
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as writer:
        for side, options in pages:
            writer.write(np.full((side, side), 99, np.uint8), photometric="minisblack", metadata=None, **options)
    return data.getvalue()


NOISE = noise()
DNG = {"extratags": [(50706, "B", 4, (1, 4, 0, 0))]}  # DNGVersion
SMALLER, FULL = {"subfiletype": 1}, {"subfiletype": 0}
RAWS = {
    "a preview, and the picture in a directory of its own": tiff((16, SMALLER | DNG | {"subifds": 1}), (99, FULL)),
    "the same without the tag of a DNG": tiff((16, SMALLER | {"subifds": 1}), (99, FULL)),
    "a preview alone": tiff((16, SMALLER)),
    "two previews": tiff((16, SMALLER), (24, SMALLER)),
    "a mask": picture("TIFF", "L", tiffinfo={254: 4}),
    "a preview by the older tag": tiff((16, {"extratags": [(255, "H", 1, 2)]})),
    "a DNG that is read whole": tiff((99, FULL | DNG)),
    "a DNG of two pages": tiff((16, SMALLER | DNG), (99, FULL)),
    "a DNG of two full pages": tiff((99, FULL | DNG), (99, FULL)),
}
PICTURES = {
    "nothing": b"",
    "HTML": b"<!doctype html><html><body>please log in</body></html>",
    "HTML behind the head of a JPEG": b"\xff\xd8\xff\xe0<html>",
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "SVG with entities": ENTITIES.replace(b"<r>", b"<svg>"),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd)(r)file\n",
    "an animation": picture("GIF", "RGB", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]),
    "a JPEG cut short": picture(pixels=(400, 300), color="red")[:-300],
    "a PNG cut short": picture("PNG", pixels=(400, 300))[:-40],
    "a PNG with a damaged bit": NOISE[:200_000] + bytes([NOISE[200_000] ^ 1]) + NOISE[200_001:],
    **{
        f"a PNG of which {part} % are zeros": zeros_from(NOISE, len(NOISE) * (100 - part) // 100)
        for part in range(2, 90, 8)
    },
    "noise": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    "a PNG of 2500 megapixels": header_bomb(50_000, 50_000),
    "a PNG of the largest size": header_bomb(2**31 - 1, 2**31 - 1),
    "a JPEG that scans for ever": picture(pixels=(400, 300), progressive=True)[:-2]
    + b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00" * 100
    + b"\xff\xd9",
    "a PNG just above the limit": picture("PNG", "1", pixels=(1001, 1000)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_only_pretends_to_be_a_picture_fails(name):
    started = time.monotonic()
    with pytest.raises(NotAPicture):
        examine(PICTURES[name], 1.0)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("name", RAWS)
def test_a_tiff_without_a_full_page_is_a_preview_as_is_what_a_camera_wrote(name):
    with pytest.raises(Unsuitable, match="a camera's raw file: develop it"):
        examine(RAWS[name], 1.0)


def test_a_tiff_with_a_full_page_is_taken_whatever_else_is_in_it():
    for pages in (
        [(99, {})],
        [(99, {"subfiletype": 2})],  # bit 1: a page of several, of which it is the only one
        [(16, SMALLER), (99, FULL)],
        [(99, {"subifds": 1}), (16, SMALLER)],
    ):
        facts = examine(tiff(*pages), 1.0)
        assert (facts["width"], facts["type"]) == (99, "image/tiff")


@pytest.mark.parametrize("options", [{}, {"compress_level": 0}, {"optimize": True}, {"dpi": (72, 72)}])
def test_a_whole_png_is_none_of_them_nor_one_that_lacks_what_holds_no_pixel(options):
    whole = noise(**options)
    palette, wrong = picture("PNG", "P"), whole[:-16] + b"\1\2\3\4" + whole[-12:]  # sound pixels, another CRC
    for data in (
        whole,
        whole[:-12],
        whole[:-14],
        whole + bytes(500),
        zeros_from(whole, len(whole) - 12),
        palette,
        wrong,
    ):
        assert examine(data, 1.0)["type"] == "image/png"


def test_the_checksums_of_a_png_take_no_time():
    with Image.new("RGB", (4000, 4000)) as black:
        data = io.BytesIO()
        black.save(data, "PNG", compress_level=0)
    started = time.process_time()
    png.check_pixels(data.getvalue() + bytes(50_000_000), most=48_000_000)
    png.check_pixels(data.getvalue()[:-12] + bytes(50_000_000), most=48_000_000)
    assert time.process_time() - started < 1


def test_a_stream_of_pixels_is_unpacked_no_further_than_the_picture_is_large():
    packed = b"IDAT" + zlib.compress(bytes(200_000_000))
    data = PNG_HEAD + (len(packed) - 4).to_bytes(4, "big") + packed + b"\1\2\3\4"  # of a wrong CRC
    started = time.process_time()
    with pytest.raises(ValueError, match="no end"):
        png.check_pixels(data, most=1_000_000)
    assert time.process_time() - started < 0.5


def test_there_are_enough_cases():
    assert len(PICTURES) >= 15 and len(RAWS) == 9
