"""Fetch many files at once: a few at a time from each host, and the results in the order of the records."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from stages.scrape.addresses import host_of
from stages.scrape.interface import Record

PARALLEL_HOSTS = 16  # hosts that are asked at the same time
Result = TypeVar("Result")


def fetch_in_order(
    records: Sequence[Record], fetch: Callable[[Record], Result], connections: int
) -> Iterator[tuple[Record, Result]]:
    """Each record with what `fetch` made of it; one address is fetched once, however many records share it.

    All files of a host go through one pool of `connections` threads. The first exception ends the whole: nothing
    more is started.
    """
    with ExitStack() as stack:
        pools = [ThreadPoolExecutor(connections) for _ in range(PARALLEL_HOSTS)]  # one without a host starts no thread
        for pool in pools:
            stack.callback(pool.shutdown, cancel_futures=True)
        hosts: dict[str, int] = {}
        futures: dict[str, Future[Result]] = {}
        waiting: deque[tuple[Record, Future[Result]]] = deque()
        for record in records:
            host = host_of(record.image_url)
            number = hosts.setdefault(host, len(hosts))
            if record.image_url not in futures:
                futures[record.image_url] = pools[number % PARALLEL_HOSTS].submit(fetch, record)
            waiting.append((record, futures[record.image_url]))
        while waiting:
            record, future = waiting.popleft()
            yield record, future.result()
