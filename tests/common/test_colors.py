"""One picture in the color models, profiles and depths that scans come in: each is read as the same colors."""

import io
import struct
import zlib

import numpy as np
import profiles
import pytest
import tifffile
from PIL import Image

from stages.common import images
from stages.common.cli import UserError
from stages.common.colors import NoColors
from stages.common.decode import open_picture

PATCHES = np.array(
    [[200, 60, 40], [40, 180, 60], [30, 60, 190], [128, 128, 128], [240, 210, 40], [90, 60, 50], [255] * 3, [0] * 3],
    np.uint8,
)
GRAYS = np.array([0, 30, 60, 100, 128, 180, 220, 255], np.uint8)
LINEAR = profiles.gray("Linear gray", 1.0)


def page(patches: np.ndarray) -> np.ndarray:
    """Patches of 16 x 16 pixels side by side."""
    return np.repeat(np.repeat(patches[None], 16, 0), 16, 1)


RGB, GRAY = page(PATCHES), page(GRAYS)
RGB16, GRAY16 = RGB.astype(np.uint16) * 257, GRAY.astype(np.uint16) * 257
LIGHT = np.round(255 * profiles.to_light(RGB)).astype(np.uint8)
GRAY_LIGHT = np.round(255 * profiles.to_light(GRAY)).astype(np.uint8)


def encoded(array: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    picture.save(data, kind, **({"quality": 98, "subsampling": 0} if kind == "JPEG" else {}) | options)
    return data.getvalue()


def tiff(array: np.ndarray, **options) -> bytes:
    data = io.BytesIO()
    tifffile.imwrite(data, array, **options)
    return data.getvalue()


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return png[:33] + struct.pack(">I", len(data)) + kind + data + checksum + png[33:]


def png16(array: np.ndarray) -> bytes:
    """An RGB PNG of 16 bits, which Pillow does not write."""
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in array)
    head = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + bytes(25) + struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
    png = with_chunk(png, b"IDAT", zlib.compress(lines))
    return png[:8] + with_chunk(bytes(33), b"IHDR", head)[33:58] + png[33:]


def max_value(value: int, count: int) -> tuple:
    return (281, 3, count, value if count == 1 else (value,) * count, True)


