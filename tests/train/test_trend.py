"""Whether a training was still getting better: known curves, and its forecast against what they do."""

import pytest

from stages.train.trend import FALLS, trend


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
