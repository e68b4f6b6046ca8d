"""How long a training is and when what is due, in steps."""

from typing import NamedTuple

from stages.train.params import TrainParams
from stages.train.trend import QUARTERS

ROWS = 150  # of the CSV, about


class Schedule(NamedTuple):
    """The number of steps, and every how many of them something is due."""

    steps: int
    log: int
    evaluate: int
    save: int

    def due(self, step: int) -> dict[str, bool]:
        """What is due after `step` steps."""
        return {"log": step % self.log == 0, "evaluate": step % self.evaluate == 0, "save": step % self.save == 0}


def schedule(params: TrainParams) -> Schedule:
    """What params.yaml says in thousands of pictures, as steps; a short training is evaluated QUARTERS times too."""
    steps = params.steps_in(params.kimg)
    return Schedule(
        steps,
        log=-(-steps // ROWS),
        evaluate=min(params.steps_in(params.evaluate_kimg), -(-steps // QUARTERS)),
        save=params.steps_in(params.sheet_kimg),
    )
