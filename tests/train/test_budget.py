"""The clock of a training, with a clock that the test turns."""

import pytest

from stages.train.budget import Budget


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_it_ends_while_what_comes_after_still_fits(clock):
    budget = Budget(1.0, 0.0, clock=clock)
    budget.reserve = 12.0
    clock.now += 47.9
    assert not budget.used_up()
    clock.now += 0.1
    assert budget.used_up()


def test_no_limit_never_ends(clock):
    budget = Budget(0.0, 0.0, clock=clock)
    clock.now += 1e9
    assert not budget.used_up()


def test_earlier_sessions_count(clock):
    budget = Budget(1.0, 0.0, spent=59.0, clock=clock)
    assert budget.spent() == 59.0 and not budget.used_up()
    clock.now += 1
    assert budget.used_up()


def test_the_forecast_tells_time_and_cost(clock):
    budget = Budget(0.0, 2.0, clock=clock)
    clock.now += 36
    text = budget.forecast(steps=10, seconds=20.0, left=900)
    assert "about 30.0 minutes to go" in text
    assert "about 1.00 at 2 per hour" in text and "0.02 spent so far" in text


def test_the_forecast_says_when_the_budget_ends_first(clock):
    text = Budget(10.0, 6.0, clock=clock).forecast(steps=10, seconds=20.0, left=900)
    assert "about 30.0 minutes to go" in text and "ends in about 10.0 minutes, after about 33% of the steps" in text
    assert "about 1.00 at 6 per hour" in text, "no more is paid than the budget allows"


def test_long_times_are_hours(clock):
    assert Budget(0.0, 0.0, clock=clock).forecast(steps=1, seconds=1.0, left=7200) == "about 2.0 hours to go"
