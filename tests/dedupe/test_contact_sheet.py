"""The sheet of duplicates is as wide as what it shows, and no wider than a page, however large a group is."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stages.common import images
from stages.dedupe import contact_sheet as module
from stages.dedupe.contact_sheet import CELL, COLUMNS, LABEL, SHOWN, contact_sheet


def files(folder: Path, count: int) -> Any:
    """Rows of so many files, each with a level of red of its own."""
    for number in range(count):
        images.save_png(folder / f"{number}.png", Image.new("RGB", (40, 30), (8 * number, 0, 0)))
    return [{"file": f"{number}.png"} for number in range(count)]


@pytest.mark.parametrize("size, shown", [(2, 2), (6, 6), (31, SHOWN)])
def test_a_large_group_shows_its_first_files(tmp_path, size, shown):
    page = contact_sheet([list(range(size))], files(tmp_path, size), tmp_path)
    assert page.width == shown * COLUMNS * (CELL[0] + 6) + 6 < 2400 and page.height < 200


def test_no_group_gives_one_empty_cell(tmp_path):
    assert contact_sheet([[0]], [], tmp_path).width < 200


def test_the_largest_group_comes_first_and_each_file_in_its_cell(tmp_path):
    page = contact_sheet([[0, 1], [4, 2, 3], [5]], files(tmp_path, 6), tmp_path)
    across, down = CELL[0] + 6, 6 + CELL[1] // 2
    colors = [page.getpixel((6 + CELL[0] // 2 + number * across, down)) for number in range(6)]
    assert colors == [*((8 * number, 0, 0) for number in (4, 2, 3, 0, 1)), images.PAPER]
    assert page.size == (6 + 6 * across, 6 + CELL[1] + LABEL + 6), "a file that is alone is not shown"


def test_each_picture_has_its_name_and_the_last_one_tells_how_many_more_there_are(tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr(
        module, "_labeled", lambda path, label: found.append((path.name, label)) or Image.new("L", CELL)
    )
    contact_sheet([[8, *range(8)], [9, 10]], files(tmp_path, 11), tmp_path)
    assert found[:2] == [("8.png", "8.png"), ("0.png", "0.png")] and len(found) == SHOWN + 2
    assert found[SHOWN - 1 :] == [("4.png", "4.png and 3 more"), ("9.png", "9.png"), ("10.png", "10.png")]
