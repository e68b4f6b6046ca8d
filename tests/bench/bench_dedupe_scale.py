"""How fast files are hashed, and how the search for candidates grows, beside faiss's tables. Prints Markdown.

Run in the repository's root, on one thread with OMP_NUM_THREADS=1:

    PYTHONPATH=. python tests/bench/bench_dedupe_scale.py --folder data/raw --sizes 10000 100000 1000000
"""

import argparse
import os
import resource
import time
from pathlib import Path

import faiss
import imagehash
import numpy as np
from PIL import Image

from stages.common import images
from stages.dedupe import views
from stages.dedupe.candidates import EXACT, candidates
from stages.dedupe.groups import Groups
from stages.dedupe.hashing import HASH_SIDE, fingerprints
from stages.dedupe.workers import workers

DISTANCE = 72  # bits: the default of dedupe.hash_distance
# Bits by which planted copies differ: from the least to the most that real alterations do, and the limit.
PLANTED = (0, 2, 6, 12, 24, 38, 56, 72)
SHARE = 0.1  # of the hashes are planted copies
# faiss's tables: 16 of 16 bits, looked up with ever more of them flipped until the recall is no less than ours. Of
# those tried at 100,000 hashes (8 to 21 bits) they are the quickest with a recall of 0.99 at DISTANCE.
TABLES = (16, 16)
FLIPS = (1, 2, 3, 4)
ASKED = 400  # planted copies that ask them: all hashes would take hours
OURS = ("hashes", "compared", "seconds", "recall", "at 72 bits", "other pairs", "peak memory, GB")
THEIRS = ("MultiHash: flips", "recall", "seconds", "times ours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data/raw"))
    parser.add_argument("--files", type=int, default=2000, help="0: hash none")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    asked = parser.parse_args()
    if asked.files:
        listing = images.listing(asked.folder)
        print(hashing((listing * (asked.files // len(listing) + 1))[: asked.files]))
    print(
        f"\nProcessor time of {faiss.omp_get_max_threads()} threads; MultiHash's of a sample, times the hashes in it.\n"
    )
    print(f"| {' | '.join(OURS + THEIRS)} |\n{'|---' * len(OURS + THEIRS)}|")
    for size in asked.sizes:
        print(grouping(size), flush=True)


def hashing(paths: list[Path]) -> str:
    """Files per second: one hash each by imagehash in one process, and all views by dedupe in a process per core."""
    for path in paths[:200]:
        path.read_bytes()  # both find the files in memory
    start = time.perf_counter()
    for path in paths:
        with Image.open(path) as picture:
            imagehash.phash(picture, hash_size=HASH_SIDE)
    plain = len(paths) / (time.perf_counter() - start)
    with workers() as pool:
        list(fingerprints(paths[:100], False, False, pool))  # the processes are up
        start = time.perf_counter()
        count = sum(1 for _ in fingerprints(paths, False, False, pool))
        ours = count / (time.perf_counter() - start)
    rows = [
        f"| plain `imagehash.phash`, one process | 1 | {plain:.0f} | 1.00 |",
        f"| dedupe, {os.cpu_count()} processes | {views.COUNT} | {ours:.0f} | {ours / plain:.2f} |",
    ]
    head = [f"{len(paths)} files:\n", "| | hashes per file | files per second | ratio |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def grouping(size: int) -> str:
    """Random hashes of 256 bits, a tenth of them copies of others with some bits flipped: find and join them."""
    hashes, pairs = planted(size)
    boxes = np.zeros((size, 1, 4), np.float32)
    start = time.process_time()
    found = candidates(hashes[:, None], boxes, DISTANCE)
    groups = Groups(size)
    for first, second in zip(found.first.tolist(), found.second.tolist(), strict=True):
        groups.join(first, second)
    seconds = time.process_time() - start
    joined = np.array([groups.root(first) == groups.root(second) for first, second in pairs])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # before faiss's tables take more
    farthest, others = joined[len(PLANTED) - 1 :: len(PLANTED)].mean(), len(found) - joined.sum()
    way = "tables" if size**2 > EXACT else "all"
    ours = [
        f"{size:,}",
        way,
        f"{seconds:.1f}",
        f"{joined.mean():.5f}",
        f"{farthest:.4f}",
        f"{others:,}",
        f"{memory:.2f}",
    ]
    flips, recall, theirs = multi_hash(hashes, pairs, joined.mean())
    return f"| {' | '.join([*ours, str(flips), f'{recall:.4f}', f'{theirs:,.0f}', f'{theirs / seconds:,.1f}'])} |"


def multi_hash(hashes: np.ndarray, pairs: list[tuple[int, int]], recall: float) -> tuple[int, float, float]:
    """faiss's IndexBinaryMultiHash: with how many flips it has that recall, the recall, the seconds all hashes take."""
    start = time.process_time()
    index = faiss.IndexBinaryMultiHash(8 * hashes.shape[1], *TABLES)
    index.add(hashes)
    built = time.process_time() - start
    sources, copies = np.array(pairs[:ASKED]).T
    found, seconds = 0.0, 0.0
    for index.nflip in FLIPS:
        start = time.process_time()
        limits, _, rows = index.range_search(hashes[copies], DISTANCE + 1)
        seconds = time.process_time() - start
        answers = np.split(rows, limits[1:-1].astype(np.int64))
        found = float(np.mean([source in answer for source, answer in zip(sources, answers, strict=True)]))
        if found >= recall:
            break
    return index.nflip, found, built + seconds * len(hashes) / len(copies)


def planted(size: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """uint8 [size, 32], and which pairs of rows are copies."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (size, 32), np.uint8)
    count = int(SHARE * size)
    rows = rng.permutation(size)
    sources, copies = rows[:count], rows[count : 2 * count]
    for place, (source, copy) in enumerate(zip(sources, copies, strict=True)):
        flips = np.zeros(256, bool)
        flips[rng.permutation(256)[: PLANTED[place % len(PLANTED)]]] = True
        hashes[copy] = hashes[source] ^ np.packbits(flips)
    return hashes, list(zip(sources.tolist(), copies.tolist(), strict=True))


if __name__ == "__main__":
    main()
