"""The study's answer in a few sentences: works or time, what more works would bring, and what cannot be told."""

from collections.abc import Iterator, Sequence
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
    """For each size whether works or time were short, and from when on."""
    if not evaluations:
        return
    _, found = headline_courses(evaluations)
    by_size: dict[int, list[tuple[float, bool]]] = {}
    for choice in choices(found):
        by_size.setdefault(choice.works, []).append((choice.kimg, choice.by_works > choice.by_time))
    for works, times in by_size.items():
        limited = [data for _, data in times]
        # From the first time on after which it is always the works that are short.
        since = next((kimg for number, (kimg, _) in enumerate(times) if all(limited[number:])), None)
        if since is None:
            yield (
                f"With {works} works time is short: up to {2 * times[-1][0]:g} thousand pictures shown, twice the "
                f"time helps more than twice the works."
            )
        else:
            yield (
                f"With {works} works you are data-limited after {since:g} thousand pictures shown"
                f"{_minutes(rows, since)}: from then on twice the works help more than twice the time."
            )


def _minutes(rows: Sequence[Row], kimg: float) -> str:
    """How long these take, by the cells that are done."""
    paces = [row["seconds"] / row["kimg"] for row in rows if row["seconds"] and row["kimg"]]
    return f" (about {kimg * median(paces) / 60:.0f} minutes of a cell here)" if paces else ""


def more_works(gain: Value, largest: int, now: float) -> str:
    """Whether to look for more."""
    shown = SHOWN[HEADLINE]
    by, low, high, at = (f"{number:.{shown.decimals}f}" for number in (gain.value, gain.low, gain.high, now))
    told = f"{TIMES} times the works ({TIMES * largest}) would lower {shown.label} from {at} by {by} ({low} to {high})"
    if gain.low > SMALL * now:
        return f"{told}: do look for more."
    if gain.high < SMALL * now:
        return f"{told}: stop looking for more."
    return f"{told}: whether it is worth the search is not sure."


def kept_word(rows: Sequence[Row]) -> Iterator[str]:
    """What a curve through the smaller sizes said of the larger ones, and what came."""
    *_, groups = headline_lines(rows, HEADLINE)
    known, found = check(groups)
    decimals = SHOWN[HEADLINE].decimals
    for item in found:
        low, value, high = (
            f"{end:.{decimals}f}" for end in (item.expected.low, item.expected.value, item.expected.high)
        )
        yield (
            f"Forecast on trial: from {', '.join(map(str, known))} works, {item.works} were expected to have "
            f"{value} ({low} to {high}); they have {item.came:.{decimals}f}, "
            f"{'within' if item.held else 'outside of'} the interval."
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
