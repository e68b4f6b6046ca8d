"""Stage scrape: from a source to data/raw/ (files and catalogue.jsonl), by way of the store of fetched bytes in .cache/fetch/."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.common import params, report
from stages.common.door import UserError, enter, progress
from stages.scrape import museum, wikiart
from stages.scrape.addresses import FetchError, Refused, is_this_machine
from stages.scrape.catalogue import Gap, NotAPicture, Record, examine, failure, row
from stages.scrape.download import in_order
from stages.scrape.fetch import Client, Manners
from stages.scrape.store import Store

RAW = Path("data/raw")
STORE = Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "fetch"  # in the main checkout: an experiment's workspace is thrown away


def main() -> None:
    settings = params.load().scrape
    with _address(settings) as address, report.folder(RAW) as folder:
        client = _client(settings, address)
        found = _records(client, settings, address)
        records = [item for item in found if isinstance(item, Record)]
        failures = [failure(item, item.reason) for item in found if isinstance(item, Gap)]
        rows, failed = _download(client, settings, records, folder)
        failures += failed
        if not rows:
            tried = f"all {len(failures)} files failed, the first one: {failures[0]['reason']}" if failures else "it lists no works"
            raise UserError(
                f"the source {settings.source!r} at {address} gave no picture: {tried}. "
                "Check scrape.artist, scrape.url and scrape.limit; the museum (scrape.source: museum) needs no network."
            )
        report.write_jsonl(folder / "catalogue.jsonl", rows)
    works = {item["work"] for item in rows if item["work"]}
    sets = dict(Counter(item["set"] for item in rows))
    summary = {"files": len(rows), "works": len(works) or None, "sets": sets, "failed": len(failures), "failures": failures}
    report.write_json(Path("metrics/scrape.json"), summary)
    print(f"scrape: {len(rows)} files in {RAW}, {len(failures)} failed")


@contextmanager
def _address(settings: params.Scrape) -> Iterator[str]:
    """Where the source is; without an address of its own, the museum is opened on this machine for the time of the visit."""
    if settings.url or settings.source != "museum":
        yield settings.url or wikiart.ADDRESS
        return
    opened = [sys.executable, "-m", "stages.museum"]
    with subprocess.Popen(opened, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as door:
        address = door.stdout.readline().strip()
        if not address:
            raise UserError("the museum did not open; its message is above")
        yield address
        door.stdin.close()


def _client(settings: params.Scrape, address: str) -> Client:
    """The client for a source. The embedded museum is not stored: it paints on demand, and its port is another one each time."""
    local = is_this_machine(address)
    manners = Manners(
        contact=settings.contact,
        requests_per_second=0.0 if local else settings.requests_per_second,
        timeout_s=settings.timeout_s,
        total_s=settings.total_s,
        retries=settings.retries,
        most_bytes=int(settings.megabytes * 1e6),
        local=local,
    )
    if settings.source == "museum" and not settings.url:
        return Client(manners)
    return Client(manners, Store(STORE), settings.offline, settings.refresh)


def _records(client: Client, settings: params.Scrape, address: str) -> list[Record | Gap]:
    """What the source offers, in its own order."""
    every = settings.renditions == "all"
    walks: dict[str, Callable[[], Iterator[Record | Gap]]] = {
        "museum": lambda: museum.records(client, address, settings.limit, every),
        "wikiart": lambda: wikiart.records(client, address, settings.artist, settings.limit),
    }
    try:
        return list(progress(walks[settings.source](), desc="catalogue", unit=" files"))
    except Refused as error:
        raise _sent_away(settings, error) from error
    except FetchError as error:
        raise UserError(
            f"the source {settings.source!r} at {address} is out of reach: {error}. Check the network and scrape.url, or set "
            "scrape.source to museum, which needs no network."
        ) from error


def _download(client: Client, settings: params.Scrape, records: list[Record], folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Fetch every file into `folder`; a failed one is a row of its own, not an end."""

    def work(record: Record) -> dict[str, Any] | str:
        """Runs in a thread: what the file shows, or why it could not be had."""
        try:
            data = client.bytes(record.image_url)
            facts = examine(data, settings.megapixels)
        except Refused:
            raise
        except (FetchError, NotAPicture) as error:
            return str(error)
        (folder / facts["file"]).write_bytes(data)
        return facts

    rows, failures = [], []
    try:
        results = in_order(records, work, settings.connections)
        for record, result in progress(results, desc="download", unit=" files", total=len(records)):
            if isinstance(result, str):
                failures.append(failure(record, result))
            else:
                rows.append(row(record, result))
    except Refused as error:
        raise _sent_away(settings, error) from error
    return rows, failures


def _sent_away(settings: params.Scrape, error: Refused) -> UserError:
    return UserError(
        f"the source {settings.source!r} ended the visit: {error}. Nothing more is asked for. What was fetched is kept, and the same "
        "command goes on from there; ask the site's owner first, or set scrape.source to museum."
    )


if __name__ == "__main__":
    enter(main)
