"""Pictures in and out."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from stages.common import images
from stages.common.cli import UserError


def same(first: Image.Image, second: Image.Image) -> bool:
    """Pixel for pixel."""
    return np.array_equal(np.asarray(first), np.asarray(second))


def gradient(width: int, height: int) -> Image.Image:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8))


def test_listing_is_sorted_and_holds_pictures_only(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt", "10.png", "9.png"):
        (tmp_path / name).touch()
    assert [path.name for path in images.listing(tmp_path)] == ["10.png", "9.png", "a.JPG", "b.png"]


@pytest.mark.parametrize("content", [b"", b"no picture", "truncated"])
def test_a_corrupt_picture_is_a_user_error_with_its_name(tmp_path, content):
    path = tmp_path / "bad.png"
    images.save_png(path, gradient(64, 64))
    path.write_bytes(path.read_bytes()[:-100] if content == "truncated" else content)
    with pytest.raises(UserError, match=r"bad.png cannot be read as a picture"):
        images.read(path)
    with pytest.raises(UserError, match=r"none.png is not there"):
        images.read(tmp_path / "none.png")


def test_read_gives_upright_rgb(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    gradient(30, 20).convert("L").save(tmp_path / "turned.jpg", exif=exif)
    picture = images.read(tmp_path / "turned.jpg")
    assert picture.mode == "RGB" and picture.size == (20, 30)


def test_gray_is_read_as_it_is(tmp_path):
    gradient(30, 20).convert("L").save(tmp_path / "gray.jpg")
    stored = Image.open(tmp_path / "gray.jpg")
    gray, colors = images.read(tmp_path / "gray.jpg", "L"), images.read(tmp_path / "gray.jpg")
    assert gray.mode == "L" and same(gray, stored)
    assert colors.mode == "RGB" and same(colors, stored.convert("RGB"))


@pytest.mark.parametrize("turn", range(1, 9))
def test_read_turns_as_exif_says(tmp_path, turn):
    """The upright picture has red at its top left; each way of turning is undone."""
    undone = [None, 0, 3, 1, 5, 2, 6, 4][turn - 1]  # Pillow's transpositions that lead from upright to stored
    upright = Image.new("RGB", (60, 40), "blue")
    upright.paste("red", (0, 0, 30, 20))
    stored = upright if undone is None else upright.transpose(Image.Transpose(undone))
    exif = Image.Exif()
    exif[0x0112] = turn
    stored.save(tmp_path / "turned.png", exif=exif)
    assert same(images.read(tmp_path / "turned.png"), upright)


def test_read_converts_the_color_profile(tmp_path):
    Image.new("RGB", (8, 8), (200, 50, 50)).save(
        tmp_path / "swapped.jpg", icc_profile=swapped_profile(), quality=100, subsampling=0
    )
    Image.new("RGB", (8, 8), (200, 50, 50)).save(
        tmp_path / "broken.jpg", icc_profile=b"no profile at all", quality=100, subsampling=0
    )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8), (200, 50, 50)).save(tmp_path / "srgb.jpg", icc_profile=srgb, quality=100, subsampling=0)
    plain = np.asarray(images.read(tmp_path / "broken.jpg"), int)[4, 4]
    assert abs(plain - (200, 50, 50)).max() <= 2 and same(np.asarray(images.read(tmp_path / "srgb.jpg"))[4, 4], plain)
    assert abs(np.asarray(images.read(tmp_path / "swapped.jpg"), int)[4, 4] - (50, 200, 50)).max() <= 2


def swapped_profile() -> bytes:
    """sRGB with the red and the green primary swapped: a profile that cannot be overlooked."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    name = data.find("sRGB".encode("utf-16-be"))
    data[name : name + 8] = "Swap".encode("utf-16-be")
    return bytes(data)


def test_read_puts_transparency_over_white(tmp_path):
    half = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    half.paste((200, 0, 0, 255), (0, 0, 2, 4))
    half.save(tmp_path / "rgba.png")
    Image.merge("LA", [half.getchannel("R"), half.getchannel("A")]).save(tmp_path / "la.png")
    palette = half.convert("RGB").quantize(2)
    palette.save(tmp_path / "palette.png", transparency=palette.getpixel((3, 0)))
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "key.png", transparency=(1, 2, 3))
    assert [images.read(tmp_path / "rgba.png").getpixel((x, 0)) for x in (0, 3)] == [(200, 0, 0), (255, 255, 255)]
    assert [images.read(tmp_path / "la.png").getpixel((x, 0)) for x in (0, 3)] == [(200, 200, 200), (255, 255, 255)]
    assert images.read(tmp_path / "palette.png").getpixel((3, 0)) == (255, 255, 255)
    assert images.read(tmp_path / "key.png").getpixel((0, 0)) == (255, 255, 255)


def test_read_takes_sixteen_bits_and_four_inks(tmp_path):
    ramp = np.linspace(0, 65535, 16).astype(np.uint16).reshape(4, 4)
    for name in ("gray.png", "gray.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        assert np.array_equal(np.asarray(images.read(tmp_path / name))[..., 0], np.round(ramp / 257))
    for name in ("inks.jpg", "inks.tif"):
        Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / name)
        assert abs(np.asarray(images.read(tmp_path / name), int)[4, 4] - (255, 0, 0)).max() <= 3


def test_read_refuses_what_has_no_known_colors(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "float.tif")
    Image.new("LAB", (4, 4)).save(tmp_path / "lab.tif")
    for name in ("float.tif", "lab.tif"):
        with pytest.raises(UserError, match="no known colors"):
            images.read(tmp_path / name)


def test_square_takes_the_middle_or_where_it_is_told():
    picture = gradient(200, 100)
    assert same(images.square(picture, 100), picture.crop((50, 0, 150, 100)))
    assert same(images.square(picture, 100, (0, 0)), picture.crop((0, 0, 100, 100)))
    assert same(images.square(picture, 100, (1, 1)), picture.crop((100, 0, 200, 100)))
    assert images.square(picture, 32).size == (32, 32)


def test_arrays_and_back():
    pictures = [gradient(8, 4), gradient(8, 4).transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    array = images.to_array(pictures)
    assert array.shape == (2, 3, 4, 8) and array.dtype == np.uint8
    assert all(same(a, b) for a, b in zip(pictures, images.from_array(array), strict=True))


def test_sheet_places_row_by_row():
    red, blue = Image.new("RGB", (10, 10), "red"), Image.new("RGB", (20, 10), "blue")
    page = images.sheet([red, blue, red], 2, (20, 20), gap=4)
    assert page.size == (2 * 24 + 4, 2 * 24 + 4)
    assert (
        page.getpixel((14, 14)) == (255, 0, 0)
        and page.getpixel((38, 14)) == (0, 0, 255)
        and page.getpixel((14, 38)) == (255, 0, 0)
    )
    assert page.getpixel((38, 38)) == images.PAPER
