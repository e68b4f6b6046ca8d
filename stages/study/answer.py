"""The study's answer in a few sentences: works or time, what more works would bring, and what cannot be told."""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from statistics import median

from stages.metrics.table import HEADLINE, METRICS
from stages.metrics.table import LEAST as LEAST_TEST
from stages.study.course import Courses, choices, headline_courses, plateaus
from stages.study.effects import Row, mean
from stages.study.learning import LEAST, Learning, check, learn, smallest_difference
from stages.study.shown import SHOWN, comparable
from stages.study.table import headline_lines

TIMES = 4  # how far the learning curve is drawn on: this many times the largest size
SHORT = "time is short"
UNSURE = "it cannot be told whether works or time are short"
Times = Mapping[int, Sequence[tuple[float, str]]]
SMALL = 0.05  # share of a distance that is not worth a search for more works


def answer(rows: Sequence[Row], evaluations: Sequence[Row]) -> Iterator[str]:
    """The sentences, of the headline metric and one combination of the factors."""
    *_, groups = headline_lines(rows, HEADLINE)
    courses = headline_courses(evaluations)[1] if evaluations else {}
    times, at_best = by_size(courses), plateaus(courses)
    yield from short_of(rows, times, at_best)
    compares = HEADLINE in comparable(rows)
    if not compares:
        yield other_floors()
    if compares and len(groups) >= LEAST:
        now = mean(list(groups[max(groups)].values())).value
        may_improve = bool(times) and max(groups) not in at_best
        time_is_short = may_improve and _outcome(rows, times[max(times)]).startswith(SHORT)
        yield more_works(learn(groups), now, time_is_short)
    if compares:
        yield from forecast_and_result(rows)
    yield from power(rows)


def other_floors() -> str:
    """That distances above floors of other works do not compare, with the remedy."""
    names = " and ".join(shown.label for key, shown in SHOWN.items() if METRICS[key].above_floor)
    return (
        f"{names} do not compare between sizes or choices of the works here, as their floors are of other works: with "
        f"fewer than {LEAST_TEST} validation works the training works are the floor. Raise split.validation_fraction "
        f"(with a reserve split.validation_works), or collect more until {LEAST_TEST} validate. KID takes no floor off."
    )


def by_size(courses: Courses) -> Times:
    """For each size that has its double: (kimg, which of works and time is short, "" where not told), in order."""
    found: dict[int, list[tuple[float, str]]] = {}
    for choice in choices(courses):
        found.setdefault(choice.works, []).append((choice.kimg, choice.short))
    return found


def short_of(rows: Sequence[Row], times: Times, at_best: Mapping[int, float]) -> Iterator[str]:
    """For each size whether works or time were short, and from when on; sizes alike in one sentence.

    `at_best`: the kimg at which the trainings of a size were at their best, of those that had stopped getting better.
    """
    outcomes: dict[str, list[int]] = {}
    for works, some in times.items():
        outcome = _outcome(rows, some)
        if outcome.startswith(SHORT) and works in at_best:
            outcome = (
                f"neither works nor time were short, as far as {SHOWN[HEADLINE].label} tells: the trainings were at "
                f"their best after {at_best[works]:.0f} thousand pictures shown, and twice the works brought no more "
                "in that time."
            )
        elif outcome.startswith(UNSURE) and works in at_best:
            outcome = (
                f"time was not short, as the trainings were at their best after {at_best[works]:.0f} thousand pictures "
                "shown; whether works were cannot be told: twice the works changed less in that time than the "
                "trainings scatter."
            )
        outcomes.setdefault(outcome, []).append(works)
    for outcome, sizes in outcomes.items():
        yield f"With {', '.join(map(str, sizes))} works {outcome}"


def _outcome(rows: Sequence[Row], times: Sequence[tuple[float, str]]) -> str:
    """Of the times of one size."""
    if not times[-1][1]:
        return f"{UNSURE}: the difference of twice the works and twice the time is less than the trainings scatter."
    # From the first time on after which it is always the works that are short.
    since = next(
        (kimg for number, (kimg, _) in enumerate(times) if {short for _, short in times[number:]} == {"works"}), None
    )
    if since is None:
        return (
            f"{SHORT}: up to {2 * times[-1][0]:g} thousand pictures shown, twice the time helps more than twice "
            "the works."
        )
    return (
        f"you are data-limited after {since:g} thousand pictures shown{_minutes(rows, since)}: from then on twice the "
        "works help more than twice the time."
    )


def _minutes(rows: Sequence[Row], kimg: float) -> str:
    """How long these take, by the cells that are done."""
    paces = [row["seconds"] / row["kimg"] for row in rows if row["seconds"] and row["kimg"]]
    return f" (about {kimg * median(paces) / 60:.0f} minutes of a cell here)" if paces else ""


def more_works(learning: Learning, now: float, time_is_short: bool) -> str:
    """Whether to look for more; while the trainings are too short, that cannot be told from them.

    LEAST sizes do not tell a level from a slow fall: from them nobody is told to stop.
    """
    shown, gain, largest = SHOWN[HEADLINE], learning.gain(TIMES), learning.sizes[-1]
    told = f"{TIMES} times the works ({TIMES * largest}) would lower {shown.label} from {now:.{shown.decimals}f} by "
    told += gain.text(shown.decimals)
    if gain.low > SMALL * now:
        return f"{told}: do look for more."
    if time_is_short:
        return f"{told}, at this length of the training: train longer first."
    if gain.high < SMALL * now and len(learning.sizes) > LEAST:
        return f"{told}: stop looking for more."
    return f"{told}: whether it is worth the search is not sure."


def forecast_and_result(rows: Sequence[Row]) -> Iterator[str]:
    """What a curve through the smaller sizes said of the larger ones, and what came."""
    *_, groups = headline_lines(rows, HEADLINE)
    known, found = check(groups)
    decimals = SHOWN[HEADLINE].decimals
    for item in found:
        expected = item.expected.text(decimals)
        place = f", {'within' if item.held else 'outside of'} the interval" if not isnan(item.expected.low) else ""
        yield (
            f"Forecast of the larger sizes: from {', '.join(map(str, known))} works, {item.works} were expected "
            f"to have {expected}; they have {item.came:.{decimals}f}{place}."
        )


def power(rows: Sequence[Row]) -> Iterator[str]:
    """The smallest difference of two generators that the test works can show."""
    low, high = f"{HEADLINE}_low", f"{HEADLINE}_high"
    some = [
        smallest_difference(row[low], row[high])
        for row in rows
        if row.get(low) is not None and row.get(high) is not None
    ]
    if some:
        shown = SHOWN[HEADLINE]
        yield (
            f"Two trainings must differ by about {median(some):.{shown.decimals}f} in {shown.label} before "
            "these test works can tell one from the other; means over several trainings tell smaller differences."
        )
