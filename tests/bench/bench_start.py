"""What it takes to start each stage: its entry point imported in a process of its own. Prints Markdown.

    OMP_NUM_THREADS=1 python tests/bench/bench_start.py --repeats 5

The stages and `import torch`, the least that a stage with networks can take, in turns; medians. Processor seconds are
user and system, from the interpreter's start to its end; the wall's mean something on an idle machine alone. Another
checkout with `--checkout`, to compare.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TORCH = "torch"


class Usage(NamedTuple):
    """What a process took."""

    processor: float  # seconds
    wall: float  # seconds
    megabytes: float  # at the most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--checkout", type=Path, default=ROOT)
    asked = parser.parse_args()
    stages = [path.parent.name for path in sorted((asked.checkout / "stages").glob("*/__main__.py"))]
    modules = {"import torch": TORCH} | {stage: f"stages.{stage}.__main__" for stage in stages}
    start(TORCH, asked.checkout)  # the files come off the disk
    found: dict[str, list[Usage]] = {name: [] for name in modules}
    for _ in range(asked.repeats):
        for name, module in modules.items():
            found[name].append(start(module, asked.checkout))
    medians = {name: Usage(*map(statistics.median, zip(*usages, strict=True))) for name, usages in found.items()}
    base = medians["import torch"].processor
    print("| | processor seconds | wall seconds | peak MB | times `import torch` |\n|---|---|---|---|---|")
    for name, usage in medians.items():
        ratio = usage.processor / base
        print(f"| {name} | {usage.processor:.2f} | {usage.wall:.2f} | {usage.megabytes:.0f} | {ratio:.2f} |")


def start(module: str, checkout: Path) -> Usage:
    """Import a module in a new process; raises SystemExit where that fails."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", f"import {module}"], cwd=checkout, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{module} cannot be imported")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Usage(usage.ru_utime + usage.ru_stime, wall, kilobytes / 1024)


if __name__ == "__main__":
    main()
