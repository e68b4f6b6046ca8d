"""The guard: what is wrong with a training, since when, and why; which generator was the best; when to give up.

It goes by numbers alone: the rows that the loop logs and the evaluations of evaluator.py.
"""

from collections.abc import Sequence
from typing import Any

from stages.common.records import RUNNING, Verdict
from stages.gan.adversarial import undecided_loss
from stages.train.evaluator import Evaluation
from stages.train.trend import trend, trouble

# Where a problem begins. GAP lies between what the default and the story's DCGAN show; the others were reasoned, and
# tried on planted trouble.
CONTRAST = 0.15  # of the real pictures' contrast
SPREAD = 0.4  # of the real pictures' mean distance
CERTAIN = 0.1  # of the loss of a discriminator that tells nothing apart
GAP = 0.75  # of the way from generated to training logits that validation works lie behind
OF_DISCRIMINATOR = ("saturated", "overfitting")  # problems of it, not of the pictures
REMEDY = "lower train.learning_rate, raise train.r1_gamma, or set runtime.precision to float32"

# In place of a verdict, while the training goes on.
NOT_YET: Verdict = {"state": RUNNING, "cause": "", "since_kimg": None, "ended": ""}


class Guard:
    """Follows one training. Everything it knows is in `state`, ready for JSON."""

    def __init__(self, loss: str, state: dict[str, Any] | None = None):
        """`loss`: its name; `state`: of the guard that this one goes on for."""
        self._certain = CERTAIN * undecided_loss(loss)
        self.state = state or {"best": None, "stale": 0, "most_stale": 0, "since": {}, "problems": {}, "scores": []}

    def update(self, rows: Sequence[dict[str, float]], evaluation: Evaluation | None, kimg: float) -> bool:
        """Take in the rows since the last time and the evaluation of now; whether its generator is the best so far.

        Without an evaluation (no validation works) every generator is better than the one before.
        """
        problems = find_problems(rows, evaluation, self._certain)
        self.state["since"] = {name: self.state["since"].get(name, kimg) for name in problems}
        self.state["problems"] = problems
        best = self.state["best"]
        if evaluation:
            self.state["scores"].append((kimg, evaluation.fld))
        better = evaluation is None or best is None or evaluation.fld < best["fld"]
        if better:
            self.state["best"] = {"kimg": kimg, "fld": evaluation.fld if evaluation else None}
        self.state["stale"] = 0 if better else self.state["stale"] + 1
        self.state["most_stale"] = max(self.state["most_stale"], self.state["stale"])
        return better

    def should_stop(self, patience: int) -> bool:
        """Whether `patience` evaluations (0: any number) have brought nothing better."""
        return 0 < patience <= self.state["stale"]

    def verdict(self, ended: str) -> Verdict:
        """The first problem that is there at the end, with its cause and the kimg at which it began.

        Without one, how the score went: a training that was still getting better says so; one that ended by its
        patience was not. A discriminator that knows too much is no problem yet while the score falls fast, which
        copies of the training works do not bring about.
        """
        found = trend(self.state["scores"])
        improving = found if found and found.improving and ended != "patience" else None
        harmless = OF_DISCRIMINATOR if improving and improving.improving_fast else ()
        problems = {name: cause for name, cause in self.state["problems"].items() if name not in harmless}
        name, cause = next(iter(problems.items()), ("ok", ""))
        if name == "ok":
            name, cause = trouble(self.state["scores"]) or (name, cause)
        if name == "ok" and improving:
            name, cause = "still_improving", improving.cause()
        return {"state": name, "cause": cause, "since_kimg": self.state["since"].get(name), "ended": ended}


def diverged(kimg: float) -> Verdict:
    """The verdict on a training with a loss that is NaN."""
    return {
        "state": "not_a_number",
        "cause": f"a loss is NaN or infinite: {REMEDY}",
        "since_kimg": kimg,
        "ended": "not_a_number",
    }


def find_problems(rows: Sequence[dict[str, float]], evaluation: Evaluation | None, certain: float) -> dict[str, str]:
    """Every problem with its cause, the worst first; `rows` were logged since the last time.

    `certain` is the loss below which the discriminator is.
    """
    return (_problems_of_pictures(evaluation) if evaluation else {}) | _problems_of_discriminator(rows, certain)


def _problems_of_pictures(evaluation: Evaluation) -> dict[str, str]:
    found = {}
    if evaluation.contrast < CONTRAST:
        found["constant"] = (
            f"the pictures have {evaluation.contrast:.0%} of the contrast of real ones: "
            f"the generator makes one flat color; {REMEDY}"
        )
    if evaluation.spread < SPREAD:
        found["collapsed"] = (
            f"two generated pictures differ by {evaluation.spread:.0%} of what two real ones do: "
            "use train.augmentation diffaugment and the relativistic loss"
        )
    return found


def _problems_of_discriminator(rows: Sequence[dict[str, float]], certain: float) -> dict[str, str]:
    found = {}
    keys = ("loss_d", "logit_real", "logit_fake", "logit_validation")
    loss, real, fake, validation = (_mean(rows, key) for key in keys)
    if loss < certain:
        found["saturated"] = (
            f"the discriminator is certain (loss {loss:.3g}), and the generator learns little from it: "
            "use train.augmentation, raise train.r1_gamma"
        )
    gap = (real - validation) / (real - fake) if real > fake else 0.0  # r_v of ADA (Karras 2020, equation 1)
    if gap > GAP:
        found["overfitting"] = (
            f"validation works look {gap:.0%} as false as generated pictures: "
            "the discriminator knows the training works by heart; "
            "use train.augmentation, show fewer kimg, or find more works"
        )
    return found


def _mean(rows: Sequence[dict[str, float]], key: str) -> float:
    return sum(row[key] for row in rows) / len(rows) if rows else float("nan")
