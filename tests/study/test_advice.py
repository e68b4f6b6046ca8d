"""Whether to look for more works: what the interval of the gain allows to say."""

import pytest

from stages.study.answer import SMALL, more_works
from stages.study.learning import Learning, Value, learn

NOW = 20.0  # of which SMALL is 1
ADVICE = {"more": "do look for more", "stop": "stop looking for more", "unsure": "is not sure", "time": "train longer"}


@pytest.mark.parametrize(
    ("gain", "short", "said"),
    [
        (Value(5.0, 1.5, 8.0), False, "more"),
        (Value(5.0, 1.5, 8.0), True, "more"),  # surely much, however long the trainings were
        (Value(5.0, 0.5, 8.0), False, "unsure"),
        (Value(0.5, -1.0, 2.0), False, "unsure"),  # little in the mean, but it may be much
        (Value(0.5, -1.0, 2.0), True, "time"),
        (Value(0.5, 0.2, 0.8), False, "stop"),
    ],
)
def test_only_a_whole_interval_on_one_side_of_what_is_worth_it_gives_advice(monkeypatch, gain, short, said):
    assert pytest.approx(1.0) == SMALL * NOW
    monkeypatch.setattr(Learning, "gain", lambda *_: gain)
    text = more_works(learn({works: {0: 30.0 - works**0.5} for works in (9, 18, 36, 72)}), NOW, short)
    assert [key for key, words in ADVICE.items() if words in text] == [said]
