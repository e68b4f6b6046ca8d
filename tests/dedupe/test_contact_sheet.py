"""The sheet of duplicates is as wide as what it shows, and no wider than a page, however large a group is."""

from typing import Any

import pytest
from PIL import Image

from stages.common import images
from stages.dedupe.contact_sheet import CELL, COLUMNS, SHOWN, contact_sheet


@pytest.mark.parametrize("size, shown", [(2, 2), (6, 6), (31, SHOWN)])
def test_a_large_group_shows_its_first_files(tmp_path, size, shown):
    rows: Any = [{"file": f"{number}.png"} for number in range(size)]
    for number in range(size):
        images.save_png(tmp_path / f"{number}.png", Image.new("RGB", (40, 30), (8 * number, 0, 0)))
    page = contact_sheet([list(range(size))], rows, tmp_path)
    assert page.width == shown * COLUMNS * (CELL[0] + 6) + 6 < 2400 and page.height < 200


def test_no_group_gives_one_empty_cell(tmp_path):
    assert contact_sheet([[0]], [], tmp_path).width < 200
