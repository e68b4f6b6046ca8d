"""The course of the trainings: what a size had at a time, what doubling brings, and the figures of it."""

from io import BytesIO

import pytest
from PIL import Image

from stages.study import course, results

FACTORS = {"deduplicated": True, "augmentation": "diffaugment", "order": 0, "seed": 0}


def score(works: int, kimg: float) -> float:
    """Falls with the time until the works are learned by heart, and then rises a little."""
    plateau = 4 + 100 / works
    return max(plateau, 200 / kimg**0.6) + 0.01 * max(0.0, kimg - 4 * works)


def points(sizes=(9, 18, 36, 72), end=400, **other):
    return [
        {"works": works, **FACTORS, **other, "experiment": f"w{works}-s{seed}", "kimg": float(kimg),
         "fld": score(works, kimg) + 0.2 * seed, "kid": 0.1}
        for seed in (0, 1) for works in sizes for kimg in range(25, end + 1, 25)
    ]  # fmt: skip


def test_a_cell_s_evaluations_come_with_its_factors():
    row = {"works": 9, **FACTORS, "experiment": "mine", "kid": 0.2}
    text = "step,kimg,fld,kid,spread,contrast\n10,1.5,20.5,0.3,1.0,1.0\n20,3.0,18.0,0.2,1.0,1.0\n"
    first, second = course.evaluations(row, text)
    assert first == {"works": 9, **FACTORS, "kimg": 1.5, "fld": 20.5, "kid": 0.3, "experiment": "mine"}
    assert second["kimg"] == 3.0
    assert course.evaluations(row, "") == []
    assert course.evaluations(row, "step,kimg,kid\n10,1.5,0.3\n") == [], "an older training has no such score"


def test_what_a_training_would_have_kept_never_gets_worse_and_stays_when_it_has_ended():
    rows = [{"kimg": kimg, "fld": fld} for kimg, fld in ((10.0, 30.0), (20.0, 10.0), (30.0, 12.0), (40.0, 9.0))]
    found = course.best_so_far(rows)
    assert found == [(10.0, 30.0), (20.0, 10.0), (30.0, 10.0), (40.0, 9.0)]
    assert [course.score_at(found, kimg) for kimg in (5, 10, 19, 35, 1000)] == [None, 30.0, 30.0, 10.0, 9.0]


def test_the_mean_waits_for_every_cell():
    some = [[(10.0, 30.0), (20.0, 10.0)], [(20.0, 14.0)]]
    assert course.mean_at(some, 10) is None and course.mean_at(some, 20) == 12.0


def test_early_the_time_is_short_and_late_the_works_are():
    found = course.choices(course.courses(points()))
    assert {item.works for item in found} == {9, 18, 36} and {item.kimg for item in found} == {25, 50, 100, 200}
    at = {(item.works, item.kimg): item for item in found}
    assert at[36, 25].by_time > 5 > 1 > at[36, 25].by_works
    assert at[9, 200].by_works > 3 > 1 > at[9, 200].by_time
    best = {works: min(score(works, kimg) for kimg in (25, 50, 75, 100)) for works in (9, 18)}
    assert at[9, 100].by_works == pytest.approx(best[9] - best[18]) and at[9, 100].by_time == pytest.approx(0)
    assert course.choices(course.courses(points(sizes=(9, 36)))) == [], "no size has its double"


def test_the_times_start_where_every_training_of_a_size_has_an_evaluation():
    """One of the two smaller trainings was first evaluated at 15, the other one at 10."""
    some = {9: [[(10.0, 9.0), (40.0, 5.0)], [(15.0, 8.0), (40.0, 6.0)]], 18: [[(10.0, 7.0), (60.0, 2.0)]]}
    assert [item[:4] for item in course.choices(some)] == [(9, 15.0, 8.5 - 7.0, 0.0), (9, 30.0, 8.5 - 7.0, 3.0)]


@pytest.mark.slow
def test_the_figures_have_the_same_bytes_each_time_and_need_their_numbers():
    made = results.drawn([], points())
    assert made == results.drawn([], points()) and set(made) == {"time", "plateau", "limits"}
    assert set(made) <= results.FIGURES
    for data in made.values():
        with Image.open(BytesIO(data)) as picture:
            colors = picture.convert("RGB").getcolors(1 << 24)
            assert picture.width > 500 and colors and len(colors) > 50
    others = points(augmentation="none", deduplicated=False)
    assert results.drawn([], points() + others) == made, "one combination of the factors"
    assert set(results.drawn([], points(sizes=(9,)))) == {"time", "plateau"}
    assert results.drawn([], []) == {}


def test_figures_that_this_study_does_not_have_do_not_stay(tmp_path):
    for name in ("limits.png", "forecast.png", "kid_effects.png", "kid.png", "mine.png"):
        (tmp_path / name).write_bytes(b"of another study")
    results.write(tmp_path, {"kid.png": b"of this one", results.SUMMARY: b"text"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kid.png", "mine.png", "summary.md"]
    assert (tmp_path / "kid.png").read_bytes() == b"of this one"
