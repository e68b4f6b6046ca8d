"""Colors of decoded pictures as sRGB: color profiles, depths of more than 8 bits, transparency, PNG's gamma."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

from stages.common import decode

SRGB_GAMMA = (0.45, 0.46)  # of a PNG: 1/2.2 = sRGB, for all who show it (PNG, third edition, 11.3.2.4)
ROWS = 256  # of a picture that are computed with at once
NEAR = 2  # levels of 255 by which a profile may differ from sRGB to be taken for it
ORIENTATION = 274
BITS_PER_SAMPLE, PHOTOMETRIC, MAX_SAMPLE_VALUE, PLANAR_CONFIGURATION, SAMPLE_FORMAT = 258, 262, 281, 284, 339  # TIFF


class NoColors(ValueError):
    """Pixels whose colors are not known."""


def is_srgb(profile: bytes | None) -> bool:
    """Whether numbers under an embedded profile are sRGB as they stand; a broken profile says nothing else."""
    return not profile or _srgb_like(profile)


def to_srgb(picture: Image.Image, turn: Image.Transpose | None = None) -> Image.Image:
    """An opened picture as 8-bit sRGB, turned, its transparency over white.

    It is "RGB", or "L" where gray needed no conversion. A profile that is broken or made for other channels is left
    aside, as browsers do. Raises NoColors for what cannot be converted (floating point, Lab), and OSError for a file
    that is cut.
    """
    if picture.mode in ("F", "LAB"):
        raise NoColors(f"pictures of mode {picture.mode} have no known colors")
    profile, gamma = picture.info.get("icc_profile"), _gamma(picture.info)
    colors, alpha = _eight_bits(picture)
    if gamma:
        colors = _from_gamma(colors, gamma)
    colors = _from_profile(colors, profile)
    if alpha:
        colors = Image.composite(colors, Image.new(colors.mode, colors.size, "white"), alpha)
    return colors.transpose(turn) if turn is not None else colors


def _eight_bits(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colors with 8 bits a channel, and the transparency where there is any."""
    if picture.mode.startswith("I"):
        return _gray(picture)
    if is_deep_tiff(picture):
        picture = _deep_tiff(picture)
    picture.load()
    key = picture.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # of 16 bits, while Pillow keeps the upper 8 of each color
        picture.info["transparency"] = tuple(value >> 8 for value in key)
    if picture.has_transparency_data:
        whole = picture.convert("RGBA")
        return whole.convert("RGB"), whole.getchannel("A")
    return (picture.convert("RGB") if picture.mode in ("P", "1") else picture.copy()), None


