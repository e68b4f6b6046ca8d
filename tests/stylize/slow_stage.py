"""stages.stylize, saving after each step, for a test that interrupts it: each step leaves a mark in the file `steps`.

Once there are 8 the stage is slow, so that the test has time.
"""

import signal
import time

from torch import Tensor

from stages.common import cli, resume
from stages.stylize import __main__, optimizers

step = optimizers.Lbfgs.step


def slow_step(self: optimizers.Lbfgs, loss: Tensor, gradient: Tensor) -> None:
    step(self, loss, gradient)
    with open("steps", "a") as marks:
        marks.write(".")
        if marks.tell() < 8:
            return
    time.sleep(2)


if __name__ == "__main__":
    # Programs that a shell runs in the background, as it may run the tests, inherit that the signal is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resume.EVERY, optimizers.Lbfgs.step = -1.0, slow_step
    cli.run_cli(__main__.main)
