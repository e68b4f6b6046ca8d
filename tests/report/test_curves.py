"""The charts: points where they belong, nothing but what the rows say, and an SVG that lives inside a page."""

import math
import re
from xml.etree import ElementTree

import pytest
from matplotlib import rcParams

from stages.report import curves

RIGHT, BOTTOM = curves.WIDTH - curves.RIGHT, curves.HEIGHT - curves.BOTTOM
Point = tuple[float, float]


def drawn(rows, names=None, **more) -> curves.Chart:
    """The chart of column a, or of those of `names`, against column k."""
    chart = curves.chart("T", "kimg", rows, "k", names or {"a": "A"}, **more)
    assert chart is not None
    return chart


def elements(chart: curves.Chart, name: str) -> list[ElementTree.Element]:
    content = chart.content.replace("xlink:href", "href")
    return list(ElementTree.fromstring(f"<svg>{content}</svg>").iter(name))


def colored(chart: curves.Chart, number: int) -> list[list[Point]]:
    """The points of each path in the color of line `number`; a noisy line has two."""
    found = [path for path in elements(chart, "path") if f"fill: none; stroke: var(--line{number})" in style(path)]
    found += [
        path for path in elements(chart, "path") if re.search(rf"stroke-dash\S+.*var\(--line{number}\)", style(path))
    ]
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path.attrib["d"])] for path in found]


def style(element: ElementTree.Element) -> str:
    return element.attrib.get("style", "")


def dots(chart: curves.Chart, number: int = 1) -> list[Point]:
    found = [use for use in elements(chart, "use") if f"fill: var(--line{number})" in style(use)]
    return [(float(use.attrib["x"]), float(use.attrib["y"])) for use in found]


def words(chart: curves.Chart) -> dict[str, ElementTree.Element]:
    return {text.text or "": text for text in elements(chart, "text")}


def test_points_lie_where_the_axes_say():
    chart = drawn([{"k": 0.0, "a": 0.0}, {"k": 5.0, "a": 0.5}, {"k": 10.0, "a": 1.0}])
    assert list(words(chart)) == ["0", "2", "4", "6", "8", "10", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "kimg"]
    across = [float(words(chart)[label].attrib["x"]) for label in ("0", "4", "6", "10")]
    up = [float(words(chart)[label].attrib["y"]) for label in ("0.0", "0.4", "0.6", "1.0")]
    first, middle, last = dots(chart)
    assert (first[0], last[0]) == pytest.approx((curves.LEFT, RIGHT)) == (across[0], across[-1])
    assert middle[0] == pytest.approx((across[1] + across[2]) / 2)
    assert first[1] - last[1] == pytest.approx(up[0] - up[-1]) and first[1] > last[1], "y grows upwards"
    assert middle[1] == pytest.approx((first[1] + last[1]) / 2)
    (line,) = colored(chart, 1)
    assert line == [first, middle, last], "no trend where points are few"


def test_everything_stays_inside_the_frame_and_zero_is_there_when_asked():
    rows = [{"k": float(x), "a": 5 + math.sin(x), "b": 7.0} for x in range(100)]
    chart = drawn(rows, {"a": "A", "b": "B"}, zero=True, mark=(50.0, 6.0, "best"))
    assert [line.name for line in chart.lines] == ["A", "B"] and "0" in words(chart)
    assert not dots(chart, 1) and not dots(chart, 2)
    for number in (1, 2):
        paths = colored(chart, number)
        assert len(paths) == 2, "many points: a thin line with its trend"
        for points in paths:
            assert all(curves.LEFT <= x <= RIGHT and curves.TOP <= y <= BOTTOM for x, y in points)
    assert len({line.color for line in chart.lines}) == len({line.dashes for line in chart.lines}) == 2
    assert "7" not in words(drawn([{"k": 1.0, "a": 5.0}, {"k": 2.0, "a": 6.0}])) and "0" in words(chart)


def test_missing_and_broken_values_are_left_out():
    rows = [
        {"k": 1.0, "a": 1.0},
        {"k": 2.0},
        {"k": 3.0, "a": math.nan},
        {"k": 4.0, "a": math.inf},
        {"a": 9.0},
        {"k": 5.0, "a": 2.0},
    ]
    chart = drawn(rows, {"a": "A", "never": "B"})
    assert [line.name for line in chart.lines] == ["A"] and len(dots(chart)) == 2
    assert curves.chart("T", "kimg", rows, "k", {"never": "B"}) is None
    assert curves.chart("T", "kimg", [], "k", {"a": "A"}) is None


