"""The checksums of a PNG: Pillow passes by those of the pixels, and may take zeros for the end of a picture."""

import zlib

from stages.common.decode import PNG_HEAD

CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


def check_sums(data: bytes) -> None:
    """Raises ValueError where a whole chunk that the pixels need has another CRC than it says (ISO/IEC 15948, 5.3).

    A chunk that is cut is Pillow's to judge: it may lack nothing but its checksum.
    """
    view, at, kind = memoryview(data), len(PNG_HEAD), b""
    while kind != b"IEND" and at + 12 <= len(data):
        end = at + 12 + _number(view[at : at + 4])
        kind = bytes(view[at + 4 : at + 8])
        if not kind.isalpha():
            return
        if kind in CRITICAL and end <= len(data) and zlib.crc32(view[at + 4 : end - 4]) != _number(view[end - 4 : end]):
            raise ValueError(f"a wrong checksum of {kind.decode()}")
        at = end


def _number(data: memoryview) -> int:
    return int.from_bytes(data, "big")
