"""Geometry of a print in closed forms: millimeters, crop, border, mirrored bleed, and what is warned of."""

import numpy as np
import pytest
import torch

from stages.common.cli import UserError
from stages.upscale import printing
from stages.upscale.printing import Layout, Page, lay_out, sheet, warning


def numbered(width: int, height: int) -> np.ndarray:
    """Every pixel another number: uint16 [H, W, 3]."""
    return np.arange(width * height * 3, dtype=np.uint16).reshape(height, width, 3)


def on_paper(picture: np.ndarray, layout: Layout, lines: int) -> np.ndarray:
    """A page to which the picture comes in so many lines at a time."""
    bits = 8 * picture.itemsize
    levels = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None] / ((2**bits - 1) / 2) - 1
    page = Page((picture.shape[1], picture.shape[0]), layout, bits)
    for band in levels.split(lines, 2):
        page.lay(band)
    return page.finish()


def test_papers_in_millimeters():
    assert sheet("A4") == (210, 297) and sheet("300x400mm") == (300, 400)
    assert sheet("12x16.5in") == pytest.approx((304.8, 419.1))
    for smaller, larger in zip(list(printing.A_SERIES.values()), list(printing.A_SERIES.values())[1:], strict=False):
        assert larger[0] == smaller[1] and larger[1] // 2 == smaller[0], "two of one sheet are the next one"


def test_millimeters_and_inches():
    assert printing.millimeters(300, 300) == pytest.approx(25.4) and printing.inches(25.4) == 1


def test_without_paper_the_picture_is_its_own_paper_at_dpi():
    found = lay_out((600, 300), "none", "fill", 3.0, 300)
    assert found.trim_mm == pytest.approx((50.8, 25.4))
    assert found == Layout(found.trim_mm, 0.0, 300.0, (600, 300), 0)


@pytest.mark.parametrize("placement, dpi, trim", [("fill", 100.0, (400, 200)), ("fit", 150.0, (600, 300))])
def test_fill_keeps_one_side_whole_and_fit_both(placement, dpi, trim):
    """400 x 300 pixels on 4 x 2 inches."""
    found = lay_out((400, 300), "2x4in", placement, 2.54, 300)
    assert found.trim_mm == pytest.approx((101.6, 50.8)) and found.dpi == pytest.approx(dpi) and found.trim == trim
    assert found.bleed == round(dpi / 10)


def test_paper_lies_or_stands_as_the_picture_does():
    for paper in ("A4", "297x210mm"):
        assert lay_out((400, 300), paper, "fill", 3.0, 300).trim_mm == (297, 210)
    for size in ((300, 400), (300, 300)):
        assert lay_out(size, "A4", "fill", 3.0, 300).trim_mm == (210, 297)


def test_a_picture_with_the_paper_s_shape_loses_nothing_for_any_size():
    for pixels in range(40, 4000, 37):
        found = lay_out((2 * pixels, pixels), "100x200mm", "fill", 3.0, 300)
        assert found.trim == (2 * pixels, pixels) == lay_out((2 * pixels, pixels), "100x200mm", "fit", 3.0, 300).trim
        assert found.bleed == round(3 * pixels / 100)


@pytest.mark.parametrize("lines", [1, 3, 100])
def test_the_middle_is_kept_and_the_bleed_is_its_mirror_image(lines):
    picture = numbered(10, 7)
    page = on_paper(picture, Layout((1, 1), 1, 1, (6, 7), 2), lines)
    inside = picture[:, 2:8]
    assert page.shape == (11, 10, 3) and np.array_equal(page[2:-2, 2:-2], inside)
    assert np.array_equal(page[2:-2, :2], inside[:, 1::-1]) and np.array_equal(page[2:-2, -2:], inside[:, :-3:-1])
    assert np.array_equal(page[:2], page[3:1:-1]) and np.array_equal(page[-2:], page[-3:-5:-1])
    assert np.array_equal(on_paper(picture, Layout((1, 1), 0, 1, (10, 7), 0), lines), picture)
    assert np.array_equal(on_paper(picture, Layout((1, 1), 0, 1, (10, 4), 0), lines), picture[1:5])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("lines", [1, 3, 100])
