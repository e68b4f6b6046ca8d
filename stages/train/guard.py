"""The guard: what is wrong with a training, since when, and why; which generator was the best; when to give up.

It judges by numbers alone: the rows that the loop reports and the looks of examine.py.
"""

from collections.abc import Sequence
from typing import Any

from stages.gan.losses import indifferent
from stages.train.examine import Look

# Where a sign of trouble begins. GAP lies between what the default and the story's DCGAN show; the others were reasoned, and tried on planted trouble.
CONTRAST = 0.15  # of the real pictures' contrast
SPREAD = 0.4  # of the real pictures' mean distance
CERTAIN = 0.1  # of the loss of a discriminator that tells nothing apart
GAP = 0.75  # of the way from generated to training logits that validation works lie behind
REMEDY = "lower train.learning_rate, raise train.r1_gamma, or set runtime.precision to float32"


class Guard:
    """Follows one training. Everything it knows is in `state`, ready for JSON."""

    def __init__(self, loss: str, state: dict[str, Any] | None = None):
        self._certain = CERTAIN * indifferent(loss)
        self.state = state or {"best": None, "stale": 0, "since": {}, "ill": {}}

    def see(self, rows: Sequence[dict[str, float]], look: Look | None, kimg: float) -> bool:
        """Take in the rows since the last time and the look of now; returns whether its generator is the best so far.

        Without a look (no validation works) every generator is better than the one before.
        """
        found = signs(rows, look, self._certain)
        self.state["since"] = {name: self.state["since"].get(name, kimg) for name in found}
        self.state["ill"] = found
        best = self.state["best"]
        better = look is None or best is None or look.kid < best["kid"]
        if better:
            self.state["best"] = {"kimg": kimg, "kid": look.kid if look else None}
        self.state["stale"] = 0 if better else self.state["stale"] + 1
        return better

    def hopeless(self, patience: int) -> bool:
        """Whether `patience` looks (0: any number) have brought nothing better."""
        return 0 < patience <= self.state["stale"]

    def verdict(self, ended: str) -> dict[str, Any]:
        """The first sign that is there at the end, with its cause and the thousands of pictures at which it began."""
        name, cause = next(iter(self.state["ill"].items()), ("ok", ""))
        return {"state": name, "cause": cause, "since_kimg": self.state["since"].get(name), "ended": ended}


def diverged(kimg: float) -> dict[str, Any]:
    """The verdict on a training that met a not-a-number."""
    return {
        "state": "not_a_number",
        "cause": f"a loss is not a number any more: {REMEDY}",
        "since_kimg": kimg,
        "ended": "not_a_number",
    }


def signs(rows: Sequence[dict[str, float]], look: Look | None, certain: float) -> dict[str, str]:
    """Every sign of trouble with its cause, the worst first; rows are what was reported since the last time."""
    found = {}
    if look and look.contrast < CONTRAST:
        found["constant"] = (
            f"the pictures have {look.contrast:.0%} of the contrast of real ones: the generator makes one flat color; {REMEDY}"
        )
    if look and look.spread < SPREAD:
        found["collapsed"] = (
            f"two generated pictures differ by {look.spread:.0%} of what two real ones do: use train.augmentation diffaugment and the relativistic loss"
        )
    loss, real, fake, held_out = (
        _mean(rows, key) for key in ("loss_d", "logit_real", "logit_fake", "logit_validation")
    )
    if loss < certain:
        found["saturated"] = (
            f"the discriminator is certain (loss {loss:.3g}), and the generator learns little from it: use train.augmentation, raise train.r1_gamma"
        )
    gap = (real - held_out) / (real - fake) if real > fake else 0.0  # r_v of ADA (Karras 2020, equation 1)
    if gap > GAP:
        found["overfitting"] = (
            f"validation works look {gap:.0%} as false as generated pictures: the discriminator knows the training works by heart; "
            "use train.augmentation, show fewer kimg, or find more works"
        )
    return found


def _mean(rows: Sequence[dict[str, float]], key: str) -> float:
    return sum(row[key] for row in rows) / len(rows) if rows else float("nan")
