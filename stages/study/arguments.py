"""The command line of the study."""

import argparse
import os
from collections.abc import Callable, Sequence

from stages.study.capacity import GIGABIT, Cluster


def parse(description: str | None, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for: `plan`, `draw`, and `cluster`, None where none is to be simulated.

    `arguments` in place of the program's. Exits with code 2 and a message for what is not understood.
    """
    parser = argparse.ArgumentParser(prog="python -m stages.study", description=description)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--plan", action="store_true", help="list the cells, expected minutes and cost; run nothing")
    choice.add_argument("--draw", action="store_true", help="draw what is done; run nothing")
    group = parser.add_argument_group("with --plan: hours, cost, idle time and bottleneck on a cluster, simulated")
    group.add_argument("--nodes", type=within(1, 10_000), metavar="N", help="machines of the cluster; 1..10000")
    of_nodes = [
        group.add_argument(
            "--cpus-per-node", type=within(1, 1024), metavar="N", help="1..1024; default: as many as this machine has"
        ),
        group.add_argument(
            "--gpus-per-node", type=within(0, 64), metavar="N", help="0..64; default: so many that CPUs are the limit"
        ),
        group.add_argument(
            "--remote-megabytes",
            type=within(1, 1_000_000),
            metavar="MB",
            help=f"a second that the DVC remote sends or takes; default: {GIGABIT:g}, a gigabit link",
        ),
    ]
    asked = parser.parse_args(arguments)
    if asked.nodes and not asked.plan:
        parser.error("--nodes simulates and runs nothing: give it with --plan")
    for action in of_nodes:
        if getattr(asked, action.dest) is not None and not asked.nodes:
            parser.error(f"{action.option_strings[0]} tells of simulated nodes: give it with --plan --nodes N")
    asked.cluster = asked.nodes and Cluster(
        asked.nodes, asked.cpus_per_node or os.cpu_count() or 1, asked.gpus_per_node, asked.remote_megabytes or GIGABIT
    )
    return asked


def within(low: int, high: int) -> Callable[[str], int]:
    """The type of a whole number from `low` to `high`."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return number