def _gray(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Gray of 16 or 32 bits: white is the largest number that the file says or its bits can hold."""
    tags = getattr(picture, "tag_v2", {})
    bits, is_signed = _first(tags, BITS_PER_SAMPLE, 16), _first(tags, SAMPLE_FORMAT, 1) == 2
    white, is_inverted = _white(tags, bits - is_signed), _first(tags, PHOTOMETRIC, 1) == 0
    values = np.asarray(picture)
    if values.dtype.kind == "u":
        levels = _table(white, is_inverted)[values]
    else:  # Pillow reads 32 bits as signed
        levels = np.empty(values.shape, np.uint8)
        for top in range(0, len(values), ROWS):
            rows = values[top : top + ROWS].astype(np.int64)
            if bits == 32 and not is_signed:
                rows &= 0xFFFFFFFF
            levels[top : top + ROWS] = _levels(1 - rows / white if is_inverted else rows / white)
    key = picture.info.get("transparency")
    alpha = Image.fromarray((values != key) * np.uint8(255)) if isinstance(key, int) else None
    return Image.fromarray(levels), alpha


def is_deep_tiff(picture: Image.Image) -> bool:
    """Whether a TIFF holds colors of 16 bits in a way that Pillow reads wrong."""
    tags: Any = getattr(picture, "tag_v2", None)
    if tags is None or picture.mode not in ("RGB", "RGBA", "CMYK") or _first(tags, BITS_PER_SAMPLE, 8) != 16:
        return False
    return _first(tags, PLANAR_CONFIGURATION, 1) == 2 or _white(tags, 16) != 65535


def _deep_tiff(picture: Image.Image) -> Image.Image:
    """Colors of 16 bits from a TIFF as 8 bits; raises NoColors for a compression that cannot be read."""
    import tifffile  # a tenth of a second, for a rare kind of file

    tags: Any = getattr(picture, "tag_v2", {})
    file: Any = getattr(picture, "fp", None)
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as opened:
            page: Any = opened.pages[picture.tell()]
            values = page.asarray()
    except ValueError as error:  # its decoders of other kinds are a package of their own
        raise NoColors("16 bits a color in separate planes, or with a white of their own, and compressed") from error
    if _first(tags, PLANAR_CONFIGURATION, 1) == 2:
        values = values.transpose(1, 2, 0)
    channels = np.ascontiguousarray(_table(_white(tags, 16))[values[..., : len(picture.mode)]])
    found = Image.frombytes(picture.mode, channels.shape[1::-1], channels.tobytes())
    turn = decode.TURNS.get(tags.get(ORIENTATION, 1))  # elsewhere Pillow turns a TIFF while it decodes it
    return found.transpose(turn) if turn is not None else found


def _white(tags: Any, bits: int) -> int:
    """The number that is white: what the file says if it can be, else the largest of so many bits."""
    largest, said = 2**bits - 1, _first(tags, MAX_SAMPLE_VALUE, 0)
    return said if isinstance(said, int) and 255 < said < largest else largest


def _first(tags: Any, number: int, default: int) -> int:
    """The first value of a tag of a TIFF."""
    value = tags.get(number, default)
    first: Any = value[0] if isinstance(value, tuple) and value else value
    return first


def _table(white: int, is_inverted: bool = False) -> np.ndarray:
    """For each number of 16 bits its level of 8: a picture of them takes a byte each, and no more meanwhile."""
    light = np.arange(65536) / white
    return _levels(1 - light if is_inverted else light)


def _levels(light: np.ndarray) -> np.ndarray:
    return np.clip(np.round(255 * light), 0, 255).astype(np.uint8)


def _gamma(info: dict[Any, Any]) -> float:
    """A PNG's gamma where it counts: there is no profile, no word that it is sRGB, and it is another one; else 0."""
    gamma = info.get("gamma", 0.0)
    if info.get("icc_profile") or "srgb" in info or not 0.05 < gamma < 20:
        return 0.0
    return 0.0 if SRGB_GAMMA[0] <= gamma <= SRGB_GAMMA[1] else gamma


def _from_gamma(picture: Image.Image, gamma: float) -> Image.Image:
    """Numbers that are light to the power of `gamma` as sRGB (IEC 61966-2-1)."""
    light = (np.arange(256) / 255) ** (1 / gamma)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return picture.point(_levels(encoded).tolist() * len(picture.getbands()))


def _from_profile(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colors from their profile; a picture without one (or with sRGB) holds sRGB already."""
    if profile and not _srgb_like(profile):
        try:
            source: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "GRAY" and _is_gray(picture):
                picture = picture.convert("L")
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            assert converted is not None  # as it is for inPlace
            return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # the pixels are all that can be trusted
    return picture if picture.mode == "L" else picture.convert("RGB")


def _is_gray(picture: Image.Image) -> bool:
    """Whether the three channels of a picture are one."""
    if picture.mode != "RGB":
        return False
    red, green, blue = picture.split()
    return not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(red, blue).getbbox())


@lru_cache(maxsize=64)
def _srgb_like(profile: bytes) -> bool:
    """Whether a profile that calls itself sRGB is: files in linear light do so too."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if not ImageCms.getProfileDescription(source).startswith("sRGB"):
            return False
        steps = np.linspace(0, 255, 6).astype(np.uint8)
        probe = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(6, 36, 3)
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(Image.fromarray(probe), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return False
    return int(np.abs(np.asarray(converted).astype(int) - probe).max()) <= NEAR
