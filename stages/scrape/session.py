"""A visit to a source: open it, list what it offers, and fetch every file into a folder."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from stages.common.cli import UserError
from stages.common.records import CatalogueRow, ScrapeMetrics
from stages.scrape.addresses import FetchError, Refused, is_this_machine
from stages.scrape.catalogue import Facts, NotAPicture, examine, failure, row
from stages.scrape.client import Client, ClientConfig
from stages.scrape.download import fetch_in_order
from stages.scrape.interface import Gap, Query, Record
from stages.scrape.params import ScrapeParams
from stages.scrape.sources import SOURCES
from stages.scrape.store import Store

STORE = ".cache/fetch"  # the store of fetched bytes, in the main checkout
WAY_OUT = "set scrape.source to museum, which needs no network"
Monitor = Callable[..., Iterable[Any]]  # shows how far an iteration is: (items, desc=, total=) gives the same items


@dataclass(frozen=True)
class Collected:
    """What a visit has brought: a row of the catalogue for each file, and what could not be had, with the reasons."""

    rows: list[CatalogueRow]
    failures: list[dict[str, str]]


def collect(params: ScrapeParams, raw: Path, checkout: Path, monitor: Monitor) -> Collected:
    """Fetch all that the source offers into the folder `raw`.

    `checkout` is where the store and the user's own folders and lists are.

    Raises UserError when the source cannot be had, refuses the visit, or gives no picture.
    """
    fixed = _fixed_address(params, checkout)
    # A site that is served on demand is not stored: its port is another one each time.
    store = Store(checkout / STORE) if fixed else None
    with nullcontext(fixed) if fixed else _served(SOURCES[params.source].program) as address:
        session = Session(params, address, store)
        try:
            found = session.list_records(monitor)
            collected = session.download(found, raw, monitor)
        except Refused as error:
            raise UserError(
                f"the source {params.source!r} ended the visit: {error}. Nothing more is asked for. "
                "What was fetched is kept, and the same command goes on from there; "
                f"ask the site's owner first, or {WAY_OUT}."
            ) from error
    if not collected.rows:
        raise UserError(_no_picture(params, address, collected.failures))
    return collected


def measure(params: ScrapeParams, collected: Collected) -> ScrapeMetrics:
    """The contents of metrics/scrape.json."""
    described = SOURCES[params.source].describe(params.model_dump())
    works = {item["work"] for item in collected.rows if item["work"]}
    return {
        "source": described["source"],
        "collection": described["collection"],
        "files": len(collected.rows),
        "works": len(works) or None,
        "sets": dict(Counter(item["set"] for item in collected.rows)),
        "failed": len(collected.failures),
        "failures": collected.failures,
    }


class Session:
    """A source at its address, and the client that asks it."""

    def __init__(self, params: ScrapeParams, address: str, store: Store | None):
        """Without a store, nothing is kept, and the source is asked also when scrape.offline is true."""
        self.params, self.address, self.store = params, address, store
        self.source = SOURCES[params.source]
        self.client = self._make_client(is_this_machine(address))

    def list_records(self, monitor: Monitor) -> list[Record | Gap]:
        """What the source offers, in its own order; raises UserError when it cannot be had, Refused when it refuses."""
        records: Callable[[Query], Iterator[Record | Gap]] = resolve_name(self.source.records)
        try:
            found = list(monitor(records(self._query()), desc="catalogue"))
        except Refused:
            raise
        except FetchError as error:
            raise UserError(self._unreachable(error)) from error
        if self.source.many_hosts:  # which of them are visited is known only now
            self.client = self._make_client(_all_on_this_machine(found))
        return found

    def download(self, found: Sequence[Record | Gap], raw: Path, monitor: Monitor) -> Collected:
        """Fetch every file into the folder `raw`; a failed one is a row of its own, not an end."""
        records = [item for item in found if isinstance(item, Record)]
        collected = Collected([], [failure(item, item.reason) for item in found if isinstance(item, Gap)])
        results = fetch_in_order(records, partial(self._fetch, raw), self.params.connections)
        for record, result in monitor(results, desc="download", total=len(records)):
            if isinstance(result, str):
                collected.failures.append(failure(record, result))
            else:
                collected.rows.append(row(record, result))
        return collected

    def _fetch(self, raw: Path, record: Record) -> Facts | str:
        """Runs in a thread: what the file shows, or why it could not be had."""
        try:
            data = self._read(record)
            facts = examine(data, self.params.megapixels)
        except (FetchError, NotAPicture) as error:
            if isinstance(error, Refused) and not self.source.many_hosts:
                raise
            return str(error)
        (raw / facts["file"]).write_bytes(data)
        return facts

    def _read(self, record: Record) -> bytes:
        if self.source.read:
            read: Callable[[Query, Record], bytes] = resolve_name(self.source.read)
            return read(self._query(), record)
        return self.client.file(record.image_url)

    def _query(self) -> Query:
        return Query(self.client, self.address, self.params)

    def _make_client(self, local: bool) -> Client:
        """A client for a source that is on this machine (`local`) or elsewhere."""
        config = ClientConfig(
            contact=self.params.contact,
            requests_per_second=0.0 if local else self.params.requests_per_second,
            timeout_s=self.params.timeout_s,
            total_s=self.params.total_s,
            retries=self.params.retries,
            max_bytes=self.params.max_bytes,
            local=local,
        )
        if self.store is None:
            return Client(config)
        client = Client(config, self.store, self.params.offline, self.params.refresh)
        if self.source.pause_s and not local:
            client.slow_down(self.address, self.source.pause_s)
        return client

    def _unreachable(self, error: FetchError) -> str:
        name, keys = self.params.source, " and ".join(self.source.keys)
        if self.source.on_disk:
            return f"the source {name!r} cannot be read: {error}. Check {keys}."
        return (
            f"the source {name!r} at {self.address} is out of reach: {error}. Check the network, {keys}, or {WAY_OUT}."
        )


def _fixed_address(params: ScrapeParams, checkout: Path) -> str:
    """Where the source is, on the web or on this disk; "" where its program must serve it."""
    source = SOURCES[params.source]
    if source.on_disk:
        return str(checkout / params.path)
    return params.url or source.address


@contextmanager
def _served(program: str) -> Iterator[str]:
    """The address of a site that a module of this project serves, on this machine and for the time of the visit."""
    command = [sys.executable, "-m", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout, "both are pipes"
        address = process.stdout.readline().strip()
        if not address:
            raise UserError(f"{program} did not open its site; its message is above")
        yield address
        process.stdin.close()


def _all_on_this_machine(found: Iterable[Record | Gap]) -> bool:
    return all(is_this_machine(item.image_url) for item in found if isinstance(item, Record))


def _no_picture(params: ScrapeParams, address: str, failures: list[dict[str, str]]) -> str:
    tried = "it lists no works"
    if failures:
        tried = f"all {len(failures)} files failed, the first one: {failures[0]['reason']}"
    return (
        f"the source {params.source!r} at {address} gave no picture: {tried}. "
        f"Check {' and '.join(SOURCES[params.source].keys)} and scrape.limit; "
        "the museum (scrape.source: museum) needs no network."
    )
