"""What a print shop asks of a file: its size in millimetres, and a colour profile that says sRGB."""

import struct

from PIL import ImageCms

MILLIMETRES_PER_INCH = 25.4
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


def millimetres(pixels: int, dpi: int) -> float:
    """The printed length of `pixels`, to a tenth of a millimetre."""
    return round(pixels / dpi * MILLIMETRES_PER_INCH, 1)


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, the same bytes each time: LittleCMS writes the time of day into its header, we a fixed date."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = _DATE  # ICC.1:2022, table 17: date and time of creation
    data[84:100] = bytes(16)  # the same table: the profile's ID, a checksum; zero says "not computed"
    return bytes(data)
