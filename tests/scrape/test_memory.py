"""The memory of a scrape in which many small files are large pictures, and what is said where there is none left."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from stages.common import cli, images
from stages.scrape import catalogue

MEGAPIXELS, FILES = 40, 6
MEASURED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from stages.scrape.catalogue import examine
data = open(sys.argv[1], "rb").read()
with ThreadPoolExecutor(4) as pool:
    found = list(pool.map(lambda _: examine(data, 100.0), range(int(sys.argv[2]))))
assert len(found) == int(sys.argv[2])
# Not getrusage's: that begins with the memory of the process that started this one.
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
"""


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def small_file(bits: int, color: int, channels: int) -> bytes:
    """A PNG of MEGAPIXELS and of some kilobytes."""
    width, height = 8000, MEGAPIXELS * 1000 // 8
    packer = zlib.compressobj(9)
    line = bytes(1 + width * bits // 8 * channels)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    "bits, color, channels", [(16, 0, 1), (8, 6, 4), (16, 2, 3)], ids=["gray 16", "RGBA", "RGB 16"]
)
def test_many_small_files_that_are_large_pictures_take_the_memory_of_one(
    tmp_path, clean_environment, bits, color, channels
):
    """Six at a time in four threads took two gigabytes at this size, and eleven at the default limit."""
    (tmp_path / "a.png").write_bytes(small_file(bits, color, channels))
    assert (tmp_path / "a.png").stat().st_size < 1_000_000
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "a.png"), str(FILES)]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60 + 2 * 4 * MEGAPIXELS, "the program and twice the pixels, 4 bytes each"


def test_gray_of_16_bits_is_rounded_as_exactly_as_in_floating_point():
    values = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    found = np.asarray(images.upright(Image.fromarray(values)))
    assert np.array_equal(found, np.round(values / 257).astype(np.uint8))
    wide = Image.fromarray(np.array([[-5, 70_000, 128, 129]], dtype=np.int32))
    assert np.asarray(images.upright(wide)).tolist() == [[0, 255, 0, 1]]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_too_little_memory_is_one_message_that_says_what_to_lower(error):
    def main() -> None:
        raise error

    with pytest.raises(SystemExit, match=r"memory is not enough: lower train\.microbatch, or end other programs"):
        cli.run_cli(main, lower="train.microbatch")


def test_another_error_of_the_same_type_keeps_its_traceback():
    def main() -> None:
        raise RuntimeError("sizes do not match")

    with pytest.raises(RuntimeError, match="sizes"):
        cli.run_cli(main)


def test_too_little_memory_is_not_taken_for_a_bad_picture(monkeypatch):
    def none_left(_: Image.Image) -> None:
        raise MemoryError

    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "PNG")
    monkeypatch.setattr(images, "upright", none_left)
    with pytest.raises(MemoryError):
        catalogue.examine(data.getvalue(), 1.0)
