"""The study's answer in words, on made-up cells of which the truth is known."""

import pytest

from stages.study import figures, forecast_figure
from stages.study.answer import answer, by_size, short_of
from stages.study.course import courses
from stages.study.summary import summary
from stages.study.table import headline_lines, lines

SIZES = (9, 18, 36, 72, 144, 288)
EVERY = {"deduplicated": True, "augmentation": "diffaugment", "verdict": "ok", "kimg": 100.0, "seconds": 300}


def score(works: int, kimg: float) -> float:
    """Falls with the time until the works are learned by heart."""
    return max(4 + 100 / works, 200 / kimg**0.6)


def cells(orders=(0, 1, 2), seeds=(0,), plateau=lambda works: 4 + 100 / works) -> list[dict]:
    """Rows with a known plateau for each size; orders and seeds differ a little."""
    return [
        {**EVERY, "works": works, "order": order, "seed": seed, "experiment": f"{works}-{order}-{seed}", "kid": None,
         "fld": plateau(works) + 0.1 * order + 0.02 * seed, "fld_low": plateau(works) - 1, "copied": None,
         "fld_high": plateau(works) + 1, "fid_above_floor": None}
        for works in SIZES for order in orders for seed in seeds
    ]  # fmt: skip


def evaluations() -> list[dict]:
    return [
        {**EVERY, "works": works, "order": 0, "seed": 0, "experiment": f"{works}", "kimg": float(kimg),
         "fld": score(works, kimg), "kid": 0.1}
        for works in SIZES for kimg in range(25, 401, 25)
    ]  # fmt: skip


def test_it_says_for_each_size_when_the_works_become_what_is_short():
    said = list(answer(cells(), evaluations()))
    (short,) = [sentence for sentence in said if "time is short: up to 400 thousand pictures shown" in sentence]
    assert short.startswith("With ") and short.partition(" works ")[0].endswith("144")
    first = said[0]
    assert first.startswith("With 9") and "data-limited after 100 thousand pictures shown (about 5 minutes" in first
    assert not any("288 works" in sentence for sentence in said), "it has no double"


def test_a_difference_within_the_scatter_of_the_trainings_says_nothing():
    """Three trainings a size, 1 apart: a mean of three is off by 0.6, and the difference of two by 0.8."""
    level = {9: 15, 18: 10, 36: 9.4, 72: 8.7}
    three = [
        line | {"experiment": f"{line['works']}-{order}", "fld": level[line["works"]] + order}
        for line in evaluations() if line["works"] in level
        for order in range(3)
    ]  # fmt: skip
    times = by_size(courses(three))
    first, second = short_of(cells(), times, {})
    assert first.startswith("With 9 works you are data-limited after 25 thousand")
    assert (
        second.startswith("With 18, 36 works it cannot be told whether works or time are short") and "scatter" in second
    )
    *_, ended = short_of(cells(), times, {36: 200.0})
    assert ended.startswith("With 36 works time was not short, as the trainings were at their best after 200 thousand")
    assert "whether works were cannot be told" in ended
    alone = [line for line in three if line["experiment"].endswith("-0")]
    (said,) = short_of(cells(), by_size(courses(alone)), {})
    assert said.startswith("With 9, 18, 36 works you are data-limited"), "a single training has no known scatter"


def test_trainings_that_had_stopped_getting_better_do_not_ask_for_more_time():
    """Of each size the same course, with its best at 300 of 400 thousand pictures: neither helps any more."""
    same = [line | {"fld": 5 + abs(300 - line["kimg"]) / 100} for line in evaluations()]
    rows = cells(plateau=lambda works: 5 + 0.01 / works)
    said = list(answer(rows, same))
    assert said[0].startswith("With 9, 18, 36, 72, 144 works neither works nor time were short")
    assert "at their best after 300 thousand pictures" in said[0]
    assert any("stop looking for more" in sentence for sentence in said)
    ended = [line for line in same if line["kimg"] <= 300]
    assert not any("neither" in sentence for sentence in answer(rows, ended)), "at its best at the end"


@pytest.mark.parametrize(
    "plateau, advice",
    [(lambda works: 4 + 50 / works, "stop looking"), (lambda works: 40 - 5 * works**0.35, "do look")],
)
def test_it_says_whether_to_look_for_more(plateau, advice):
    (said,) = [sentence for sentence in answer(cells(plateau=plateau), []) if "4 times the works (1152)" in sentence]
    assert advice in said


