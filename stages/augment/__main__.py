"""Stage augment: from data/works/ and the split to data/train/: square pictures at the training resolution.

data/train/train/ holds the variations to learn from, data/train/validation/ the plain validation works, both as
`<work>--<number>.png`.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from stages.augment.copies import files_by_work, save_copies, save_plain, threads
from stages.augment.params import AugmentParams
from stages.common import files, params
from stages.common.cli import progress, run_cli
from stages.common.records import read_split, read_works
from stages.gan import presets

WORKS = Path("data/works")
THREADS = min(4, os.cpu_count() or 1)  # at the most: each has a work's file in memory, which may be large


def main() -> None:
    everything = params.load()
    settings = everything.section(AugmentParams)
    pixels = presets.fill(everything.raw["train"])["resolution"]
    split = read_split(Path("data/split.json"))
    rows = read_works(WORKS / "works.jsonl")
    paths = files_by_work(rows, WORKS)
    workers = threads(rows, [*split["train"], *split["validation"]], THREADS)
    with files.folder(Path("data/train")) as folder, ThreadPoolExecutor(workers) as pool:
        train = partial(save_copies, folder / "train", pixels=pixels, settings=settings)
        validate = partial(save_plain, folder / "validation", pixels=pixels)
        done = pool.map(train, split["train"], [paths[work] for work in split["train"]])
        deque(progress(done, total=len(split["train"]), desc="augment", unit=" works"), maxlen=0)
        deque(pool.map(validate, split["validation"], [paths[work][0] for work in split["validation"]]), maxlen=0)
    print(f"augment: {len(split['train'])} works to train on, {len(split['validation'])} to validate, {pixels} px")


if __name__ == "__main__":
    run_cli(main, lower="scrape.megapixels, which leaves out the largest files")