def test_a_whole_picture_lies_in_the_middle_of_white(kind, lines):
    picture = np.zeros((4, 6, 3), kind)
    page = on_paper(picture, Layout((1, 1), 1, 1, (6, 9), 1), lines)
    assert page.shape == (11, 8, 3) and page.dtype == kind
    black = np.flatnonzero((page == 0).all((1, 2)))
    assert black.tolist() == [3, 4, 5, 6] and (np.delete(page, black, 0) == np.iinfo(kind).max).all(), (
        "2 rows above, 3 below, and the bleed"
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_levels_are_rounded_to_the_nearest_of_each_depth_in_every_band(bits):
    top = 2**bits - 1
    values = torch.linspace(-1, 1, 700 * 5 * 3, dtype=torch.float64).view(1, 3, 700, 5)
    found = printing.quantized(values.float(), bits)
    assert found.dtype == f"uint{bits}" and found.shape == (700, 5, 3) and (found.min(), found.max()) == (0, top)
    exact = ((values + 1) / 2 * top)[0].permute(1, 2, 0).numpy()
    assert np.abs(found - exact).max() < 0.51
    levels = torch.arange(2**bits).view(1, 1, -1, 1).expand(1, 3, -1, -1) / top * 2 - 1
    assert np.array_equal(printing.quantized(levels, bits)[:, 0, 0], np.arange(2**bits))


def test_low_resolution_is_warned_of_with_what_helps_and_that_helps():
    size = (2048, 1536)
    found = lay_out(size, "A3", "fill", 3.0, 300)
    text = warning(found, size, 4, "A3", "fill")
    assert (
        text is not None
        and "A3 gets 124 pixels per inch" in text
        and "upscale.paper=A5 or stylize.pixels=827 for 200" in text
    )
    assert warning(lay_out(size, "A5", "fill", 3.0, 300), size, 4, "A5", "fill") is None
    larger = (827 * 4, 620 * 4)
    assert warning(lay_out(larger, "A3", "fill", 3.0, 300), larger, 4, "A3", "fill") is None
    smaller = (826 * 4, 620 * 4)
    assert warning(lay_out(smaller, "A3", "fill", 3.0, 300), smaller, 4, "A3", "fill")


def test_paper_beyond_sense_is_refused_with_a_size_that_fits():
    size = (256, 192)
    with pytest.raises(
        UserError,
        match=r"upscale\.paper A0 gets 5 pixels per inch.*upscale\.paper=32x24mm or stylize\.pixels=2341 for 200; "
        "below 30 nothing",
    ):
        warning(lay_out(size, "A0", "fill", 3.0, 300), size, 4, "A0", "fill")
    assert lay_out(size, "32x24mm", "fill", 3.0, 300).dpi >= 200
    wide = (256, 64)
    with pytest.raises(UserError, match=r"set upscale\.paper=32x8mm for 200"):
        warning(lay_out(wide, "A0", "fill", 3.0, 300), wide, 4, "A0", "fill")


def test_without_paper_the_dpi_itself_is_warned_of():
    text = warning(lay_out((400, 300), "none", "fill", 3.0, 100), (400, 300), 4, "none", "fill")
    assert text is not None and "upscale.dpi is 100" in text
    assert warning(lay_out((400, 300), "none", "fill", 3.0, 200), (400, 300), 4, "none", "fill") is None


def test_a_bleed_as_wide_as_the_print_is_refused():
    assert lay_out((400, 300), "30x40mm", "fill", 29.9, 300).bleed_mm == 29.9
    with pytest.raises(UserError, match=r"upscale\.bleed_mm is 30, but the print on 30x40mm is only 30 mm wide"):
        lay_out((400, 300), "30x40mm", "fill", 30.0, 300)
