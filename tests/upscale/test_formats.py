"""The files as programs read them that had no part in writing them: PDFium, OpenCV, LittleCMS and Pillow."""

import io

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

from stages.upscale import formats
from stages.upscale.printing import Layout

LAYOUT = Layout((60.0, 40.0), 3.0, 101.6, (240, 160), 12)  # 4 pixels a millimeter
TITLE = "The Egg, Übermalt"


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 255, (8, 12, 3), dtype=np.uint8)
    size = (240 + 2 * 12, 160 + 2 * 12)  # with the bleed
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))


def document(pixels: np.ndarray, crop_marks: bool) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(formats.pdf(formats.png(pixels, LAYOUT), LAYOUT, crop_marks, TITLE))


def render(page: pypdfium2.PdfPage, per_mm: float) -> Image.Image:
    """The page as PDFium shows it; it rounds pixels up, and the sizes in points have four decimals."""
    # Declared int, but PDFium takes any number.
    return page.render(scale=per_mm * 25.4 / 72 * (1 - 1e-5)).to_pil()  # pyright: ignore[reportArgumentType]


def boxes(page: pypdfium2.PdfPage) -> list[list[float]]:
    """Media, bleed and trim in millimeters."""
    found = []
    for box in (page.get_mediabox(), page.get_bleedbox(), page.get_trimbox()):
        assert box is not None
        found.append([edge / 72 * 25.4 for edge in box])
    return found


def only_image(page: pypdfium2.PdfPage) -> np.ndarray:
    """The pixels [H, W, 3] of a page's one object."""
    (image,) = page.get_objects()
    assert isinstance(image, pypdfium2.PdfImage)
    return np.asarray(image.get_bitmap().to_pil().convert("RGB"))


@pytest.mark.parametrize("crop_marks, around", [(False, 3), (True, 9)])
def test_the_page_s_boxes(pixels, crop_marks, around):
    (page,) = document(pixels, crop_marks)
    media, bleed, trim = boxes(page)
    assert media == pytest.approx([0, 0, 60 + 2 * around, 40 + 2 * around], abs=1e-3)
    assert trim == pytest.approx([around, around, around + 60, around + 40], abs=1e-3)
    assert bleed == pytest.approx([around - 3, around - 3, around + 63, around + 43], abs=1e-3)


def test_the_page_shows_every_pixel_in_its_place(pixels):
    (page,) = document(pixels, crop_marks=False)
    shown = np.asarray(render(page, 4).convert("RGB"), int)
    assert shown.shape == pixels.shape and np.abs(shown - pixels).mean() < 1
    assert np.array_equal(only_image(page), pixels), "lossless"


def test_crop_marks_are_black_lines_on_the_cuts_outside_the_bleed(pixels):
    (page,) = document(np.full_like(pixels, 255), crop_marks=True)
    assert len(list(page.get_objects())) == 1 + 8
    per_mm = 20
    dark = np.asarray(render(page, per_mm).convert("L")) < 128
    assert dark.shape == (58 * per_mm, 78 * per_mm)
    bleed = slice(6 * per_mm - 1, -6 * per_mm + 1)
    assert not dark[bleed, bleed].any(), "nothing is drawn onto the picture"
    rows, columns = np.flatnonzero(dark[:, :5].any(1)) / per_mm, np.flatnonzero(dark[:5].any(0)) / per_mm
    for places, cuts in ((rows, (9, 49)), (columns, (9, 69))):
        assert {min(cuts, key=lambda cut: abs(cut - place)) for place in places} == set(cuts)
        assert all(min(abs(cut - place) for cut in cuts) < 0.15 for place in places)
    left = dark[:, 9 * per_mm - 3 : 9 * per_mm + 3].any(1)
    assert left.sum() == pytest.approx(2 * 5 * per_mm, abs=3), "two marks of 5 mm"


@pytest.mark.parametrize("kind", ["png", "tiff", "pdf"])
def test_the_same_bytes_each_time_and_no_clock(pixels, kind):
    first, second = (written(kind, pixels) for _ in range(2))
    assert first == second
    for word in (b"CreationDate", b"ModDate", b"DateTime"):
        assert word not in first
    assert written(kind, 255 - pixels) != first


def written(kind: str, pixels: np.ndarray) -> bytes:
    if kind == "pdf":
        return formats.pdf(formats.png(pixels, LAYOUT), LAYOUT, True, TITLE)
    return {"png": formats.png, "tiff": formats.tiff}[kind](pixels, LAYOUT)


def test_the_profile_is_srgb_and_has_no_clock_in_it(pixels):
    profile = formats.srgb_profile()
    assert profile == formats.srgb_profile()
    assert profile[24:36] == bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) and profile[84:100] == bytes(16)
    picture = Image.fromarray(pixels)
    ours, theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    changed = np.asarray(ImageCms.profileToProfile(picture, ours, theirs), int) - np.asarray(picture, int)
    assert "sRGB" in ImageCms.getProfileDescription(ours) and np.abs(changed).max() <= 1


def test_every_file_has_the_profile(pixels):
    for kind in ("png", "tiff"):
        with Image.open(io.BytesIO(written(kind, pixels))) as picture:
            assert picture.info["icc_profile"] == formats.srgb_profile(), kind
    with pikepdf.open(io.BytesIO(written("pdf", pixels))) as found:
        space, profile = found.pages[0].Resources.XObject.Print.ColorSpace
        assert space == "/ICCBased" and profile.N == 3 and profile.read_bytes() == formats.srgb_profile()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_has_its_depth_resolution_and_every_pixel(pixels, kind):
    deep = pixels.astype(kind) * (np.iinfo(kind).max // 255) - (pixels > 0).astype(kind)
    data = formats.tiff(deep, LAYOUT)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None and read.dtype == kind and np.array_equal(read[..., ::-1], deep)
    with Image.open(io.BytesIO(data)) as picture:
        assert isinstance(picture, TiffImageFile)
        assert picture.tag_v2[258] == (np.iinfo(kind).bits,) * 3
        assert picture.info["dpi"] == pytest.approx((101.6, 101.6))
    assert len(data) < deep.nbytes


def test_a_png_in_many_chunks_goes_into_a_pdf_whole():
    # Longer than one chunk of Pillow's.
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    layout = Layout((40.0, 30.0), 0.0, 254.0, (400, 300), 0)
    png = formats.png(noise, layout)
    assert png.count(b"IDAT") > 1
    page = pypdfium2.PdfDocument(formats.pdf(png, layout, False, TITLE))[0]
    assert np.array_equal(only_image(page), noise)


def test_the_title_is_in_the_pdf(pixels):
    assert document(pixels, False).get_metadata_dict()["Title"] == TITLE
