"""A visit to a source: open it, list what it offers, and fetch every file into a folder."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from stages.common.cli import UserError
from stages.common.decode import SUFFIXES
from stages.common.records import CatalogueRow, ScrapeMetrics
from stages.scrape.addresses import FetchError, Refused, host_of, is_asked, is_this_machine
from stages.scrape.catalogue import Facts, Unsuitable, clean, examine, failure, placeholders, row
from stages.scrape.client import Client, ClientConfig
from stages.scrape.download import fetch_in_order
from stages.scrape.interface import Found, Gap, LeftOut, Query, Record
from stages.scrape.params import MOST_MEGABYTES, ScrapeParams
from stages.scrape.sources import SOURCES
from stages.scrape.store import Store
from stages.scrape.transport import TooLarge

STORE = ".cache/fetch"  # the store of fetched bytes, in the main checkout
WAY_OUT = "set scrape.source to museum, which needs no network"
MAX_REFUSED = 3  # pictures of a host in a row
NAMED, LISTED = 3, 50  # names of what is left out for a reason: on the screen, in the metrics
REASONS = 12  # of failures, on the screen
SIZES = re.compile(r"\d+ x \d+ pixels are")  # they differ where the reason is the same
Monitor = Callable[..., Iterable[Any]]  # shows how far an iteration is: (items, desc=, total=) gives the same items


@dataclass(frozen=True)
class Collected:
    """What a visit has brought: a row of the catalogue for each file, and what could not be had, with the reasons."""

    rows: list[CatalogueRow]
    failures: list[dict[str, str]]
    left_out: dict[str, list[str]] = field(default_factory=dict)  # names by reason: what is no picture

    def describe_left_out(self) -> list[str]:
        """What was left out, in a line for each reason."""
        return [_line("left out", reason, names) for reason, names in self.left_out.items()]

    def describe_failures(self) -> list[str]:
        """What failed, in a line for each reason, the most frequent first; no more than REASONS, and one for others."""
        reasons: dict[str, list[str]] = {}
        for item in self.failures:
            reason = SIZES.sub("its pixels are", clean(item["reason"]))
            reasons.setdefault(reason, []).append(item["image_url"] or item["title"])
        ordered = sorted(reasons.items(), key=lambda found: -len(found[1]))
        lines = [_line("failed", reason, names) for reason, names in ordered[:REASONS]]
        others = [name for _, names in ordered[REASONS:] for name in names]
        return [*lines, _line("failed", f"{len(ordered) - REASONS} other reasons", others)] if others else lines


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
                f"the source {params.source!r} ended the visit at {error.address or address}: {error}. Nothing more is "
                "asked for. What was fetched is kept, and the same command goes on from there; ask the site's owner "
                f"first, set scrape.offline to true to go on with what is there, or {WAY_OUT}."
            ) from error
    if not collected.rows:
        raise UserError(_no_picture(params, address, collected))
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
        "left_out": [
            {"reason": reason, "count": len(names), "names": names[:LISTED]}
            for reason, names in collected.left_out.items()
        ],
    }


def try_again(params: ScrapeParams, collected: Collected) -> str:
    """How to ask again for what failed: DVC skips a stage that has run; "" where nothing did, or nobody is asked."""
    if not collected.failures or params.offline or SOURCES[params.source].read:
        return ""
    return (
        "`dvc repro -f scrape` asks again for what failed (without -f, DVC skips the stage until something changes; "
        "what is gone is asked for only with scrape.refresh: true)"
    )


class Session:
    """A source at its address, and the client that asks it."""

    def __init__(self, params: ScrapeParams, address: str, store: Store | None):
        """Without a store, nothing is kept, and the source is asked also when scrape.offline is true."""
        self.params, self.address, self.store = params, address, store
        self.source = SOURCES[params.source]
        self.client = self._make_client(is_this_machine(address))

    def list_records(self, monitor: Monitor) -> list[Found]:
        """What the source offers, in its own order; raises UserError when it cannot be had, Refused when it refuses."""
        records: Callable[[Query], Iterator[Found]] = resolve_name(self.source.records)
        try:
            found = list(monitor(records(self._query()), desc="catalogue"))
        except Refused:
            raise
        except FetchError as error:
            raise UserError(self._unreachable(error)) from error
        if self.source.many_hosts:  # which of them are visited is known only now
            self.client = self._make_client(_all_on_this_machine(found))
        return found

    def download(self, found: Sequence[Found], raw: Path, monitor: Monitor) -> Collected:
        """Fetch every file into the folder `raw`; a failed one is a row of its own, not an end.

        Raises Refused when a host refuses several in a row; where the files lie on other hosts too, it alone is left.
        """
        records = [item for item in found if isinstance(item, Record)]
        collected = Collected([], [failure(item, item.reason) for item in found if isinstance(item, Gap)])
        for item in found:
            if isinstance(item, LeftOut):
                collected.left_out.setdefault(item.reason, []).append(clean(item.name))
        results = self._results(records, raw, monitor)
        if not self.source.read:
            results = self._without_placeholders(results, raw)
        for record, result in results:
            if isinstance(result, str):
                collected.failures.append(failure(record, result))
            else:
                collected.rows.append(row(record, result))
        return collected

    def _results(self, records: Sequence[Record], raw: Path, monitor: Monitor) -> list[tuple[Record, Facts | str]]:
        """Each record with what its file shows, or why it could not be had."""
        hosts = {host_of(record.image_url) for record in records}
        results: list[tuple[Record, Facts | str]] = []
        refused: defaultdict[str, set[str]] = defaultdict(set)  # addresses in a row, by host
        fetched = fetch_in_order(records, partial(self._fetch, raw), self.params.connections)
        for record, result in monitor(fetched, desc="download", total=len(records)):
            host = host_of(record.image_url)
            if isinstance(result, Refused):
                refused[host].add(record.image_url)
                if len(refused[host]) == MAX_REFUSED:
                    self.client.leave(host, "refused several pictures in a row")
                    if not self.source.many_hosts or self.client.left.keys() >= hosts:
                        raise _last_refusal(record, result) from result
                result = str(result)
            else:
                refused[host].clear()
            results.append((record, result))
        return results

    def _without_placeholders(
        self, results: list[tuple[Record, Facts | str]], raw: Path
    ) -> list[tuple[Record, Facts | str]]:
        """The results with a failure for each file that stands in for several works: "this picture is unavailable"."""
        found = placeholders([(record, result) for record, result in results if not isinstance(result, str)])
        for name in found:
            (raw / name).unlink()
        checked: list[tuple[Record, Facts | str]] = []
        for record, result in results:
            if not isinstance(result, str) and (works := found.get(result["file"])):
                self.client.forget(record.image_url)  # the work's own picture may come later
                result = f"a placeholder: {works} works have this very file"
            checked.append((record, result))
        return checked

    def _fetch(self, raw: Path, record: Record) -> Facts | str | Refused:
        """Runs in a thread: what the file shows, or why it could not be had."""
        try:
            data, result = self._read(record)
        except Refused as error:
            return error
        except FetchError as error:
            return str(error)
        if not isinstance(result, str):
            (raw / result["file"]).write_bytes(data)
        return result

    def _read(self, record: Record) -> tuple[bytes, Facts | str]:
        """A file's bytes, and what they show, or why they are a picture that is not used."""
        try:
            if self.source.read:
                read: Callable[[Query, Record], bytes] = resolve_name(self.source.read)
                return self._examined(read(self._query(), record))
            return self.client.file(record.image_url, self._examined)
        except TooLarge as error:
            raise FetchError(f"{error}: raise scrape.megabytes (at most {MOST_MEGABYTES})") from error

    def _examined(self, data: bytes) -> tuple[bytes, Facts | str]:
        """Raises NotAPicture for bytes that are not worth keeping."""
        try:
            return data, examine(data, self.params.megapixels)
        except Unsuitable as error:
            return data, str(error)

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
        try:
            return str(checkout / Path(params.path).expanduser())
        except RuntimeError as error:
            raise UserError(
                f"scrape.path is {params.path!r}, but there is no such home: write the whole path"
            ) from error
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


