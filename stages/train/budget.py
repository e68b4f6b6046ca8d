"""How long a training may take and what it costs: a forecast after the first steps, and an end in time."""

import time
from collections.abc import Callable


class Budget:
    """A clock over all sessions of one training. Nothing that it says goes into an output, or no two would be alike."""

    def __init__(
        self, max_minutes: float, cost_per_hour: float, spent: float = 0.0, clock: Callable[[], float] = time.monotonic
    ):
        """`max_minutes` 0: no limit; `cost_per_hour` 0: unknown; `spent`: seconds of earlier sessions."""
        self._limit, self._cost, self._clock = 60 * max_minutes, cost_per_hour, clock
        self._start = clock() - spent
        self.reserve = 0.0  # seconds that are still needed after the last step

    def spent(self) -> float:
        """Seconds so far, with those of earlier sessions."""
        return self._clock() - self._start

    def used_up(self) -> bool:
        """Whether to end now, so that what comes after the last step still fits."""
        return self._limit > 0 and self.spent() + self.reserve >= self._limit

    def forecast(self, steps: int, seconds: float, left: int) -> str:
        """One line: what `left` steps will take and cost if `steps` took `seconds`."""
        expected = left * seconds / steps
        limit = max(0.0, self._limit - self.spent() - self.reserve)
        text = f"{_minutes(expected)} to go"
        if self._limit and expected > limit:
            share = limit / expected
            text += f", but the budget (train.max_minutes) ends in {_minutes(limit)}"
            text += f", after about {share:.0%} of the steps to come"
        if self._cost:
            hours = (min(expected, limit) if self._limit else expected) / 3600
            text += f"; about {hours * self._cost:.2f} at {self._cost:g} per hour (train.cost_per_hour)"
            text += f", {self.spent() / 3600 * self._cost:.2f} spent so far"
        return text


def _minutes(seconds: float) -> str:
    return f"about {seconds / 60:.1f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
