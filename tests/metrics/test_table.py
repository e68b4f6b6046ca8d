"""The metrics' table: every row can be measured, and its numbers as people read them."""

import subprocess
import sys
from pkgutil import resolve_name

import pytest
import torch

from stages.common.cli import UserError
from stages.metrics import table
from stages.metrics.comparison import Comparison

TEXTS = [
    (0.153145, ".3f", "0.153"),
    (-0.0009, ".3f", "\N{MINUS SIGN}0.001"),
    (-0.0001, ".3f", "0.000"),
    (234.77, ".1f", "234.8"),
    (0.0125, ".1%", "1.2\u202f%"),
    (0.0, ".1%", "0.0\u202f%"),
    (None, ".3f", ""),
]


@pytest.mark.parametrize("value, form, expected", TEXTS)
def test_numbers_are_rounded_with_a_real_minus_and_none_before_zero(value, form, expected):
    assert table.text(value, form) == expected


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
    assert table.cell(found, "kid") == table.Cell("0.200", "0.100 to 0.300", "0.010")
    assert table.cell(found, "fid") == table.Cell("10", "", "")
    assert table.cell(found, "recall") == table.Cell("", "", "")


def test_the_table_has_a_row_for_what_was_measured_and_no_other():
    rows = table.rows({"kid": 0.2, "copied": 0.0, "recall": None, "efficientnet": {"recall": 0.3}, "n_real": 144})
    shown = [(row.key, row.name, row.inception.value, row.efficientnet.value) for row in rows]
    assert shown == [
        ("kid", "KID", "0.200", ""),
        ("recall", "Recall", "", "0.30"),
        ("copied", "Copied", "0.0\u202f%", ""),
    ]
    assert {row.better for row in rows} == {"lower", "higher"}
    assert table.rows({}) == []


@pytest.mark.parametrize("key", [key for key, metric in table.METRICS.items() if metric.measure])
def test_every_row_s_function_measures_within_its_bounds(key):
    metric, generator = table.METRICS[key], torch.Generator().manual_seed(0)
    sets = [torch.randn(count, 5, dtype=torch.float64, generator=generator) for count in (12, 10, 9, 11)]
    measure = resolve_name(metric.measure)
    assert measure.__name__ == key
    value = measure(Comparison.of(*sets))
    assert type(value) is float and metric.bounds[0] <= value <= metric.bounds[1]


def test_the_headline_is_a_row_with_a_floor():
    metric = table.METRICS[table.HEADLINE]
    assert metric.floor or metric.above_floor


def test_what_is_told_above_its_floor_has_a_floor_of_zero():
    assert table.cell({"fld": 12.34, "fld_low": 10.0, "fld_high": 14.0}, "fld") == table.Cell(
        "12.3", "10.0 to 14.0", "0"
    )
    assert table.cell({}, "fld") == table.Cell("", "", "")


def test_the_table_loads_without_torch():
    command = "import sys, stages.metrics.table; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", command], check=True)


IMPOSSIBLE = [
    ("kid_floor", -4.2e104),
    ("kid", float("nan")),
    ("kid_std", -0.1),
    ("fid", -1.0),
    ("fid_floor", 7.6e75),
    ("fid_above_floor", float("-inf")),
    ("recall_high", 1.1),
    ("copied", -0.1),
    ("density_high", float("inf")),
]


@pytest.mark.parametrize("key, value", IMPOSSIBLE)
@pytest.mark.parametrize("space", ["", "efficientnet"])
def test_a_number_that_cannot_be_is_an_error_with_the_reason(key, value, space):
    sound = {"kid": 0.2, "fid": 100.0, "recall": 1.0, "fid_above_floor": -3.0}
    table.check(sound | {"efficientnet": sound})
    found = {**sound, "efficientnet": sound | {key: value}} if space else sound | {key: value}
    with pytest.raises(UserError, match=rf"(?s){space and 'efficientnet.'}{key} is .*, but lies between .*features"):
        table.check(found)
