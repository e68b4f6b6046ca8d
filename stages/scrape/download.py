"""Fetch many files at once: a few at a time from each host, and the results in the order of the records."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar
from urllib.parse import urlsplit

from stages.scrape.catalogue import Record

LANES = 16  # hosts that are asked at the same time
Result = TypeVar("Result")


def in_order(
    records: Sequence[Record], work: Callable[[Record], Result], connections: int
) -> Iterator[tuple[Record, Result]]:
    """Each record with what `work` made of it; one address is worked on once, however many records share it.

    All files of a host are in one lane of `connections` threads. The first exception ends the whole: nothing more is started.
    """
    with ExitStack() as stack:
        lanes = [ThreadPoolExecutor(connections) for _ in range(LANES)]  # a lane without a host starts no thread
        for lane in lanes:
            stack.callback(lane.shutdown, cancel_futures=True)
        hosts: dict[str, int] = {}
        futures: dict[str, Future[Result]] = {}
        waiting: deque[tuple[Record, Future[Result]]] = deque()
        for record in records:
            host = _host(record.image_url)
            number = hosts.setdefault(host, len(hosts))
            if record.image_url not in futures:
                futures[record.image_url] = lanes[number % LANES].submit(work, record)
            waiting.append((record, futures[record.image_url]))
        while waiting:
            record, future = waiting.popleft()
            yield record, future.result()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
