"""The numbers as people read them."""

import pytest

from stages.metrics import table as numbers

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
    found = {
        "kid": 0.2,
        "kid_low": 0.1,
        "kid_high": 0.3,
        "kid_floor": 0.01,
        "fid": 10.0,
        "fid_low": 9.0,
        "recall": None,
    }
    assert numbers.cell(found, "kid") == numbers.Cell("0.200", "0.100 to 0.300", "0.010")
    assert numbers.cell(found, "fid") == numbers.Cell("10", "", "")
    assert numbers.cell(found, "recall") == numbers.Cell("", "", "")


def test_the_table_has_a_row_for_what_was_measured_and_no_other():
    table = numbers.rows({"kid": 0.2, "copied": 0.0, "recall": None, "efficientnet": {"recall": 0.3}, "n_real": 144})
    shown = [(row.name, row.inception.value, row.efficientnet.value) for row in table]
    assert shown == [("KID", "0.200", ""), ("Recall", "", "0.30"), ("Copied", "0.0\u202f%", "")]
    assert {row.better for row in table} == {"lower", "higher"}
    assert numbers.rows({}) == []
