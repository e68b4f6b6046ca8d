"""How a network's convolutions are computed on this machine: measured once, kept in .cache/kernels.

Which of several ways is fast depends on the processor: bfloat16 doubles the speed of one and slows the next. A way
other than float32 by PyTorch's direct convolution is taken only where it is MARGIN times as fast, by the processor's
clock on one thread, so that neither noise nor a busy machine decides; and what was once chosen on a machine stays.
`python -m stages.common.kernels` prints what was measured.
"""

import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from stages.common import kept
from stages.common.checkout import main_checkout
from stages.common.device import FLOAT32, Kernel, Runtime, can_bfloat16
from stages.common.section import RuntimeParams

MARGIN = 1.25  # how many times as fast a way must be as the one that it takes the place of
CLOSE = 0.06  # how near two speeds are that are measured for longer
ROUNDS, MOST_ROUNDS = 3, 12  # of all ways in turn; the most where two are close, but none after that many SECONDS
SECONDS = 3.0
CACHE = Path(".cache/kernels")  # JSON behind its checksum

Work = Callable[[], Any]  # what is timed


@dataclass(frozen=True)
class Probe:
    """A small piece of a network's work in each way that it can be done.

    `name` says which network: one of the same name is not measured again. `work` prepares a kernel and gives what is
    timed.
    """

    name: str
    kernels: Sequence[Kernel]  # the default first
    work: Callable[[Kernel], Work]


def fastest(runtime: Runtime, chosen: RuntimeParams, probe: Probe) -> Runtime:
    """The runtime with the fastest of the probe's kernels that `chosen` admits.

    On a GPU, with `runtime.kernels: portable`, and where one kernel alone is admissible, it is the runtime as it was.
    """
    if runtime.device.type != "cpu" or chosen.kernels == "portable":
        return runtime
    kernels = [kernel for kernel in probe.kernels if _admissible(kernel, chosen.precision)]
    if len(kernels) < 2:
        return replace(runtime, kernel=kernels[0]) if kernels else runtime
    path = main_checkout() / CACHE
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # two stages at a time would disturb each other, and might disagree
        cache = _read(path)
        measured = cache.setdefault(machine(), {})
        entry = measured.get(f"{probe.name}, {chosen.precision}")
        if not _sound(entry, kernels):
            with one_thread():
                entry = measured[f"{probe.name}, {chosen.precision}"] = measure(kernels, probe.work)
            kept.write(path, json.dumps(cache, indent=2).encode())
            print(f"{probe.name}: {entry['chosen']} ({_ratios(entry)})", file=sys.stderr)
    return replace(runtime, kernel=next(kernel for kernel in kernels if kernel.name == entry["chosen"]))


def measure(kernels: Sequence[Kernel], work: Callable[[Kernel], Work]) -> dict[str, Any]:
    """Least seconds of each kernel, taken in turns after one round that is not counted, and the name of the chosen."""
    pieces = {kernel.name: work(kernel) for kernel in kernels}
    least = dict.fromkeys(pieces, float("inf"))
    start = time.process_time()
    for number in range(MOST_ROUNDS + 1):
        for name, piece in pieces.items():
            taken = seconds(piece)
            if number:  # the first round allocates memory and prepares the kernels
                least[name] = min(least[name], taken)
        if number >= ROUNDS and (not is_close(least) or time.process_time() - start > SECONDS):
            break
    return {"seconds": least, "chosen": choose(least)}


def choose(found: Mapping[str, float]) -> str:
    """Of kernels' seconds, the default's first: the fastest, if it is MARGIN times as fast as the default."""
    default, best = next(iter(found)), min(found, key=lambda name: found[name])
    return best if found[default] >= MARGIN * found[best] else default


def is_close(found: Mapping[str, float]) -> bool:
    """Whether noise could decide: the fastest is about MARGIN times as fast as the default, or two are about equal."""
    best, second, *_ = sorted(found.values())
    ratio = next(iter(found.values())) / best
    return abs(ratio / MARGIN - 1) < CLOSE or (ratio > MARGIN and second / best < 1 + CLOSE)


def seconds(work: Work) -> float:
    """The processor's seconds of one call: what else the machine does is not in them."""
    start = time.process_time()
    work()
    return time.process_time() - start


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch with one thread: several wait for each other in loops, so that on a busy machine the clock runs idle."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def machine() -> str:
    """What decides which kernel is fast: the processor, what it can do, PyTorch's version."""
    abilities = json.dumps(dict(torch.cpu.get_capabilities()), sort_keys=True)
    mark = hashlib.sha256(abilities.encode()).hexdigest()[:8]
    return f"{_processor()}, abilities {mark}, torch {torch.__version__}"


def markdown() -> str:
    """The measured kernels of all machines that the cache knows, as a table."""
    rows = [
        f"| {machine} | {network} | {_ratios(entry)} | {entry['chosen']} |" for machine, network, entry in _entries()
    ]
    return "\n".join(
        ["| machine | network, precision | times as fast as the first | chosen |", "|---|---|---|---|", *rows]
    )


def _entries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, networks in _read(main_checkout() / CACHE).items():
        for network, entry in networks.items():
            yield name, network, entry


def _admissible(kernel: Kernel, precision: str) -> bool:
    """Whether `runtime.precision` and the processor allow the kernel."""
    asked = precision in ("auto", kernel.precision)
    return asked and (kernel.dtype is not torch.bfloat16 or can_bfloat16(torch.device("cpu")))


def _read(path: Path) -> dict[str, Any]:
    """The cache; a damaged or missing one counts as empty."""
    entry = kept.read(path)
    return {} if entry is None else json.loads(entry)


def _sound(entry: Any, kernels: Sequence[Kernel]) -> bool:
    """Whether an entry of the cache is of these kernels, and says one of them."""
    names = [kernel.name for kernel in kernels]
    if not isinstance(entry, dict) or not isinstance(entry.get("seconds"), dict):
        return False
    return sorted(entry["seconds"]) == sorted(names) and entry.get("chosen") in names


def _ratios(entry: Mapping[str, Any]) -> str:
    found = entry["seconds"]
    base = found.get(FLOAT32.name) or max(found.values())
    return ", ".join(f"{name} {base / taken:.2f}" for name, taken in found.items())


def _processor() -> str:
    """The processor's model by name and numbers, since the name alone may be that of several."""
    wanted = ("model name", "cpu family", "model", "stepping")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return " ".join(fields[key] for key in wanted if key in fields)


if __name__ == "__main__":
    print(markdown())
