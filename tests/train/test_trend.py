"""How a score went: better still, nowhere, or worse; known curves, and a forecast against what they do."""

import pytest

from stages.train.trend import FALLS, trend, trouble


def curve(kimg, function):
    return [(float(at), function(at)) for at in kimg]


def test_a_power_law_is_forecast_exactly():
    found = trend(curve(range(10, 90, 10), lambda kimg: 200 * kimg**-0.5))
    assert found and found.improving
    assert (found.begin, found.end) == (60, 80)
    assert found.now == pytest.approx(200 * 80**-0.5) and found.before == pytest.approx(200 * 60**-0.5)
    assert found.doubled == pytest.approx(200 * 160**-0.5)
    assert found.brought == pytest.approx(1 - (60 / 80) ** 0.5)
    assert "from 60 to 80 kimg" in found.cause() and "13% less" in found.cause() and "about 15.8" in found.cause()


def test_the_default_s_training_was_still_improving():
    """KID of 72 museum works at 64 pixels, as measured every 20 kimg up to 120."""
    measured = [(20, 0.258), (40, 0.155), (60, 0.137), (80, 0.125), (100, 0.115), (120, 0.106)]
    found = trend(measured[:3])
    assert found and found.improving
    assert found.doubled == pytest.approx(0.106, abs=0.016), "what came at 120"


@pytest.mark.parametrize(
    "points",
    [
        curve(range(10, 90, 10), lambda kimg: 0.1),
        curve(range(10, 90, 10), lambda kimg: 0.1 + 0.002 * (kimg // 10 % 2)),
        curve(range(10, 90, 10), lambda kimg: 0.05 + 0.001 * kimg),
        [(10.0, 0.3), (20.0, 0.1), (30.0, 0.1), (40.0, 0.099)],
    ],
    ids=["flat", "noise", "getting worse", "early only"],
)
def test_a_plateau_is_not_improving(points):
    found = trend(points)
    assert found and not found.improving


@pytest.mark.parametrize("points", [[], [(10.0, 0.2)], [(1.0, 0.2), (4.0, 0.1)], curve((5, 10, 15, 20), lambda _: 0.0)])
def test_too_little_is_no_trend(points):
    assert trend(points) is None


def test_a_single_lucky_evaluation_within_the_noise_is_none():
    points = [(10.0, 0.1), (20.0, 0.1), (30.0, 0.1), (40.0, 0.1 * (1 - 0.9 * FALLS))]
    found = trend(points)
    assert found and not found.improving


KIMG = (3.3, 6.7, 10.0, 13.3, 16.6, 20.0)
MEASURED = {  # FLD of the museum at 32 pixels (bench_guard.py), and what is wrong
    "default": ((39.0, 37.1, 34.1, 29.9, 25.8, 23.4), None),
    "a learning rate of 0.01": ((39.7, 32.6, 29.5, 33.0, 32.5, 34.4), "worsening"),
    "a learning rate of 0.1": ((35.0, 32.6, 36.7, 34.8, 32.7, 35.0), "learns_nothing"),
    "no augmentation, 0.01": ((32.9, 28.4, 27.8, 34.9, 28.0, 31.4), "unstable"),
    "up and down, then down": ((39.0, 30.0, 38.0, 34.0, 29.0, 24.0), None),
    "a plateau": ((31.4, 24.1, 25.0, 25.1, 26.0, 24.2), None),
    "one bad evaluation": ((39.0, 30.0, 25.0, 25.0, 24.0, 29.0), None),
    "as good as can be": ((20.0, 4.0, -0.5, 0.3, 0.6, 0.9), None),
}


@pytest.mark.parametrize("name", MEASURED)
def test_what_goes_wrong_with_a_score_is_told(name):
    scores, expected = MEASURED[name]
    found = trouble(list(zip(KIMG, scores, strict=True)))
    assert (found and found[0]) == expected
    assert not found or ("train.learning_rate" in found[1] and f"{min(scores):.1f}" in found[1])


def test_a_first_look_that_comes_late_tells_no_progress():
    assert trouble([(10.0, 20.0), (20.0, 20.0), (30.0, 20.0), (40.0, 20.0)]) is None
    found = trouble(curve(range(10, 90, 10), lambda _: 20.0))
    assert found and found[0] == "learns_nothing"


@pytest.mark.parametrize("points", [[], [(10.0, 0.2)], [(1.0, 0.2), (4.0, 0.4), (5.0, 0.5)]])
def test_too_little_is_no_trouble(points):
    assert trouble(points) is None
