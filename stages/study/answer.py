"""The study's answer in a few sentences: works or time, what more works would bring, and what cannot be told."""

from collections.abc import Iterator, Sequence
from math import isnan
from statistics import median

from stages.metrics.table import HEADLINE
from stages.study.course import choices, headline_courses
from stages.study.effects import Row, mean
from stages.study.learning import LEAST, Value, check, learn
from stages.study.shown import SHOWN
from stages.study.table import headline_lines

TIMES = 4  # how far the learning curve is drawn on: this many times the largest size
SMALL = 0.05  # share of a distance that is not worth a search for more works


def answer(rows: Sequence[Row], evaluations: Sequence[Row]) -> Iterator[str]:
    """The sentences, of the headline metric and one combination of the factors."""
    *_, groups = headline_lines(rows, HEADLINE)
    yield from short_of(rows, evaluations)
    if len(groups) >= LEAST:
        yield more_works(learn(groups).gain(TIMES), max(groups), mean(list(groups[max(groups)].values())).value)
    yield from kept_word(rows)
    yield from power(rows)


def short_of(rows: Sequence[Row], evaluations: Sequence[Row]) -> Iterator[str]:
    """For each size whether works or time were short, and from when on; sizes alike in one sentence."""
    if not evaluations:
        return
    _, found = headline_courses(evaluations)
    by_size: dict[int, list[tuple[float, bool]]] = {}
    for choice in choices(found):
        by_size.setdefault(choice.works, []).append((choice.kimg, choice.by_works > choice.by_time))
    outcomes: dict[str, list[int]] = {}
    for works, times in by_size.items():
        outcomes.setdefault(_outcome(rows, times), []).append(works)
    for outcome, sizes in outcomes.items():
        yield f"With {', '.join(map(str, sizes))} works {outcome}"


def _outcome(rows: Sequence[Row], times: Sequence[tuple[float, bool]]) -> str:
    """Of (kimg, whether twice the works help more than twice the time), in order."""
    # From the first time on after which it is always the works that are short.
    since = next((kimg for number, (kimg, _) in enumerate(times) if all(data for _, data in times[number:])), None)
    if since is None:
        return (
            f"time is short: up to {2 * times[-1][0]:g} thousand pictures shown, twice the time helps more than twice "
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


def more_works(gain: Value, largest: int, now: float) -> str:
    """Whether to look for more."""
    shown = SHOWN[HEADLINE]
    told = f"{TIMES} times the works ({TIMES * largest}) would lower {shown.label} from {now:.{shown.decimals}f} by "
    told += _with_interval(gain, shown.decimals)
    if gain.low > SMALL * now:
        return f"{told}: do look for more."
    if gain.high < SMALL * now:
        return f"{told}: stop looking for more."
    return f"{told}: whether it is worth the search is not sure."


def _with_interval(value: Value, decimals: int) -> str:
    """`1.2 (0.8 to 1.9)`; without the interval where there is none."""
    interval = "" if isnan(value.low) else f" ({value.low:.{decimals}f} to {value.high:.{decimals}f})"
    return f"{value.value:.{decimals}f}{interval}"


def kept_word(rows: Sequence[Row]) -> Iterator[str]:
    """What a curve through the smaller sizes said of the larger ones, and what came."""
    *_, groups = headline_lines(rows, HEADLINE)
    known, found = check(groups)
    decimals = SHOWN[HEADLINE].decimals
    for item in found:
        expected = _with_interval(item.expected, decimals)
        place = f", {'within' if item.held else 'outside of'} the interval" if not isnan(item.expected.low) else ""
        yield (
            f"Forecast on trial: from {', '.join(map(str, known))} works, {item.works} were expected to have "
            f"{expected}; they have {item.came:.{decimals}f}{place}."
        )


def power(rows: Sequence[Row]) -> Iterator[str]:
    """The smallest difference of two generators that the test works can show.

    Each one's interval over the draw of samples and works has a half-width h; two of them differ surely from
    2^(1/2) h on (less where both are measured with the same works).
    """
    low, high = f"{HEADLINE}_low", f"{HEADLINE}_high"
    half = [(row[high] - row[low]) / 2 for row in rows if row.get(low) is not None and row.get(high) is not None]
    if half:
        shown = SHOWN[HEADLINE]
        yield (
            f"Two trainings must differ by about {2**0.5 * median(half):.{shown.decimals}f} in {shown.label} before "
            "these test works can tell one from the other; means over several trainings tell smaller differences."
        )
