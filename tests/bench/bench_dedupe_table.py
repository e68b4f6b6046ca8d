"""How many duplicates are found, alteration by alteration, and is anything merged that should not be?

Prints a Markdown table. Run in the repository's root: `PYTHONPATH=. python tests/bench/bench_dedupe_table.py`;
`--works 50 --pairs 20` is quick.
"""

import argparse
import io
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from stages.common import params
from stages.common.cli import progress
from stages.dedupe.candidates import candidates
from stages.dedupe.grouping import pairs_to_compare
from stages.dedupe.hashing import Fingerprint, fingerprint
from stages.dedupe.params import DedupeParams
from stages.dedupe.verification import Verdict, verify
from stages.dedupe.workers import workers
from stages.museum import camera, scans
from stages.museum.painter import paint
from stages.museum.works import Work, plan

EDGE = 400  # pixels of the longer side of the originals
SERIES = 9  # works of which the museum varies one


@dataclass(frozen=True)
class Trial:
    """An original and a file that looks like it."""

    name: str  # of the alteration, or "look-alike"
    bits: int | None  # hash distance; None where they are no candidates
    verdict: Verdict | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=200)
    asked = parser.parse_args()
    settings = params.load(Path("params.yaml")).section(DedupeParams)
    works = plan(SERIES * max(asked.works, asked.pairs) + SERIES, 0, 0)
    originals = list(islice((work for work in works if not work.variation_of), asked.works))
    by_id = {work.id: work for work in works}
    pairs = list(islice(((by_id[work.variation_of], work) for work in works if work.variation_of), asked.pairs))
    with workers() as pool:
        copies = pool.map(partial(of_work, settings=settings), originals)
        found = list(progress(copies, total=len(originals), desc="works"))
        look_alikes = pool.map(partial(of_pair, settings=settings), pairs)
        alike = list(progress(look_alikes, total=len(pairs), desc="look-alikes"))
        print(table([trial for trials, _ in found for trial in trials], settings.correlation))
        print(lookalikes(alike), flush=True)
        false = strangers([prints for _, prints in found], settings, pool)
    of = f"of {len(found)} works x {len(found[0][1])} files"
    print(f"\nPairs of files of different works that hash alike, {of}: {len(false)}; merged: {merged(false)}.")


def of_work(work: Work, settings: DedupeParams) -> tuple[list[Trial], list[Fingerprint]]:
    """A work against each of its alterations, and the fingerprints of the files that are copies of it."""
    picture = paint(work, EDGE)
    original = recoded(picture)
    trials, prints = [], [fingerprint(original)]
    for name in scans.LABELED:
        file = Image.open(io.BytesIO(scans.altered(work, picture, name).jpeg))
        altered = ImageOps.exif_transpose(file).convert("RGB")
        options = {"mirrored": name == "mirror", "details": name == "detail" or name in camera.TABLE}
        ours = fingerprint(altered, **options)
        trials.append(compared(name, fingerprint(original, **options), ours, settings))
        if name not in ("mirror", "detail"):
            prints.append(ours)
    return trials, prints


def of_pair(pair: tuple[Work, Work], settings: DedupeParams) -> Trial:
    """Two look-alikes, compared even if they do not hash alike."""
    one, other = (fingerprint(recoded(paint(work, EDGE))) for work in pair)
    return compared("look-alike", one, other, settings.model_copy(update={"hash_distance": 256}))


def recoded(picture: Image.Image) -> Image.Image:
    """As a file of good quality shows it."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=92)
    return Image.open(data).convert("RGB")


def compared(name: str, one: Fingerprint, other: Fingerprint, settings: DedupeParams) -> Trial:
    """What the stage would say of two files."""
    pairs = pairs_to_compare([one, other], settings.hash_distance)
    if len(pairs) == 0:
        return Trial(name, None, None)
    verdict = verify(one, other, int(pairs.view_first[0]), int(pairs.view_second[0]), settings.correlation)
    return Trial(name, int(pairs.bits[0]), verdict)


def strangers(prints: list[list[Fingerprint]], settings: DedupeParams, pool: Executor) -> list[Trial]:
    """The candidate pairs among all files whose works differ."""
    flat = [item for group in prints for item in group]
    owner = np.repeat(np.arange(len(prints)), [len(group) for group in prints])
    pairs = candidates(
        np.stack([item.hashes for item in flat]), np.stack([item.boxes for item in flat]), settings.hash_distance
    )
    rows = np.flatnonzero(owner[pairs.first] != owner[pairs.second])
    sides = ([flat[item] for item in side[rows]] for side in (pairs.first, pairs.second))
    views = (side[rows].tolist() for side in (pairs.view_first, pairs.view_second))
    verdicts = pool.map(partial(verify, correlation=settings.correlation), *sides, *views, chunksize=16)
    watched = progress(zip(pairs.bits[rows], verdicts, strict=True), total=len(rows), desc="strangers")
    return [Trial("stranger", int(bits), verdict) for bits, verdict in watched]


def merged(trials: list[Trial]) -> int:
    return sum(trial.verdict is not None and trial.verdict.kind == "same" for trial in trials)


def table(trials: list[Trial], correlation: float) -> str:
    """A row for each alteration."""
    lines = [
        "| alteration | works | candidates | found | lowest score found | hash distance, median | 99 % | most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in scans.LABELED:
        rows = [trial for trial in trials if trial.name == name]
        bits = [trial.bits for trial in rows if trial.bits is not None]
        right = {"part", "whole"} if name == "detail" else {"same"}
        scores = [trial.verdict.score for trial in rows if trial.verdict and trial.verdict.kind in right]
        label = {
            "mirror": "mirror (`dedupe.mirrored: true`)",
            "detail": f"detail (reported; merged: {merged(rows)})",
        }.get(name, name)
        spread = ["", "", ""]
        if bits:
            spread = [f"{value:.0f}" for value in (np.median(bits), np.quantile(bits, 0.99), max(bits))]
        cells = [
            label,
            len(rows),
            f"{len(bits) / len(rows):.3f}",
            f"{len(scores) / len(rows):.3f}",
            f"{min(scores, default=-1):.2f}",
            *spread,
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", f"Scores from {correlation} on count as the same picture."])


def lookalikes(trials: list[Trial]) -> str:
    scores = sorted((trial.verdict.score for trial in trials if trial.verdict), reverse=True)
    highest = ", ".join(f"{score:.2f}" for score in scores[:5])
    return f"\nLook-alike pairs: {len(trials)}; merged: {merged(trials)}; highest scores: {highest}."


if __name__ == "__main__":
    main()