@pytest.mark.parametrize("values", [[0.0], [3.0], [2.0, 2.0], [-1e-9], [1e12, 2e12]])
def test_constant_tiny_and_huge_values_have_a_place(values):
    chart = drawn([{"k": float(x), "a": value} for x, value in enumerate(values)])
    assert len(dots(chart)) == len(values)
    assert all(curves.LEFT <= x <= RIGHT and curves.TOP <= y <= BOTTOM for x, y in dots(chart))
    assert all(float(text.attrib["y"]) > 12 for text in words(chart).values()), "no letters above the frame"


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([{"k": 60.0, "a": 0.3}], (60.0, 0.3)),
        ([{"k": 0.0, "a": 0.3}], (0.0, 0.3)),
        ([{"k": 10.0, "a": 0.3}, {"k": 60.0, "a": 0.0}], (60.0, 0.0)),
        ([{"k": 10.0, "a": 0.3}, {"k": 60.0, "a": 0.1}], (60.0, 0.1)),
    ],
    ids=["one evaluation", "one at the beginning", "at the bottom", "at the end"],
)
def test_a_mark_has_its_label_beside_it_and_inside_the_frame(rows, at):
    chart = drawn(rows, zero=True, mark=(*at, "best: 0.123"))
    (circle,) = [use for use in elements(chart, "use") if "stroke: var(--ink)" in style(use)]
    x, y = (float(circle.attrib[name]) for name in "xy")
    assert (x, y) in [pytest.approx(dot) for dot in dots(chart)]
    label = words(chart)["best: 0.123"]
    anchor = "text-anchor: end" if x > curves.WIDTH / 2 else "text-anchor: start"
    assert "var(--ink)" in style(label) and anchor in style(label)
    assert float(label.attrib["x"]) == pytest.approx(x)
    assert 9 < abs(float(label.attrib["y"]) - y) < 40
    assert curves.TOP < float(label.attrib["y"]) < BOTTOM


def test_a_line_that_swings_gets_its_moving_mean_exact_on_a_line_and_even_on_an_alternation():
    line = [(float(x), 3.0 * x) for x in range(30)]
    assert curves.moving_mean(line, 9)[4:-4] == line[4:-4]
    assert curves.moving_mean(line, 9)[0] == (0.0, 6.0)  # of x = 0..4
    zigzag = [(float(x), (-1.0) ** x) for x in range(40)]
    assert max(abs(y) for _, y in curves.moving_mean(zigzag, 9)[4:-4]) == pytest.approx(1 / 9)


def test_the_description_says_where_each_line_begins_and_ends():
    rows = [{"k": 1.0, "a": 0.5, "b": 2.0}, {"k": 60.0, "a": 1.25, "b": 1.0}]
    chart = curves.chart("Losses", "thousand pictures", rows, "k", {"a": "one", "b": "two"})
    assert chart is not None
    expected = "Losses, up to 60 thousand pictures: one goes from 0.5 to 1.25; two goes from 2 to 1."
    assert chart.description == expected


def test_the_svg_is_a_part_of_a_page_and_the_same_each_time(monkeypatch):
    rows = [{"k": float(x), "a": x / 10, "b": -x / 10} for x in range(10)]
    chart = drawn(rows, {"a": "A", "b": "B"}, mark=(9.0, 0.9, "<best>"))
    for word in ("<style", "<metadata", "url(", "<?xml", "DejaVu", "#0101", "http"):
        assert word not in chart.content, word
    assert "\N{MINUS SIGN}0.5" in words(chart) and "<best>" in words(chart), "a real minus, and words are only words"
    names = re.findall(r'id="([^"]+)"', chart.content)
    assert names and set(names) == set(re.findall(r'href="#([^"]+)"', chart.content)), "only what is drawn by its name"
    monkeypatch.setitem(rcParams, "lines.linewidth", 9)  # somebody's own settings
    assert drawn(rows, {"a": "A", "b": "B"}, mark=(9.0, 0.9, "<best>")) == chart
