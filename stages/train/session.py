"""One training from the outside: what is logged, evaluated and saved, when it ends, how it is resumed."""

from typing import Any

from PIL import Image
from torch import Tensor
from tqdm import tqdm

from stages.common.cli import UserError
from stages.common.device import Runtime
from stages.common.images import from_array
from stages.common.resume import Resume
from stages.common.tensors import NotFinite
from stages.gan.build import count_parameters
from stages.gan.sampling import contact_sheet, latents, sample
from stages.train import guard, saved
from stages.train.budget import Budget
from stages.train.evaluator import Evaluator
from stages.train.inputs import Inputs
from stages.train.loop import Diverged, train
from stages.train.outputs import Outputs
from stages.train.params import TrainParams
from stages.train.progress_bar import ProgressBar
from stages.train.schedule import schedule
from stages.train.state import State

SHEET_PICTURES = 25  # of a sheet, 5 x 5
SAMPLE_BATCH = 32  # generated pictures in memory at once
FINISH_SECONDS = 3.0  # what the last sheet and the files take, generously
FEWEST_ROWS = 8  # that the guard judges by: after a last, short stretch too, one row decides nothing
BEST = "best."  # begins the names of the best generator's tensors in the saved state


class Session:
    """One training; its methods `should_stop`, `log`, `evaluate` and `save` are the loop's callbacks."""

    def __init__(self, params: TrainParams, runtime: Runtime, inputs: Inputs, resume: Resume, outputs: Outputs):
        """At the beginning, or where `resume` has a saved state to go on from."""
        self.params, self.runtime, self.inputs, self.resume, self.outputs = params, runtime, inputs, resume, outputs
        self.schedule = schedule(params)
        self.state = State(params, runtime.device, runtime.dtype)
        found, not_taken = saved.load(resume, params)
        if not_taken:
            print(not_taken)
        about = found.about
        self.rows: list[dict[str, float]] = about.get("rows", [])
        self.evaluations: list[dict[str, float]] = about.get("evaluations", [])
        self.guard = guard.Guard(params.loss, about.get("guard"))
        self.budget = Budget(params.max_minutes, params.cost_per_hour, about.get("spent", 0.0))
        self.best: dict[str, Tensor] = {}  # the best generator's state
        self.sheets = found.sheets
        self.ended = about.get("ended", "kimg")
        self._restore(found.tensors)
        self.verdict = self.guard.verdict(self.ended)
        self.evaluator = self._make_evaluator()
        self.progress_bar: ProgressBar | None = None

    def _restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back the networks and the sheets of a saved state, if there are any."""
        self.outputs.restore_sheets(self.sheets)
        if tensors:
            self.best = {name.removeprefix(BEST): value for name, value in tensors.items() if name.startswith(BEST)}
            self.state.load({name: value for name, value in tensors.items() if not name.startswith(BEST)})
            print(f"resuming after {self.kimg():g} kimg from {self.resume.folder}")

    def _make_evaluator(self) -> Evaluator | None:
        """An evaluator where there are validation works, and time reserved for the last evaluation."""
        before = self.budget.spent()
        held_out, trained = (
            from_array(some.cpu().numpy()) for some in (self.inputs.validation, self.inputs.one_of_each_work)
        )
        evaluator = Evaluator(held_out, trained, self.runtime.device) if len(held_out) > 1 else None
        times = max(1.0, self.params.evaluate_pictures / max(1, len(held_out)))
        self.budget.reserve = (self.budget.spent() - before) * times + FINISH_SECONDS
        return evaluator

    def pictures_shown(self) -> int:
        """How many, with repetitions."""
        return self.state.step * self.params.batch

    def kimg(self) -> float:
        """Thousands of pictures shown."""
        return self.pictures_shown() / 1000

    def run(self, bar: tqdm) -> None:
        """Train to the end, also to a bad one; `bar` counts pictures."""
        self.progress_bar = ProgressBar(bar, self.params, self.budget, self.state.step)
        if self.ended != "kimg":  # killed after its end, which came early
            return
        try:
            train(self.state, self.inputs.pictures, self.inputs.validation, self.params, self.schedule, self)
            self.verdict = self.guard.verdict(self.ended)
        except (Diverged, NotFinite):  # the latter of weights that the last step has spoilt
            self.verdict = guard.diverged(self.kimg())

    def should_stop(self) -> bool:
        """Whether the budget is spent, or nothing has become better for long."""
        if self.progress_bar:
            self.progress_bar.forecast(self.state.step, self.schedule.steps)
        if self.budget.used_up():
            self.ended = "budget"
        elif self.guard.should_stop(self.params.patience):
            self.ended = "patience"
        return self.ended != "kimg"

    def log(self, row: dict[str, float]) -> None:
        """Add a row to the CSV and move the progress bar."""
        self.rows.append(row)
        if self.progress_bar:
            self.progress_bar.show(row)

    def evaluate(self) -> None:
        """Evaluate the moving average; the best one is kept."""
        before = self.budget.spent()
        evaluation = None
        if self.evaluator:
            numbers = range(SHEET_PICTURES, SHEET_PICTURES + self.params.evaluate_pictures)
            evaluation = self.evaluator.evaluate(self.samples(numbers), self.kimg())
        since = self.evaluations[-1]["kimg"] if self.evaluations else 0.0
        new = sum(row["kimg"] > since for row in self.rows)
        if self.guard.update(self.rows[-max(new, FEWEST_ROWS) :], evaluation, self.kimg()):
            network = self.state.ema.network
            self.best = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        if evaluation:
            self.evaluations.append({"step": self.state.step, **evaluation._asdict()})
            self.budget.reserve = self.budget.spent() - before + FINISH_SECONDS

    def save(self) -> None:
        """Write a sheet, the CSVs and the numbers so far for who watches, and the whole state to go on from."""
        page = contact_sheet(self.samples(range(SHEET_PICTURES)), columns=5)
        name, data = self.outputs.write_sheet(page, self.pictures_shown())
        self.sheets[name] = data
        self.outputs.write_curves(self.rows, self.evaluations)
        self.outputs.write_metrics(self.metrics() | {"verdict": guard.NOT_YET})
        best = {f"{BEST}{name}": value for name, value in self.best.items()}
        about = {
            "rows": self.rows,
            "evaluations": self.evaluations,
            "guard": self.guard.state,
            "spent": self.budget.spent(),
            "ended": self.ended,
            "params": self.params.model_dump(),
        }
        saved.save(self.resume, saved.Saved(self.state.tensors() | best, about, self.sheets))

    def samples(self, numbers: range) -> list[Image.Image]:
        """The pictures that the moving average makes of these latents: the same latents at every time."""
        network, dtype = self.state.ema.network, self.runtime.dtype
        z = latents(self.params.seed, numbers, self.params.latent).to(self.runtime.device)
        return [picture for part in z.split(SAMPLE_BATCH) for picture in sample(network, part, dtype)]

    def metrics(self) -> dict[str, Any]:
        """What metrics/train.json says of the training."""
        last = self.rows[-1] if self.rows else {}
        return self.inputs.counts() | {
            "runtime": self.runtime.report(),
            "verdict": self.verdict,
            "steps": self.state.step,
            "kimg": self.kimg(),
            "preset": self.params.preset,
            "parameters": {
                "generator": count_parameters(self.state.generator),
                "discriminator": count_parameters(self.state.discriminator),
            },
            "final": {key: value for key, value in last.items() if key not in ("step", "kimg")},
            "best": self.guard.state["best"],
        }

    def finish(self) -> None:
        """Write the metrics, the last state and the best generator, and forget what was saved to go on from.

        Also of a training that ended before its time; raises UserError when it left nothing to keep.
        """
        self.outputs.write_metrics(self.metrics())
        if not self.best:
            raise UserError(
                f"the training ended at {self.kimg():g} kimg with nothing to keep, {self.verdict['cause']}; "
                "then run the same command again"
            )
        self.outputs.write_curves(self.rows, self.evaluations)
        self.outputs.write_checkpoint(self.state.tensors())
        self.state.ema.network.load_state_dict(self.best)
        self.outputs.write_generator(self.state.ema.network, self.params)
        self.outputs.write_timelapse()
        self.resume.remove()
        cause = f": {self.verdict['cause']}" if self.verdict["cause"] else ""
        best = f"the best generator is that of {self.guard.state['best']['kimg']:g} kimg"
        print(f"train: {self.verdict['state']} ({self.verdict['ended']}){cause}; {best}")
