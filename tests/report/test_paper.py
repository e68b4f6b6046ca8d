"""The print's size to scale."""

import pytest

from stages.report.paper import beside_a4


def test_the_print_is_drawn_to_scale_beside_a4_turned_as_it_is():
    small, tall, huge = beside_a4(173.4, 130.0), beside_a4(100.0, 150.0), beside_a4(1000.0, 800.0)
    assert (small.width, small.height, small.sheet, small.picture) == (297.0, 210.0, (297.0, 210.0), (173.4, 130.0))
    assert tall.sheet == (210.0, 297.0)
    assert (huge.width, huge.height) == (1000.0, 800.0) and huge.letters == pytest.approx(50)
