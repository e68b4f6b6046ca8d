"""What adapts in ADA (Karras 2020, arXiv 2006.06676, section 3): the probability p follows the overfitting."""

import torch
from torch import Tensor

INTERVAL = 4  # steps between two updates of p (the paper, section 3)


def sign_overfitting(signs: Tensor, count: Tensor) -> Tensor:
    """r_t = E[sign(D_train)] (equation 1, right), from a sum of signs: 0 without overfitting, 1 at worst.

    NaN where `count` is 0.
    """
    return signs / count


def validation_overfitting(train: Tensor, validation: Tensor, generated: Tensor) -> Tensor:
    """r_v = (E[D_train] - E[D_validation]) / (E[D_train] - E[D_generated]) (equation 1, left), from means of logits.

    0 without overfitting, 1 where held-out pictures look generated. It stays the same when all logits grow or move.
    """
    return (train - validation) / (train - generated)


class Controller:
    """The probability p, which rises while the discriminator overfits and falls while it does not; all on the device.

    `signal` is "sign" (r_t) or "validation" (r_v), `target` the overfitting to hold, and `kimg` the thousands of
    pictures in which p can rise from 0 to 1. The sign means something only where the loss compares a logit with 0:
    under a relativistic loss, which compares logits with each other, observe their differences D(real) - D(generated),
    or use "validation".
    """

    def __init__(self, signal: str, target: float, kimg: float, device: torch.device):
        if signal not in ("sign", "validation"):
            raise ValueError(f"signal is {signal!r}, but must be 'sign' or 'validation'")
        self.signal, self.target, self.kimg = signal, target, kimg
        self.p, self.signs, self.count = (torch.zeros((), device=device) for _ in range(3))

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> None:
        """Count the signs of the logits of a batch of real pictures, [N] or [N, K]."""
        self.signs += real_logits.sign().sum()
        self.count += real_logits.numel()

    @torch.no_grad()
    def update(self, shown: int, means: tuple[Tensor, Tensor, Tensor] | None = None) -> None:
        """Move p by one step of fixed size, after `shown` more pictures; call it every INTERVAL steps.

        "validation" takes the means of the logits of training, held-out and generated pictures. p stays where the
        overfitting is 0 / 0. Departure: the official code bounds p from below alone, but above 1 it means nothing, and
        would have to come back.
        """
        if (means is None) != (self.signal == "sign"):
            raise ValueError(f"the signal {self.signal!r} {'needs' if means is None else 'takes no'} means of logits")
        direction = (self._overfitting(means) - self.target).sign().nan_to_num(0)
        self.p.add_(direction * (shown / (self.kimg * 1000))).clamp_(0, 1)
        self.signs.zero_()
        self.count.zero_()

    def _overfitting(self, means: tuple[Tensor, Tensor, Tensor] | None) -> Tensor:
        if means is None:
            return sign_overfitting(self.signs, self.count)
        return validation_overfitting(*means)

    def tensors(self) -> dict[str, Tensor]:
        """The whole state, for the checkpoint."""
        return {"p": self.p, "signs": self.signs, "count": self.count}
