"""The charts' geometry: round ticks, points where they belong, and nothing but what the rows say."""

import math

import pytest

from stages.report import curves

TICKS = [
    (0.0, 60.0, 6, [0, 10, 20, 30, 40, 50, 60]),
    (0.0, 0.34, 5, [0.0, 0.1, 0.2, 0.3]),
    (-0.4, 1.2, 5, [0.0, 0.5, 1.0]),
    (0.0, 1000.0, 6, [0, 200, 400, 600, 800, 1000]),
    (2e-5, 9e-5, 5, [2e-5, 4e-5, 6e-5, 8e-5]),
    (-7.0, -3.0, 5, [-7, -6, -5, -4, -3]),
]


@pytest.mark.parametrize("low, high, most, expected", TICKS)
def test_ticks_are_round_and_inside(low, high, most, expected):
    assert curves.ticks(low, high, most) == pytest.approx(expected)
    assert len(expected) <= most + 1


def test_labels_have_the_decimals_that_their_axis_needs_and_a_real_minus():
    assert [curves.label(value, [-0.5, 0.0, 0.5]) for value in (-0.5, 0.0, 0.5)] == ["−0.5", "0.0", "0.5"]
    assert curves.label(40, [0, 20, 40]) == "40"
    assert curves.label(4e-5, [2e-5, 4e-5]) == "0.00004"
    assert curves.label(2e7, [1e7, 2e7]) == "2.0e+07"
    assert curves.label(0.0, [0.0]) == "0"


def test_a_moving_mean_is_exact_on_a_line_and_evens_out_an_alternation():
    line = [(float(x), 3.0 * x) for x in range(30)]
    assert curves.moving_mean(line, 9)[4:-4] == line[4:-4]
    assert curves.moving_mean(line, 9)[0] == (0.0, 6.0)  # of x = 0..4
    zigzag = [(float(x), (-1.0) ** x) for x in range(40)]
    assert max(abs(y) for _, y in curves.moving_mean(zigzag, 9)[4:-4]) == pytest.approx(1 / 9)


def test_points_lie_where_the_axes_say():
    drawn = curves.chart(
        "T", "kimg", [{"k": 0.0, "a": 0.0}, {"k": 5.0, "a": 0.5}, {"k": 10.0, "a": 1.0}], "k", {"a": "A"}
    )
    (line,) = drawn.lines
    across, up = {tick.label: tick.at for tick in drawn.x_ticks}, {tick.label: tick.at for tick in drawn.y_ticks}
    first, middle, last = line.dots
    assert first == (across["0"], up["0.0"]) and last == (across["10"], up["1.0"])
    assert middle == pytest.approx(((across["4"] + across["6"]) / 2, (up["0.4"] + up["0.6"]) / 2), abs=0.1)
    assert up["0.0"] > up["1.0"], "y grows upwards"
    assert across["0"] == curves.LEFT and across["10"] == curves.WIDTH - curves.RIGHT
    assert line.points == " ".join(f"{x:g},{y:g}" for x, y in line.dots) and line.trend == ""


def test_everything_stays_inside_the_frame_and_zero_is_there_when_asked():
    rows = [{"k": float(x), "a": 5 + math.sin(x), "b": 7.0} for x in range(100)]
    drawn = curves.chart("T", "kimg", rows, "k", {"a": "A", "b": "B"}, zero=True, mark=(50.0, 6.0, "best"))
    assert [line.name for line in drawn.lines] == ["A", "B"] and drawn.y_ticks[0].label == "0"
    for line in drawn.lines:
        assert line.trend and not line.dots, "many points: a thin line with its trend, and no dots"
        for text in (line.points, line.trend):
            points = [tuple(map(float, point.split(","))) for point in text.split()]
            assert len(points) == 100
            assert all(
                curves.LEFT <= x <= curves.WIDTH - curves.RIGHT and curves.TOP <= y <= curves.HEIGHT - curves.BOTTOM
                for x, y in points
            )
    assert drawn.mark[2] == "best" and curves.LEFT < drawn.mark[0] < curves.WIDTH


def test_missing_and_broken_values_are_left_out():
    rows = [
        {"k": 1.0, "a": 1.0},
        {"k": 2.0},
        {"k": 3.0, "a": math.nan},
        {"k": 4.0, "a": math.inf},
        {"a": 9.0},
        {"k": 5.0, "a": 2.0},
    ]
    (line,) = curves.chart("T", "kimg", rows, "k", {"a": "A", "never": "B"}).lines
    assert len(line.dots) == 2
    assert curves.chart("T", "kimg", rows, "k", {"never": "B"}) is None
    assert curves.chart("T", "kimg", [], "k", {"a": "A"}) is None


@pytest.mark.parametrize("values", [[0.0], [3.0], [2.0, 2.0], [-1e-9], [1e12, 2e12]])
def test_constant_tiny_and_huge_values_have_a_place(values):
    drawn = curves.chart("T", "kimg", [{"k": float(x), "a": value} for x, value in enumerate(values)], "k", {"a": "A"})
    assert all(math.isfinite(x) and curves.TOP <= y <= curves.HEIGHT - curves.BOTTOM for x, y in drawn.lines[0].dots)


def test_the_description_says_where_each_line_begins_and_ends():
    drawn = curves.chart(
        "Losses",
        "thousand pictures",
        [{"k": 1.0, "a": 0.5, "b": 2.0}, {"k": 60.0, "a": 1.25, "b": 1.0}],
        "k",
        {"a": "one", "b": "two"},
    )
    assert drawn.description == "Losses, up to 60 thousand pictures: one goes from 0.5 to 1.25; two goes from 2 to 1."
