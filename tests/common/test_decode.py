"""Files as cameras, phones, scanners and programs write them: what is sound is read, what is cut is not."""

import io
import itertools
import random
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401, importing it registers the format
import pytest
import tifffile
from PIL import ExifTags, Image

from stages.common import images
from stages.common.cli import UserError
from stages.common.decode import TooLarge, begins_like_a_picture, has_several_pages, jpeg_scans, mended, open_picture

pillow_heif.register_heif_opener()
PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 12, 3), np.uint8)).resize((120, 90))
HALF, QUARTER = PICTURE.resize((60, 45)), PICTURE.resize((30, 22))


def encoded(kind: str = "JPEG", picture: Image.Image = PICTURE, **options) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def tiff(*written: tuple[Image.Image, dict]) -> bytes:
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as file:
        for page, options in written:
            file.write(np.asarray(page), photometric="rgb", **options)
    return data.getvalue()


def read(tmp_path: Path, data: bytes, name: str = "a.bin") -> Image.Image:
    (tmp_path / name).write_bytes(data)
    return images.read(tmp_path / name)


JPEG, PROGRESSIVE, PNG = encoded(), encoded(progressive=True), encoded("PNG")
HEAD = 33  # bytes of a PNG before its second chunk
VIDEO = b"\0\0\0\x18ftypmp42" + random.Random(1).randbytes(3_000_000)
SEGMENT = b"\xff\xe4" + struct.pack(">H", 65535) + b"\xff\xda" * 32766 + b"\0"
SOUND = {
    "without its end marker": JPEG[:-2],
    "progressive without its end marker": PROGRESSIVE[:-2],
    "zeros in place of the end marker": JPEG[:-2] + bytes(600),
    "a video behind": JPEG + VIDEO,
    "an archive behind": JPEG + b"PK\3\4" + VIDEO,
    "segments full of scan markers": PROGRESSIVE[:2] + SEGMENT * 3 + PROGRESSIVE[2:],
    "padding before segments": JPEG[:2] + b"\xff\xff\xff" + JPEG[2:],
    "restart markers": encoded(restart_marker_rows=1),
    "a text with a wrong checksum": PNG[:HEAD] + chunk(b"tEXt", b"Title\0x", 1) + PNG[HEAD:],
    "a date with a wrong checksum": PNG[:HEAD] + chunk(b"tIME", b"\7\xea\1\1\1\1\1", 7) + PNG[HEAD:],
    "a profile with a wrong checksum": PNG[:HEAD] + chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x"), 5) + PNG[HEAD:],
    "a background with a wrong checksum": PNG[:HEAD] + chunk(b"bKGD", bytes(6), 9) + PNG[HEAD:],
    "a text of 70 MB": PNG[:HEAD] + chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(70_000_000))) + PNG[HEAD:],
    "a PNG without its end": PNG[:-12],
    "something behind a PNG": PNG + b"trailing",
    "a pyramid by pages": tiff((PICTURE, {}), (HALF, {"subfiletype": 1}), (QUARTER, {"subfiletype": 1})),
    "a pyramid by subdirectories": tiff((PICTURE, {"subifds": 1}), (HALF, {"subfiletype": 1})),
    "its smaller copy first": tiff((QUARTER, {"subfiletype": 1}), (PICTURE, {})),
}
CUT = {
    "a JPEG cut by 40 bytes": JPEG[:-40],
    "a JPEG cut and filled with zeros": JPEG[:-300] + bytes(300),
    "a progressive JPEG cut by 100 bytes": PROGRESSIVE[:-100],
    "half a JPEG": JPEG[: len(JPEG) // 2],
    "half a JPEG and an end marker's absence": JPEG[: len(JPEG) // 2] + b"\0" * 9,
    "a PNG with damaged pixels": PNG[: len(PNG) // 2] + bytes(40) + PNG[len(PNG) // 2 + 40 :],
    "a PNG cut by 400 bytes": PNG[:-400],
    "half a WebP": encoded("WEBP")[:-500],
    "half a TIFF": encoded("TIFF")[:-5000],
    "nothing": b"",
}


@pytest.mark.parametrize("name", SOUND)
def test_pixels_that_are_all_there_are_read(tmp_path, name):
    found = read(tmp_path, SOUND[name])
    assert found.size == PICTURE.size
    assert np.abs(np.asarray(found).astype(int) - np.asarray(PICTURE)).mean() < 4


@pytest.mark.parametrize("name", SOUND)
def test_the_header_of_what_is_read_can_be_read_too(tmp_path, name):
    path = tmp_path / "picture"
    path.write_bytes(SOUND[name])
    with images.opened(path) as picture:
        assert picture.size == PICTURE.size


@pytest.mark.parametrize("name", CUT)
def test_pixels_that_are_not_all_there_are_an_error(tmp_path, name):
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read(tmp_path, CUT[name])


def test_nothing_is_mended_that_is_sound():
    assert mended(JPEG) is mended(PNG) is mended(encoded("WEBP")) is None


def test_scans_are_counted_up_to_the_end_of_the_picture():
    assert jpeg_scans(JPEG) == (1, len(JPEG)) and jpeg_scans(JPEG + JPEG)[1] == len(JPEG)
    scans, end = jpeg_scans(PROGRESSIVE)
    assert scans > 5 and end == len(PROGRESSIVE) and jpeg_scans(PROGRESSIVE[:-2]) == (scans, -1)


def test_two_pictures_are_two_pages():
    both = encoded("TIFF", save_all=True, append_images=[HALF])
    assert has_several_pages(open_picture(both))
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        assert has_several_pages(open_picture(encoded(kind, save_all=True, append_images=[QUARTER.resize((120, 90))])))
    for kind in ("GIF", "WEBP", "PNG", "AVIF", "TIFF", "HEIF", "JXL", "JPEG2000", "BMP"):
        assert not has_several_pages(open_picture(encoded(kind)))
    assert not has_several_pages(open_picture(SOUND["a pyramid by pages"]))


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """EXIF with entries (tag, type, count, value of four bytes)."""
    body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4)


TURNED = (0x112, 3, 1, b"\6\0")
ODD_EXIF = {
    "none but a word": (b"Exif\0\0garbage that is no TIFF block", False),
    "empty": (b"Exif\0\0", False),
    "an unsigned number that is negative": (exif(TURNED, (0x11A, 9, 1, struct.pack("<i", -1))), True),
    "a text where a number belongs": (exif(TURNED, (0x11A, 2, 2, b"6\0")), True),
    "an orientation beyond all": (exif((0x112, 3, 1, b"\xff\xff")), False),
}


@pytest.mark.parametrize("kind, name", list(itertools.product(["JPEG", "PNG", "WEBP"], ODD_EXIF)))
def test_exif_that_is_odd_does_not_spoil_the_picture(tmp_path, kind, name):
    data, is_turned = ODD_EXIF[name]
    if kind == "JPEG":
        file = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + JPEG[2:]
    else:
        file = encoded(kind, exif=data)
    assert read(tmp_path, file).size == ((90, 120) if is_turned else (120, 90))


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JXL"])
def test_formats_of_packages_are_read_and_turned_once(tmp_path, kind):
    found = read(tmp_path, encoded(kind, quality=95))
    assert np.abs(np.asarray(found, int) - np.asarray(PICTURE)).mean() < 6
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = 6
    turned = read(tmp_path, encoded(kind, exif=tags.tobytes()))
    viewers = {"AVIF": (90, 120), "HEIF": (90, 120), "JXL": (120, 90)}  # in JPEG XL its header alone says it
    assert turned.size == viewers[kind]


def test_a_fresh_process_reads_the_formats_of_packages(tmp_path):
    """Nobody has registered them there."""
    for kind in ("HEIF", "JXL", "AVIF"):
        (tmp_path / f"{kind}.bin").write_bytes(encoded(kind))
    code = (
        "import sys; from pathlib import Path; from stages.common import images\n"
        "print(*(images.read(Path(name)).size for name in sys.argv[1:]))"
    )
    names = [str(tmp_path / f"{kind}.bin") for kind in ("HEIF", "JXL", "AVIF")]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=root, capture_output=True, text=True)
    assert done.stdout.split("\n")[0] == "(120, 90) (120, 90) (120, 90)" and not done.stderr, done.stderr


def test_pixels_are_counted_before_they_are_decoded(tmp_path):
    huge = bytearray(PNG)
    huge[16:24] = (46_340).to_bytes(4, "big") * 2
    huge[29:33] = zlib.crc32(bytes(huge[12:29])).to_bytes(4, "big")
    with pytest.raises(TooLarge, match="46340 x 46340 pixels are more than the limit of 100 megapixels"):
        open_picture(bytes(huge), 100)
    with pytest.raises(UserError, match="more than the limit of 179 megapixels"):
        read(tmp_path, bytes(huge))
    with pytest.raises(TooLarge, match="120 x 90 pixels"):
        open_picture(encoded("JXL"), 0.01)


@pytest.mark.parametrize("size", [(120, 90), (8, 8), (256, 256), (257, 3), (1, 1), (640, 360), (3000, 1), (40, 1000)])
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(size):
    data = encoded("JXL", Image.new("RGB", size))
    boxed = b"\x00\x00\x00\x0cJXL \r\n\x87\n" + struct.pack(">I4s", 20, b"ftyp") + b"jxl \0\0\0\0jxl "
    boxed += struct.pack(">I4s", 8 + len(data), b"jxlc") + data
    for file in (data, boxed):
        with pytest.raises(TooLarge, match=f"^{size[0]} x {size[1]} pixels"):
            open_picture(file, 1e-9)
        assert open_picture(file).size == size


def test_a_picture_is_known_by_its_beginning():
    kinds = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "JPEG2000", "AVIF", "HEIF")
    assert all(begins_like_a_picture(encoded(kind)[:16]) for kind in kinds)
    others = (b"", b"%PDF-1.7", b"<svg", b"RIFF....WAVE", VIDEO[:16], b"BM", b"MZ", b"II", b"{}")
    assert not any(begins_like_a_picture(head) for head in others)


def test_what_pillow_thinks_of_metadata_does_not_reach_the_screen(tmp_path):
    two = struct.pack("<II", 72, 1) * 2
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 0x11A, 5, 2, 26) + bytes(4) + two
    (tmp_path / "a.jpg").write_bytes(JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + JPEG[2:])
    with warnings.catch_warnings(record=True) as unfiltered:
        warnings.simplefilter("always")
        Image.open(tmp_path / "a.jpg").getexif()
    assert unfiltered, "Pillow has something to say of it"
    code = "from pathlib import Path; from stages.common import images; images.read(Path('a.jpg'))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
