"""Stage scrape: from a source to data/raw/ (files and catalogue.jsonl), by way of the store of fetched bytes in .cache/fetch/."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.common import files, params
from stages.common.cli import UserError, progress, run_cli
from stages.scrape import commons, folder, museum, urls, wikiart
from stages.scrape.addresses import FetchError, Refused, is_this_machine
from stages.scrape.catalogue import Gap, NotAPicture, Record, examine, failure, row
from stages.scrape.download import in_order
from stages.scrape.fetch import Client, Manners
from stages.scrape.params import ScrapeParams
from stages.scrape.store import Store

RAW = Path("data/raw")
HOME = Path(
    os.environ.get("DVC_ROOT", ".")
)  # the main checkout: an experiment's workspace is thrown away, and lacks what git does not know
STORE = HOME / ".cache" / "fetch"
SITES = {"wikiart": wikiart.ADDRESS, "commons": commons.ADDRESS}
KNOBS = {
    "museum": "scrape.url",
    "wikiart": "scrape.artist and scrape.url",
    "commons": "scrape.category and scrape.url",
    "folder": "scrape.path",
    "urls": "scrape.path",
}


def main() -> None:
    settings = params.load().section(ScrapeParams)
    with _address(settings) as address, files.folder(RAW) as raw:
        try:
            client = _client(settings, address)
            found = _records(client, settings, address)
            rows, failures = _download(client, settings, found, raw)
        except Refused as error:
            raise UserError(
                f"the source {settings.source!r} ended the visit: {error}. Nothing more is asked for. What was fetched is kept, and the "
                "same command goes on from there; ask the site's owner first, or set scrape.source to museum, which needs no network."
            ) from error
        if not rows:
            tried = (
                f"all {len(failures)} files failed, the first one: {failures[0]['reason']}"
                if failures
                else "it lists no works"
            )
            raise UserError(
                f"the source {settings.source!r} at {address} gave no picture: {tried}. "
                f"Check {KNOBS[settings.source]} and scrape.limit; the museum (scrape.source: museum) needs no network."
            )
        files.write_jsonl(raw / "catalogue.jsonl", rows)
    works = {item["work"] for item in rows if item["work"]}
    sets = dict(Counter(item["set"] for item in rows))
    summary = {
        "files": len(rows),
        "works": len(works) or None,
        "sets": sets,
        "failed": len(failures),
        "failures": failures,
    }
    files.write_json(Path("metrics/scrape.json"), summary)
    print(f"scrape: {len(rows)} files in {RAW}, {len(failures)} failed")


@contextmanager
def _address(settings: ScrapeParams) -> Iterator[str]:
    """Where the source is, on the web or on this disk; without an address of its own, the museum is opened on this machine for the time of the visit."""
    if settings.source in ("folder", "urls"):
        yield str(HOME / settings.path)
        return
    if settings.url or settings.source != "museum":
        yield settings.url or SITES[settings.source]
        return
    opened = [sys.executable, "-m", "stages.museum"]
    with subprocess.Popen(opened, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as door:
        address = door.stdout.readline().strip()
        if not address:
            raise UserError("the museum did not open; its message is above")
        yield address
        door.stdin.close()


def _client(settings: ScrapeParams, address: str) -> Client:
    """The client for a source. The embedded museum is not stored: it paints on demand, and its port is another one each time."""
    local = _is_local(settings, address)
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
    client = Client(manners, Store(STORE), settings.offline, settings.refresh)
    if settings.source == "wikiart" and not local:
        client.slow_down(address, wikiart.PAUSE_S)
    return client


def _is_local(settings: ScrapeParams, address: str) -> bool:
    """Whether the source is on this machine: its site, or every address of the user's own list."""
    if settings.source == "urls":
        return all(is_this_machine(record.image_url) for record in _listed(settings, address))
    return is_this_machine(address)


def _listed(settings: ScrapeParams, address: str) -> list[Record | Gap]:
    """What a source on the disk lists."""
    walk = {"urls": urls.records, "folder": folder.records}[settings.source]
    try:
        return list(walk(Path(address), settings.limit, settings.genre))
    except FetchError as error:
        raise UserError(f"the source {settings.source!r} cannot be read: {error}. Check scrape.path.") from error


def _records(client: Client, settings: ScrapeParams, address: str) -> list[Record | Gap]:
    """What the source offers, in its own order."""
    if settings.source in ("folder", "urls"):
        return _listed(settings, address)
    limit, every = settings.limit, settings.renditions == "all"
    walks: dict[str, Callable[[], Iterator[Record | Gap]]] = {
        "museum": lambda: museum.records(client, address, limit, every),
        "wikiart": lambda: wikiart.records(client, address, settings.artist, limit, every, settings.genre),
        "commons": lambda: commons.records(client, address, settings.category, limit, every),
    }
    try:
        return list(progress(walks[settings.source](), desc="catalogue", unit=" files"))
    except Refused:
        raise
    except FetchError as error:
        raise UserError(
            f"the source {settings.source!r} at {address} is out of reach: {error}. Check the network, {KNOBS[settings.source]}, or set "
            "scrape.source to museum, which needs no network."
        ) from error


def _download(
    client: Client, settings: ScrapeParams, found: list[Record | Gap], raw: Path
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Fetch every file into the folder `raw`; a failed one is a row of its own, not an end."""

    def data_of(record: Record) -> bytes:
        if settings.source == "folder":
            return folder.read(HOME / settings.path, record.image_url, int(settings.megabytes * 1e6))
        return client.file(record.image_url)

    def work(record: Record) -> dict[str, Any] | str:
        """Runs in a thread: what the file shows, or why it could not be had."""
        try:
            data = data_of(record)
            facts = examine(data, settings.megapixels)
        except (FetchError, NotAPicture) as error:
            if (
                isinstance(error, Refused) and settings.source != "urls"
            ):  # a list has many hosts: one that refuses is not the source
                raise
            return str(error)
        (raw / facts["file"]).write_bytes(data)
        return facts

    records = [item for item in found if isinstance(item, Record)]
    rows, failures = [], [failure(item, item.reason) for item in found if isinstance(item, Gap)]
    for record, result in progress(
        in_order(records, work, settings.connections), desc="download", unit=" files", total=len(records)
    ):
        if isinstance(result, str):
            failures.append(failure(record, result))
        else:
            rows.append(row(record, result))
    return rows, failures


if __name__ == "__main__":
    run_cli(main)
