"""What the museum costs: seconds of processor time by step, and of the whole stage `scrape`. Prints Markdown.

Run in the repository's root, alone or in turns with an earlier checkout of the project:

    PYTHONPATH=. OMP_NUM_THREADS=1 python tests/bench/bench_museum.py --beside /tmp/earlier --works 18 --reserve 54

The steps are without the textures that each process makes once. The whole is `python -m stages.scrape` with its
processes, so it has these too, and the program's start, the site and the visit.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from stages.museum import __main__ as museum
from stages.museum import brush, painter, scans
from stages.museum.works import plan

ROOT = Path(__file__).resolve().parents[2]
STEPS = {  # a step's time is without that of the steps within it
    "canvas: the scene drawn": (painter, "_draw"),
    "painting: brush strokes": (brush, "strokes"),
    "painting: hairs, relief, weave, varnish": (brush, "finish"),
    "scans: sizes and alterations": (museum, "renditions"),
    "encoding: JPEG": (scans, "_rendition"),
    "the rest": (museum, "paint"),
}


class Clock:
    """Processor time by step, each without the steps that it calls."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.inner = [0.0]  # time of the steps within the one under way

    def watch(self, module: Any, function: str, name: str) -> None:
        """Take the time of every call from now on."""
        plain: Callable[..., Any] = getattr(module, function)

        def timed(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            self.inner.append(0.0)
            result = plain(*given, **named)
            spent = time.process_time() - start
            self.seconds[name] += spent - self.inner.pop()
            self.inner[-1] += spent
            return result

        setattr(module, function, timed)


def steps(collection: int, reserve: int) -> dict[str, float]:
    """Milliseconds per work and step of works that are painted in this process."""
    clock, works = Clock(), plan(collection, reserve, 0)
    for name, (module, function) in STEPS.items():
        clock.watch(module, function, name)
    museum.publish(works[0])
    for work in works:  # all textures are there before anything is counted
        painter.paint(work, 64)
    clock.seconds.clear()
    for work in works:
        museum.publish(work)
    return {name: 1000 * clock.seconds[name] / len(works) for name in STEPS}


def measured(checkout: Path, collection: int, reserve: int) -> dict[str, float]:
    """The steps, and the whole stage, with a checkout's own code."""
    command = [sys.executable, str(Path(__file__).resolve()), "--steps"]
    command += ["--works", str(collection), "--reserve", str(reserve)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    found = subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        values = yaml.safe_load((checkout / "params.yaml").read_text())
        values["museum"] |= {"works": collection, "reserve": reserve}
        Path(folder, "params.yaml").write_text(yaml.safe_dump(values))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        scrape = [sys.executable, "-m", "stages.scrape"]
        subprocess.run(scrape, cwd=folder, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(found) | {"the whole stage": 1000 * seconds / (collection + reserve)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=18)
    parser.add_argument("--reserve", type=int, default=54)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT", help="another checkout to compare with")
    parser.add_argument("--steps", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.steps:
        print(json.dumps(steps(asked.works, asked.reserve)))
        return
    checkouts = [path for path in (asked.beside, ROOT) if path]
    rounds = [[measured(path, asked.works, asked.reserve) for path in checkouts] for _ in range(asked.repeats)]
    print(f"{asked.works} + {asked.reserve} works, {asked.repeats} rounds: processor time of a work, milliseconds\n")
    print("| step | before | now | before / now |\n|---|---|---|---|" if asked.beside else "| step | now |\n|---|---|")
    for name in rounds[0][0]:
        times = [[found[name] for found in turn] for turn in rounds]
        cells = [f"{statistics.median(column):.1f}" for column in zip(*times, strict=True)]
        if asked.beside:
            cells.append(f"{statistics.median(before / now for before, now in times):.2f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
