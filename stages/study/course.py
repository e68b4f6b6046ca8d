"""The course of the trainings: the validation score over the pictures shown, and whether works or time were short.

A training could have been stopped at each of its evaluations, and would have kept the best generator until then. So the
score at a time is the best one up to it; a training that ended because nothing got better stays where it was.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

from stages.study.effects import Row
from stages.study.grid import FACTORS
from stages.study.learning import scatter
from stages.study.table import levels

SCORE = "fld"  # the column of metrics/validation.csv by which the best generator is kept
PLATEAU = 0.85  # a training at its best within this share of what it showed had stopped getting better
COLUMNS = ("kimg", SCORE, "kid")  # of the evaluations that the study keeps
Courses = Mapping[int, Sequence[Sequence[tuple[float, float]]]]  # (kimg, best score so far) of the cells of each size


class Choice(NamedTuple):
    """What doubling the works, and what doubling the time, takes away from the score, at a size and a time."""

    works: int
    kimg: float
    by_works: float
    by_time: float
    error: float  # the standard error of their difference; 0 without replicates

    @property
    def short(self) -> str:
        """Which of the two, doubled, helps more: "works" or "time"; "" where they differ by no more than the error."""
        more = self.by_works - self.by_time
        if abs(more) <= self.error and self.error:
            return ""
        return "works" if more > 0 else "time"


def evaluations(row: Row, text: str) -> list[dict[str, Any]]:
    """The evaluations of a cell, from the text of its metrics/validation.csv, with its factors before them."""
    factors = {factor: row[factor] for factor in FACTORS}
    found = csv.DictReader(io.StringIO(text))
    return [
        {**factors, **{key: float(line[key]) for key in COLUMNS}, "experiment": row["experiment"]}
        for line in found
        if all(line.get(key) for key in COLUMNS)
    ]


def best_so_far(points: Sequence[Row]) -> list[tuple[float, float]]:
    """(kimg, score) of one cell's evaluations in order, the score never rising."""
    found: list[tuple[float, float]] = []
    for point in points:
        score = min(point[SCORE], found[-1][1]) if found else point[SCORE]
        found.append((point["kimg"], score))
    return found


def courses(points: Sequence[Row]) -> dict[int, list[list[tuple[float, float]]]]:
    """The courses of the cells of each size, smallest size first."""
    cells: dict[str, list[Row]] = {}
    for point in points:
        cells.setdefault(point["experiment"], []).append(point)
    found: dict[int, list[list[tuple[float, float]]]] = {}
    for some in sorted(cells.values(), key=lambda some: some[0]["works"]):
        found.setdefault(some[0]["works"], []).append(best_so_far(some))
    return found


def headline_courses(points: Sequence[Row]) -> tuple[tuple[bool, str], dict[int, list[list[tuple[float, float]]]]]:
    """The combination that is shown, as in table.headline_lines, and its courses."""
    combination = levels(points, "deduplicated")[0], levels(points, "augmentation")[-1]
    return combination, courses(
        [point for point in points if (point["deduplicated"], point["augmentation"]) == combination]
    )


def score_at(course: Sequence[tuple[float, float]], kimg: float) -> float | None:
    """The best score until then; None before the first evaluation."""
    past = [score for at, score in course if at <= kimg * (1 + 1e-9)]
    return past[-1] if past else None


def mean_at(some: Sequence[Sequence[tuple[float, float]]], kimg: float) -> float | None:
    """The mean over the cells of a size; None where one has no evaluation yet."""
    scores = [score_at(course, kimg) for course in some]
    known = [score for score in scores if score is not None]
    return fmean(known) if known and len(known) == len(scores) else None


def when_best(course: Sequence[tuple[float, float]]) -> float:
    """The kimg of the first evaluation with the best score."""
    return next(at for at, score in course if score == course[-1][1])


def plateaus(found: Courses) -> dict[int, float]:
    """The sizes whose trainings had stopped getting better, each with the kimg at which they were at their best.

    Medians over the cells of a size: at their best in the first PLATEAU of what they showed.
    """
    medians = {
        works: (median(map(when_best, some)), median(when_best(course) / course[-1][0] for course in some))
        for works, some in found.items()
    }
    return {works: kimg for works, (kimg, share) in medians.items() if share <= PLATEAU}


def choices(found: Courses) -> list[Choice]:
    """For each size whose double was trained too, and each time: what twice the works, and twice the time, bring.

    The times are the first evaluation and its doubles, as far as the longest training of all goes: those that ended
    before, as nothing got better, stay where they were.
    """
    made = []
    longest = max((course[-1][0] for some in found.values() for course in some), default=0.0)
    for works, some in found.items():
        if 2 * works not in found:
            continue
        kimg = max(course[0][0] for course in some)
        while 2 * kimg <= longest * (1 + 1e-9):
            now, longer, larger = mean_at(some, kimg), mean_at(some, 2 * kimg), mean_at(found[2 * works], kimg)
            if now is not None and longer is not None and larger is not None:
                error = (_variance(found, works, 2 * kimg) + _variance(found, 2 * works, kimg)) ** 0.5
                made.append(Choice(works, kimg, now - larger, now - longer, error))
            kimg *= 2
    return made


def _variance(found: Courses, works: int, kimg: float) -> float:
    """Of the mean of a size at a time: s^2 / n, where s is the standard deviation of a cell, one for all sizes."""
    scores = {size: [score_at(course, kimg) for course in some] for size, some in found.items()}
    groups = {
        size: {number: score for number, score in enumerate(some) if score is not None} for size, some in scores.items()
    }
    return scatter({size: some for size, some in groups.items() if some}).deviation ** 2 / len(groups[works])