def _all_on_this_machine(found: Iterable[Found]) -> bool:
    """Whether every file is that can be asked for; the others fail, and say nothing of where these are."""
    addresses = [item.image_url for item in found if isinstance(item, Record)]
    return all(is_this_machine(address) for address in addresses if is_asked(address))


def _line(what: str, reason: str, names: Sequence[str]) -> str:
    """How many files met with the same, why, and the first of them."""
    return f"{what} {len(names)}: {reason} ({', '.join(names[:NAMED])}{', ...' if len(names) > NAMED else ''})"


def _last_refusal(record: Record, refusal: Refused) -> Refused:
    """What ends a visit after several refusals in a row."""
    ended = Refused(f"{refusal} (the picture of {record.title!r}, and {MAX_REFUSED - 1} before it)")
    ended.address = refusal.address
    return ended


def _no_picture(params: ScrapeParams, address: str, collected: Collected) -> str:
    tried = "it lists no works"
    if failures := collected.failures:
        tried = f"all {len(failures)} files failed, the first one: {failures[0]['reason']}"
    if collected.left_out:
        tried = "; ".join([tried, *collected.describe_left_out(), f"read are {', '.join(SUFFIXES)}"])
    return (
        f"the source {params.source!r} at {address} gave no picture: {tried}. "
        f"Check {' and '.join(SOURCES[params.source].keys)} and scrape.limit; "
        "the museum (scrape.source: museum) needs no network."
    )
