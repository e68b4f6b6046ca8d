"""Pictures in and out."""

import numpy as np
import pytest
from PIL import Image

from stages.common import images
from stages.common.door import UserError


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
    with pytest.raises(UserError, match="bad.png cannot be read as a picture"):
        images.read(path)
    with pytest.raises(UserError, match="none.png is not there"):
        images.read(tmp_path / "none.png")


def test_read_gives_upright_rgb(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    gradient(30, 20).convert("L").save(tmp_path / "turned.jpg", exif=exif)
    picture = images.read(tmp_path / "turned.jpg")
    assert picture.mode == "RGB" and picture.size == (20, 30)


def test_square_takes_the_middle_or_where_it_is_told():
    picture = gradient(200, 100)
    assert np.array_equal(images.square(picture, 100), picture.crop((50, 0, 150, 100)))
    assert np.array_equal(images.square(picture, 100, (0, 0)), picture.crop((0, 0, 100, 100)))
    assert np.array_equal(images.square(picture, 100, (1, 1)), picture.crop((100, 0, 200, 100)))
    assert images.square(picture, 32).size == (32, 32)


def test_arrays_and_back():
    pictures = [gradient(8, 4), gradient(8, 4).transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    array = images.to_array(pictures)
    assert array.shape == (2, 3, 4, 8) and array.dtype == np.uint8
    assert all(np.array_equal(a, b) for a, b in zip(pictures, images.from_array(array), strict=True))


def test_sheet_places_row_by_row():
    red, blue = Image.new("RGB", (10, 10), "red"), Image.new("RGB", (20, 10), "blue")
    page = images.sheet([red, blue, red], 2, (20, 20), gap=4)
    assert page.size == (2 * 24 + 4, 2 * 24 + 4)
    assert page.getpixel((14, 14)) == (255, 0, 0) and page.getpixel((38, 14)) == (0, 0, 255) and page.getpixel((14, 38)) == (255, 0, 0)
    assert page.getpixel((38, 38)) == images.PAPER
