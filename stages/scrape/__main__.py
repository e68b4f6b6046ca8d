"""Stage scrape: from a source to data/raw/ (files and catalogue.jsonl), by way of the store of fetched bytes."""

import sys
from functools import partial
from io import TextIOWrapper
from pathlib import Path

from stages.common import files, params
from stages.common.checkout import main_checkout
from stages.common.cli import progress, run_cli
from stages.scrape.params import ScrapeParams
from stages.scrape.session import collect, measure, try_again

RAW = Path("data/raw")


def main() -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may have letters that it does not know
    settings = params.load().section(ScrapeParams)
    with files.folder(RAW) as raw:
        collected = collect(settings, raw, main_checkout(), partial(progress, unit=" files"))
        files.write_jsonl(raw / "catalogue.jsonl", collected.rows)
    files.write_json(Path("metrics/scrape.json"), measure(settings, collected))
    for line in [*collected.describe_left_out(), *collected.describe_failures()]:
        print(f"scrape: {line}")
    if collected.failures:
        print("scrape: metrics/scrape.json names every file that failed, and why")
    print(f"scrape: {len(collected.rows)} files in {RAW}, {len(collected.failures)} failed")
    if way := try_again(settings, collected):
        print(f"scrape: {way}")


if __name__ == "__main__":
    run_cli(main, lower="scrape.megapixels or scrape.connections")