ADOBE = profiles.written_in(RGB, profiles.ADOBE, 2.2)
COLORED = {
    "a profile": encoded(ADOBE, icc_profile=profiles.colors("Adobe RGB (1998)", profiles.ADOBE, 2.2)),
    "linear light by the name of sRGB": encoded(LIGHT, icc_profile=profiles.colors("sRGB-g10", profiles.SRGB, 1.0)),
    "linear light in a TIFF": encoded(LIGHT, "TIFF", icc_profile=profiles.colors("sRGB lin", profiles.SRGB, 1.0)),
    "other primaries by the name of sRGB": encoded(ADOBE, icc_profile=profiles.colors("sRGB", profiles.ADOBE, 2.2)),
    "a profile for gray": encoded(RGB, icc_profile=LINEAR),
    "a broken profile": encoded(RGB, icc_profile=b"abc"),
    "16 bits in planes": tiff(RGB16.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate"),
    "16 bits in deflated planes": tiff(
        RGB16.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate", compression="zlib"
    ),
    "16 bits in planes, with alpha": tiff(
        np.stack([*RGB16.transpose(2, 0, 1), np.full_like(GRAY16, 65535)]),
        photometric="rgb",
        planarconfig="separate",
        extrasamples=["unassalpha"],
    ),
    "16 bits in planes, of inks": tiff(
        np.stack([*(65535 - RGB16.transpose(2, 0, 1)), np.zeros_like(GRAY16)]),
        photometric="separated",
        planarconfig="separate",
    ),
    "16 bits": tiff(RGB16, photometric="rgb"),
    "12 of 16 bits": tiff((RGB16 >> 4), photometric="rgb", extratags=[max_value(4095, 3)]),
    "linear light by its gamma": with_chunk(encoded(LIGHT), b"gAMA", struct.pack(">I", 100_000)),
    "linear light by its gamma, in a palette": with_chunk(
        encoded(Image.fromarray(LIGHT).quantize(16)), b"gAMA", struct.pack(">I", 100_000)
    ),
    "the usual gamma": with_chunk(encoded(RGB), b"gAMA", struct.pack(">I", 45_455)),
    "a gamma beside the word that it is sRGB": with_chunk(
        with_chunk(encoded(RGB), b"gAMA", struct.pack(">I", 100_000)), b"sRGB", b"\0"
    ),
}
GRAYISH = {
    "a profile for gray": encoded(GRAY_LIGHT, icc_profile=LINEAR),
    "a profile for gray, with alpha": encoded(
        Image.merge("LA", [Image.fromarray(GRAY_LIGHT), Image.new("L", GRAY.shape[::-1], 255)]), icc_profile=LINEAR
    ),
    "a profile for gray, in a palette": encoded(Image.fromarray(GRAY_LIGHT).convert("P"), icc_profile=LINEAR),
    "a profile for gray, of 16 bits": encoded(
        np.round(profiles.to_light(GRAY) * 65535).astype(np.uint16), icc_profile=LINEAR
    ),
    "16 bits": encoded(GRAY16),
    "16 bits, white is zero": tiff(65535 - GRAY16, photometric="miniswhite"),
    "32 bits": tiff(GRAY.astype(np.uint32) * 16_843_009),
    "12 of 16 bits": tiff(GRAY16 >> 4, extratags=[max_value(4095, 1)]),
    "14 of 16 bits, white is zero": tiff(
        16383 - (GRAY16 >> 2), photometric="miniswhite", extratags=[max_value(16383, 1)]
    ),
    "big end first": tiff(GRAY16, byteorder=">"),
}


def shown(data: bytes, mode: str = "RGB") -> np.ndarray:
    """The middle of each patch."""
    with open_picture(data) as picture:
        return np.asarray(images.upright(picture).convert(mode)).astype(int)[8, 8::16]


@pytest.mark.parametrize("name", COLORED)
def test_colors_are_those_that_were_meant(name):
    dark = 14 if "linear" in name else 6  # a step of 1/255 of linear light is that large in the dark
    assert np.abs(shown(COLORED[name]) - PATCHES).max() <= dark


@pytest.mark.parametrize("name", GRAYISH)
def test_grays_are_those_that_were_meant(name):
    dark = 14 if "profile" in name else 2
    assert np.abs(shown(GRAYISH[name]) - GRAYS[:, None]).max() <= dark


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_gray_for_hashing_is_that_of_the_converted_colors(tmp_path, kind):
    (tmp_path / "a").write_bytes(encoded(LIGHT, kind, icc_profile=profiles.colors("Linear", profiles.SRGB, 1.0)))
    gray = np.asarray(images.read(tmp_path / "a", "L", 16)).astype(int)[8, 8::16]
    assert np.abs(gray - np.asarray(Image.fromarray(PATCHES[None]).convert("L"))[0]).max() <= 12


def test_one_value_may_stand_for_nothing():
    keyed = with_chunk(encoded(GRAY16), b"tRNS", struct.pack(">H", 30 * 257))
    assert shown(keyed)[:3, 0].tolist() == [0, 255, 60]
    colored = with_chunk(png16(RGB16), b"tRNS", struct.pack(">HHH", *(PATCHES[1].astype(int) * 257)))
    assert shown(png16(RGB16)).tolist() == PATCHES.tolist()
    assert shown(colored)[:3].tolist() == [PATCHES[0].tolist(), [255] * 3, PATCHES[2].tolist()]


def test_what_cannot_be_converted_is_named(tmp_path):
    (tmp_path / "float.tif").write_bytes(tiff(np.ones((8, 8), np.float32)))
    with pytest.raises(UserError, match="mode F have no known colors"):
        images.read(tmp_path / "float.tif")
    lzw = tiff(RGB16.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate").replace(
        struct.pack("<HHIH", 259, 3, 1, 1), struct.pack("<HHIH", 259, 3, 1, 5)
    )
    with pytest.raises(NoColors, match="16 bits a color in separate planes"):
        shown(lzw)
