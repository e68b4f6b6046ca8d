"""What an MLflow server and a git repository take from the cells of a study: runs and refs a second. Prints Markdown.

    mlflow server --port 5000 --backend-store-uri postgresql://... --artifacts-destination /srv/runs &
    python tests/bench/bench_services.py mlflow --uri http://127.0.0.1:5000 --server $!    # in a checkout with a run
    python tests/bench/bench_services.py git

Runs are logged as stages/track does, by clients that share no folder. Where clients and the server share the cores,
the processor seconds of the server and all its children (`--server`, also several: PostgreSQL's) say more than the
rate: a machine for the server alone takes as many runs a second as its cores have of them. The highest of some tries.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from stages.common import params
from stages.track import collect
from stages.track.store import Result, log_once

REF = "refs/exps/{:02x}/{:038x}/study-w9-dedup-none-o{}-s0-01234567"  # as DVC names an experiment
IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("service", choices=("mlflow", "git"))
    parser.add_argument("--uri", default="http://127.0.0.1:5000")
    parser.add_argument("--server", type=int, nargs="*", default=[], help="process ids of servers")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--refs", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--packed", action="store_true", help="`git pack-refs --all` before the first push")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a try")
    parser.add_argument("--tries", type=int, default=3)
    asked = parser.parse_args()
    if asked.service == "mlflow":
        mlflow(asked.uri, asked.server, asked.clients, asked.seconds, asked.tries)
    else:
        for refs in asked.refs:
            git_repository(refs, asked.packed, asked.clients, asked.seconds, asked.tries)


def mlflow(uri: str, servers: Sequence[int], clients: Sequence[int], seconds: float, tries: int) -> None:
    """Runs a second, and the server's processor seconds a run."""
    result = collect.result(Path("."), "metrics", params.load().flat(), None, None)
    sizes = [path.stat().st_size for group in result.pictures.values() for path in group]
    points = sum(len(row) - 1 for row in result.curves)
    print(f"A run: {len(result.params)} params, {len(result.metrics)} metrics, {points} points of curves, ", end="")
    print(f"{len(sizes)} pictures of {sum(sizes) / 1e6:.1f} MB.\n")
    print("| clients | runs a second | of them logged | server's processor seconds a run |\n|---|---|---|---|")
    for count in clients:
        best = (0.0, 0, 0.0)
        with ProcessPoolExecutor(count, get_context("spawn")) as pool:
            list(pool.map(partial(client, uri, result, 0.0), range(count)))  # imported, connected
            for number in range(tries):
                before, begin = processor(servers), time.perf_counter()
                logged = sum(
                    pool.map(partial(client, uri, result, seconds), range(number * count, (number + 1) * count))
                )
                wall, used = time.perf_counter() - begin, processor(servers) - before
                best = max(best, (logged / wall, logged, used / logged))
        print(f"| {count} | {best[0]:.2f} | {best[1]} | {best[2]:.2f} |", flush=True)


def client(uri: str, result: Result, seconds: float, number: int) -> int:
    """Log runs, each another one, for some seconds, one at least; how many."""
    os.environ |= {"MLFLOW_TRACKING_URI": uri, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    until, logged = time.perf_counter() + seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        while not logged or time.perf_counter() < until:
            own = f"{os.getpid()} {number} {logged} {time.time_ns()}"
            assert log_once(Path(folder), "bench", replace(result, fingerprint=own.replace(" ", "-")))
            logged += 1
    return logged


def processor(roots: Sequence[int]) -> float:
    """Processor seconds that processes and their present and past children have taken."""
    parents, taken = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(path.parent.name)] = int(fields[1])
        taken[int(path.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def is_in(process: int) -> bool:
        return process in roots or (process in parents and is_in(parents[process]))

    return sum(value for process, value in taken.items() if is_in(process))


def git_repository(refs: int, packed: bool, clients: Sequence[int], seconds: float, tries: int) -> None:
    """Pushes a second to a bare repository that has refs already, and what it takes to list and to fetch them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        origin = folder / "origin.git"
        git(folder, "clone", "--quiet", "--bare", str(Path.cwd()), str(origin))
        fill(origin, refs)
        if packed:
            git(origin, "pack-refs", "--all")
        address = f"file://{origin}"
        listing = min(timed(git, folder, "ls-remote", address) for _ in range(tries))
        git(folder, "init", "--quiet", "--bare", "all")
        fetch = ("fetch", "--quiet", address, "+refs/heads/*:refs/heads/*", "+refs/exps/*:refs/exps/*")
        first, *again = (timed(git, folder / "all", *fetch) for _ in range(1 + tries))
        print(
            f"\n{refs} refs: ls-remote {listing:.2f} s, fetch of all {first:.2f} s, of nothing new {min(again):.2f} s\n"
        )
        print("| pushers | refs a second | processor seconds a ref, of both sides |\n|---|---|---|")
        for count in clients:
            clones = [folder / f"clone{count}-{number}" for number in range(count)]
            for clone in clones:
                git(folder, "clone", "--quiet", address, str(clone))
            best = (0.0, 0.0)
            for _ in range(tries):
                with ThreadPoolExecutor(count) as pool:
                    before, begin = os.times(), time.perf_counter()
                    pushed = sum(pool.map(partial(push, seconds=seconds), clones))
                    wall, after = time.perf_counter() - begin, os.times()
                used = sum(after[2:4]) - sum(before[2:4])  # of children that have ended
                best = max(best, (pushed / wall, used / pushed))
            print(f"| {count} | {best[0]:.1f} | {best[1]:.2f} |", flush=True)


def fill(origin: Path, refs: int) -> None:
    """Make refs, each of a commit of its own."""
    head = git(origin, "rev-parse", "HEAD").strip()
    lines = []
    for number in range(refs):
        lines.append(f"commit {REF.format(number % 256, number, number)}\ncommitter b <b@example.org> 1700000000 +0000")
        lines.append(f"data 5\nbench\nfrom {head}\nM 100644 inline params.yaml\ndata {len(str(number))}\n{number}\n")
    text = "\n".join(lines) + "\n"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=origin, input=text, text=True, check=True)


def push(clone: Path, seconds: float) -> int:
    """Commit and push one ref after the other, as cells do at their end; how many. The time to commit is in it."""
    until, pushed = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        unique = time.time_ns()
        (clone / "params.yaml").write_text(str(unique))
        git(clone, *IDENTITY, "commit", "--quiet", "--all", "--message", "bench")
        ref = REF.format(unique % 256, unique, unique)
        git(clone, "push", "--quiet", "origin", f"HEAD:{ref}")
        git(clone, "reset", "--quiet", "--soft", "HEAD~")
        pushed += 1
    return pushed


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def timed(call: Any, *arguments: Any) -> float:
    """Seconds of a call."""
    begin = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
