"""What `python -m stages.readme` writes: lines between markers, nothing of the user's text twice, details of prints."""

import numpy as np
import pytest
from PIL import Image

from stages.common.cli import UserError
from stages.readme import pictures, text

START, END = "<!-- numbers -->\n", "<!-- /numbers -->\n"


def test_the_lines_between_the_markers_are_replaced_and_nothing_else():
    assert text.between(f"a\n{START}old\n{END}b\n", "numbers", "new", "R") == f"a\n{START}new\n{END}b\n"
    before = f"about {END}mine\n{START}"
    assert text.between(f"{before}old\n{END}b\n", "numbers", "new", "R") == f"{before}new\n{END}b\n"


@pytest.mark.parametrize("lines", ["mine\n", f"{START}mine\n", f"{END}mine\n", f"a\n{END}mine\n{START}old\n"])
def test_a_text_without_the_markers_in_their_order_is_told_and_left(lines):
    with pytest.raises(UserError, match="R has no lines <!-- numbers --> and, below it, <!-- /numbers -->"):
        text.between(lines, "numbers", "new", "R")


@pytest.mark.parametrize(
    ("size", "place"),
    [((2048, 1536), (614, 384, 1474, 814)), ((1024, 768), (164, 192, 1024, 622)), ((400, 300), (0, 0, 400, 300))],
)
def test_the_detail_of_a_print_is_within_it(size, place):
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    large = Image.fromarray(np.stack([columns % 256, rows % 256, columns // 256 * 16 + rows // 256], 2).astype("uint8"))
    assert np.array_equal(np.asarray(pictures.detail(large)), np.asarray(large.crop(place)))
