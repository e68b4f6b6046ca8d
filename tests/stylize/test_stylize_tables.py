"""The choices of params.yaml are the keys of the tables, which the schema, being light, cannot import."""

from collections.abc import Collection
from typing import get_args

import pytest

from stages.stylize import color, inputs, optimizers, starts, statistics, vgg
from stages.stylize.params import StylizeParams


@pytest.mark.parametrize(("key", "table"), [
    ("style_loss", statistics.DISTANCES),
    ("optimizer", ["auto", *optimizers.OPTIMIZERS]),
    ("start", starts.STARTS),
    ("color", color.COLORS),
    ("guidance", inputs.GUIDANCE),
    ("network", vgg.NETWORKS),
])  # fmt: skip
def test_every_choice_is_in_its_table_and_no_other(key: str, table: Collection[str]):
    assert set(get_args(StylizeParams.model_fields[key].annotation)) == set(table)