def test_while_time_is_short_the_works_are_not_blamed():
    rows = cells(plateau=lambda works: 4 + 50 / works)
    (said,) = [sentence for sentence in answer(rows, evaluations()) if "4 times the works (1152)" in sentence]
    assert said.endswith("at this length of the training: train longer first.")


def test_the_forecast_is_tried_on_the_larger_sizes():
    first, second = [sentence for sentence in answer(cells(), []) if sentence.startswith("Forecast")]
    assert "from 9, 18, 36, 72 works, 144 were expected to have 4.8" in first and "within the interval" in first
    assert "they have 4.4, within" in second
    jump = cells(plateau=lambda works: 15.0 if works < 100 else 3.0)
    assert all("outside of" in sentence for sentence in answer(jump, []) if sentence.startswith("Forecast"))


def test_it_says_what_the_test_works_can_tell_apart():
    assert any("must differ by about 1.4 in FLD" in sentence for sentence in answer(cells(), []))


def test_the_seeds_of_one_choice_of_works_count_once():
    rows = cells(orders=(0, 1), seeds=(0, 1, 2))
    ((*_, groups),) = lines(rows, "fld")
    assert groups[9] == pytest.approx({0: 4 + 100 / 9 + 0.02, 1: 4 + 100 / 9 + 0.12})
    ((*_, alone),) = lines(cells(orders=(0,), seeds=(0, 1, 2)), "fld")
    assert len(alone[9]) == 3, "of a single choice the seeds are the replicates"
    assert "over choices of the works" in summary(rows, []) and "| 9 | 6 |" in summary(rows, [])


def test_single_cells_have_no_interval_and_a_grid_without_pairs_no_table_of_effects():
    rows = cells(orders=(0,))
    said = "\n".join(answer(rows, []))
    assert "nan" not in said and "whether it is worth the search is not sure" in said and "the interval" not in said
    text = summary(rows, [])
    assert "nan" not in text and "What the factors change" not in text


def test_the_share_of_copies_scatters_as_its_size_does_and_is_never_below_none():
    shares = {9: (0.3, 0.1, 0.2), 18: (0.6, 0.0, 0.0), 36: (0.01, 0.02, 0.03)}
    rows = [row | {"copied": shares.get(row["works"], (0.0, 0.0, 0.0))[row["order"]]} for row in cells()]
    text = summary(rows, [])
    for told in ("0.200 (0.000 to 0.448)", "0.200 (0.000 to 1.000)", "0.020 (0.000 to 0.045)"):  # t(2) s / 3^(1/2)
        assert f"| {told} |" in text
    assert text.count("| 0.000 |") == 3 and "same at all sizes (but for the share of copies)." in text


def test_with_other_floors_at_other_sizes_only_kid_has_a_curve():
    """As evaluate's are without 7 validation works: of the training works."""
    rows = [row | {"kid": 0.1, "kid_floor": 0.0, "fid_above_floor": 50.0, "fid_floor": 174.7} for row in cells()]
    others = [row | {"fid_floor": 100.0 + 300 / row["works"]} for row in rows]
    assert "do not compare" not in summary(rows, []) and summary(rows, []).count("no curve") == 0
    text = summary(others, [])
    assert "- FLD and FID above the floor do not compare between sizes or choices of the works here" in text
    assert "until 7 validate" in text and "times the works" not in text and "Forecast of" not in text
    assert "- FLD: no curve, as the sizes have other floors." in text and "expect KID" in text
    assert "expect FLD" not in text and "expect FID" not in text
    assert forecast_figure.drawn(rows, "fld") and forecast_figure.drawn(others, "fld") == {}
    made = figures.drawn(others)
    titles = {name: figure.axes[0].get_title() for name, figure in made.items()}
    assert [name for name, title in titles.items() if "not comparable: other floors" in title] == ["fld", "fid"]


def test_without_numbers_nothing_is_said():
    bare = [row | {"fld": None, "fld_low": None, "fld_high": None} for row in cells()]
    assert list(answer(bare, [])) == [] and headline_lines(bare, "fld")[2] == {}
