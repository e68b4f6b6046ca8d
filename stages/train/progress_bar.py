"""What a training shows while it runs: a progress bar with the losses, and once a forecast of its time and cost."""

from tqdm import tqdm

from stages.gan.augmentations import AUGMENTATIONS
from stages.train.budget import Budget
from stages.train.params import TrainParams

FORECAST_STEPS, FORECAST_SECONDS = 10, 2.0  # of training that a forecast is made from, at least


class ProgressBar:
    """A bar that counts pictures."""

    def __init__(self, bar: tqdm, params: TrainParams, budget: Budget, step: int):
        """`step`: where the training begins or goes on."""
        self._bar, self._params, self._budget = bar, params, budget
        self._start = (step, budget.spent())
        self._forecast_shown = False

    def show(self, row: dict[str, float]) -> None:
        """Move on to a row of the log, and show its losses."""
        shown = {"loss_g": row["loss_g"], "loss_d": row["loss_d"]}
        if AUGMENTATIONS[self._params.augmentation].adaptive:
            shown["p"] = row["ada_p"]
        self._bar.set_postfix({name: f"{value:.3f}" for name, value in shown.items()}, refresh=False)
        self._bar.update(int(row["step"]) * self._params.batch - self._bar.n)

    def forecast(self, step: int, steps: int) -> None:
        """Print once, as soon as `step` of `steps` is late enough to tell, the time and cost of the rest."""
        done, seconds = step - self._start[0], self._budget.spent() - self._start[1]
        if self._forecast_shown or done < FORECAST_STEPS or seconds < FORECAST_SECONDS:
            return
        self._forecast_shown = True
        self._bar.write(f"train: {self._budget.forecast(done, seconds, steps - step)}")
