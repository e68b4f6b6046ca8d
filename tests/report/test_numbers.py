"""The numbers as people read them, and the print's size to scale."""

import pytest

from stages.report import numbers, paper

TEXTS = [
    (0.153145, ".3f", "0.153"),
    (-0.0009, ".3f", "−0.001"),
    (-0.0001, ".3f", "0.000"),
    (234.77, ".1f", "234.8"),
    (0.0125, ".1%", "1.2\u202f%"),
    (0.0, ".1%", "0.0\u202f%"),
    (None, ".3f", ""),
]


@pytest.mark.parametrize("value, form, expected", TEXTS)
def test_numbers_are_rounded_with_a_real_minus_and_none_before_zero(value, form, expected):
    assert numbers.text(value, form) == expected


def test_a_cell_has_an_interval_only_with_both_ends():
    found = {"kid": 0.2, "kid_low": 0.1, "kid_high": 0.3, "kid_floor": 0.01, "fid": 10.0, "fid_low": 9.0, "recall": None}
    assert numbers.cell(found, "kid", ".2f") == numbers.Cell("0.20", "0.10 to 0.30", "0.01")
    assert numbers.cell(found, "fid", ".0f") == numbers.Cell("10", "", "")
    assert numbers.cell(found, "recall", ".2f") == numbers.Cell("", "", "")


def test_the_table_has_a_row_for_what_was_measured_and_no_other():
    table = numbers.rows({"kid": 0.2, "copied": 0.0, "recall": None, "efficientnet": {"recall": 0.3}, "n_real": 144})
    shown = [(row.name, row.inception.value, row.efficientnet.value) for row in table]
    assert shown == [("KID", "0.200", ""), ("Recall", "", "0.300"), ("Copied", "0.0\u202f%", "")]
    assert {row.better for row in table} == {"lower", "higher"}
    assert numbers.rows({}) == []


def test_the_print_is_drawn_to_scale_beside_a4_turned_as_it_is():
    small, tall, huge = paper.beside_a4(173.4, 130.0), paper.beside_a4(100.0, 150.0), paper.beside_a4(1000.0, 800.0)
    assert (small.width, small.height, small.sheet, small.picture) == (297.0, 210.0, (297.0, 210.0), (173.4, 130.0))
    assert tall.sheet == (210.0, 297.0)
    assert (huge.width, huge.height) == (1000.0, 800.0) and huge.letters == pytest.approx(50)
    assert paper.beside_a4(0.0, 0.0) is None and paper.beside_a4(10.0, 0.0) is None
