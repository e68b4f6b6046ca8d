"""The door of stylize, slowed down and saving after each step, for a test that interrupts it; each step leaves a mark in the file `steps`."""

import signal
import time

from stages.common import cli, resume
from stages.stylize import __main__, optimizers

step = optimizers.Lbfgs.step


def slow_step(*arguments) -> None:
    step(*arguments)
    with open("steps", "a") as marks:
        marks.write(".")
    time.sleep(0.2)


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # tests that a shell runs in the background pass on that it is ignored
    resume.EVERY, optimizers.Lbfgs.step = -1.0, slow_step
    cli.run_cli(__main__.main)
