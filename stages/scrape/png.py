"""Whether all pixels of a PNG are there: Pillow checks no sums of them, and may take zeros for the end of a picture."""

import zlib
from collections.abc import Iterator

from stages.common.decode import PNG_HEAD

PIECE = 2**20  # bytes that are unpacked at once


def check_pixels(data: bytes, most: int) -> None:
    """Raises ValueError where the chunks of the pixels have another CRC than they say, and their stream is damaged.

    (ISO/IEC 15948, 5.3 and 10.3.) A wrong CRC alone takes nothing from the pixels: the stream has a sum of its own. A
    chunk that is cut is Pillow's to judge: it may lack nothing but its CRC. `most`: bytes of the pixels, unpacked.
    """
    chunks = list(_pixels(memoryview(data)))
    if all(sound for _, sound in chunks):
        return
    stream, packed, left = zlib.decompressobj(), b"".join(chunk for chunk, _ in chunks), most
    try:
        while not stream.eof and left > 0 and (piece := stream.decompress(packed, PIECE)):
            packed, left = stream.unconsumed_tail, left - len(piece)
    except zlib.error as error:
        raise ValueError(f"its pixels are damaged: {error}") from error
    if not stream.eof:
        raise ValueError("its pixels have a wrong checksum, and no end")


def _pixels(view: memoryview) -> Iterator[tuple[memoryview, bool]]:
    """The whole chunks of pixels, each with whether its CRC is right."""
    at, kind = len(PNG_HEAD), b""
    while kind != b"IEND" and at + 12 <= len(view):
        end = at + 12 + _number(view[at : at + 4])
        kind = bytes(view[at + 4 : at + 8])
        if not kind.isalpha():
            return
        if kind == b"IDAT" and end <= len(view):
            yield view[at + 8 : end - 4], zlib.crc32(view[at + 4 : end - 4]) == _number(view[end - 4 : end])
        at = end


def _number(data: memoryview) -> int:
    return int.from_bytes(data, "big")
