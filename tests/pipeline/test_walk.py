"""Whatever was run before, `dvc repro` makes what a fresh clone makes of the same params (walk.py)."""

import random

import pytest
from walk import walk

pytestmark = pytest.mark.long
STEPS = 5  # some minutes; bench_walk.py goes on for as many as one likes


def test_a_walk_through_the_params_of_all_stages(tmp_path):
    steps = [*walk(tmp_path, STEPS, random.Random(7))]
    assert [step.wrong for step in steps] == [[]] * STEPS
    assert any(step.ran for step in steps) and any(step.cached for step in steps)
