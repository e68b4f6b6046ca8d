"""A limit on the rate of requests to each host: when the next one may go, for all threads together."""

import threading
import time
from collections.abc import Mapping

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

FOREVER_S = 10**9  # what a pause of any greater length counts as


class RateLimiter:
    """Spread the requests to each host over time."""

    def __init__(self, requests_per_second: float):
        """0 means no limit (until a site's robots.txt or a busy server asks for one)."""
        self.default_interval = 1 / requests_per_second if requests_per_second else 0.0  # seconds
        self.intervals: dict[str, float] = {}  # of hosts with one of their own
        self.next_time: dict[str, float] = {}  # when the next request to a host may go, on the monotonic clock
        self.lock = threading.Lock()

    def set_min_interval(self, host: str, seconds: float) -> None:
        """Leave at least that time between two requests to the host."""
        with self.lock:
            self.intervals[host] = max(seconds, self.intervals.get(host, self.default_interval))

    def hold(self, host: str, seconds: float) -> None:
        """Send the host nothing for that time."""
        with self.lock:
            self.next_time[host] = max(self.next_time.get(host, 0.0), time.monotonic() + seconds)

    def wait(self, host: str) -> None:
        """Sleep until the host may be asked, and take the turn; a hold that comes meanwhile is obeyed too."""
        while True:
            with self.lock:
                left = self.next_time.get(host, 0.0) - time.monotonic()
                if left <= 0:
                    self.next_time[host] = time.monotonic() + self.intervals.get(host, self.default_interval)
                    return
            time.sleep(left)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of Retry-After, a number or a date; None where there is none that can be read."""
    try:
        return Retry(retry_after_max=FOREVER_S).parse_retry_after(headers["Retry-After"])
    except (KeyError, InvalidHeader, ValueError, OverflowError):
        return None
