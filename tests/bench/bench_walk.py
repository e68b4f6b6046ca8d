"""A random walk through params.yaml, as long as one likes. Prints Markdown.

    PYTHONPATH=tests:tests/pipeline:. python tests/bench/bench_walk.py --steps 20

What a step does, and what must hold after it: tests/pipeline/walk.py.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from walk import walk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print("| step | changed | ran | from the cache | equal to a fresh clone |\n|---|---|---|---|---|")
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        for number, step in enumerate(walk(Path(name), asked.steps, random.Random(asked.seed))):
            equal = f"no: {', '.join(step.wrong[:4])}" if step.wrong else "yes"
            print(f"| {number} | {step.told} | {' '.join(step.ran)} | {' '.join(step.cached)} | {equal} |", flush=True)
            wrong += bool(step.wrong)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
