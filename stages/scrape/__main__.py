"""Stage scrape: from web pages to data/raw/ (files and catalogue.jsonl)."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.common import params, report
from stages.common.door import UserError, enter, progress
from stages.scrape import museum, wikiart
from stages.scrape.catalogue import NotAPicture, Record, failure, row
from stages.scrape.fetch import Client, FetchError

RAW = Path("data/raw")


def main() -> None:
    settings = params.load().scrape
    with _address(settings) as address, report.folder(RAW) as folder:
        client = Client(settings.timeout_s)
        rows, failures = _download(client, _records(client, settings, address), folder)
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


def _records(client: Client, settings: params.Scrape, address: str) -> list[Record]:
    """What the source offers, in its own order."""
    walk = {
        "museum": lambda: museum.records(client, address, settings.limit),
        "wikiart": lambda: wikiart.records(client, address, settings.artist, settings.limit),
    }[settings.source]
    try:
        return list(progress(walk(), desc="catalogue", unit=" files"))
    except FetchError as error:
        raise UserError(
            f"the source {settings.source!r} at {address} is out of reach: {error}. Check the network and scrape.url, or set "
            "scrape.source to museum, which needs no network."
        ) from error


def _download(client: Client, records: list[Record], folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Fetch every file into `folder`; a failed one is a row of its own, not an end."""
    rows, failures = [], []
    for record in progress(records, desc="download", unit=" files"):
        try:
            data = client.bytes(record.image_url)
            found = row(record, data)
        except (FetchError, NotAPicture) as error:
            failures.append(failure(record, str(error)))
            continue
        report.write_bytes(folder / found["file"], data)
        rows.append(found)
    return rows, failures


if __name__ == "__main__":
    enter(main)
