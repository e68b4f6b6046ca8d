"""Files that only pretend to be pictures, or would take too much to decode: each fails, in time."""

import time
import zlib

import pytest
from loopback import ENTITIES, picture
from PIL import Image

from stages.scrape.catalogue import NotAPicture, examine


def header_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any number of pixels."""
    small = bytearray(picture("PNG", pixels=(1, 1)))
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    return bytes(small)


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


def test_there_are_enough_cases():
    assert len(PICTURES) >= 15
