"""The print's size to scale."""

import pytest

from stages.report import paper


def drawing(width_mm: float, height_mm: float) -> paper.Drawing:
    found = paper.beside_a4(width_mm, height_mm)
    assert found is not None
    return found


def test_the_print_is_drawn_to_scale_beside_a4_turned_as_it_is():
    small, tall, huge = drawing(173.4, 130.0), drawing(100.0, 150.0), drawing(1000.0, 800.0)
    assert (small.width, small.height, small.sheet, small.picture) == (297.0, 210.0, (297.0, 210.0), (173.4, 130.0))
    assert tall.sheet == (210.0, 297.0)
    assert (huge.width, huge.height) == (1000.0, 800.0) and huge.letters == pytest.approx(50)


def test_a_print_without_a_size_has_no_drawing():
    assert paper.beside_a4(0.0, 0.0) is None and paper.beside_a4(10.0, 0.0) is None
