"""Adaptive discriminator augmentation (Karras 2020, arXiv 2006.06676): changes that come with a probability p, and p follows the overfitting.

Written with matrix products and comparisons, like DiffAugment: the gradients are deterministic on every device, and nothing waits for one.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

INTERVAL = 4  # steps between two updates of p (the paper, section 3)
TAIL = (
    1e-6  # what is cut off each end of the normal distribution, whose ends are infinite: 4.75 standard deviations stay
)


class Kind(NamedTuple):
    """What a kind of change takes besides the number that decides whether it comes."""

    amounts: int  # random numbers
    neutral: float  # the number that changes nothing


KINDS = {  # in the paper's order (appendix B): pixel blitting, geometry, color
    "flip": Kind(1, 0.0),
    "turn": Kind(1, 0.0),
    "jump": Kind(2, 0.5),  # down, right
    "zoom": Kind(1, 0.5),
    "stretch": Kind(1, 0.5),
    "shift": Kind(2, 0.5),  # down, right
    "brightness": Kind(1, 0.5),
    "contrast": Kind(1, 0.5),
    "luma": Kind(1, 0.0),
    "hue": Kind(1, 0.5),
    "saturation": Kind(1, 0.5),
}
SIZES = [
    size for kind in KINDS.values() for size in (1, kind.amounts)
]  # the number that decides, then the amounts, kind after kind
DRAWS = sum(SIZES)  # random numbers a picture: 24


def ada(pictures: Tensor, p: Tensor, uniform: Tensor) -> Tensor:
    """Pictures [N, 3, R, R] changed by the pipeline "bgc" of appendix B, each kind of change with probability `p` (a scalar).

    `uniform` [N, 24] in [0, 1) decides every change, so the same numbers give the same result. The values may leave
    [-1, 1]. At p = 0 the pictures come back bit for bit. Departure: no turns by any angle. They are the one change that
    does not split into rows and columns, their gradient has no deterministic kernel on CUDA, and a landscape has one horizon.
    """
    drawn = draw(p, uniform)
    return recolor(move(pictures, drawn), drawn)


def draw(p: Tensor, uniform: Tensor) -> dict[str, Tensor]:
    """The amounts [N, 1 or 2] of each kind, in [0, 1): neutral where the kind leaves a picture alone."""
    parts = uniform.split(SIZES, dim=1)
    rows = zip(KINDS.items(), parts[::2], parts[1::2], strict=True)
    return {name: torch.where(decides < p, amounts, kind.neutral) for (name, kind), decides, amounts in rows}


def move(pictures: Tensor, drawn: Mapping[str, Tensor]) -> Tensor:
    """Pixel blitting and geometry, as one matrix for the rows and one for the columns of each picture.

    A quarter turn exchanges rows and columns and reverses one of them. It comes before the flip here, and behind it in the
    paper: as a turn to the left is as likely as one to the right, that is the same distribution.
    """
    side = pictures.shape[-1]
    turns = (4 * drawn["turn"]).floor()  # [N, 1], 0..3 quarters to the left
    up_down, left_right = (turns == 1) | (turns == 2), (turns >= 2) ^ (drawn["flip"] >= 0.5)
    mirror = torch.where(torch.cat([up_down, left_right], dim=1), -1.0, 1.0)  # [N, 2]
    jump = ((drawn["jump"] - 0.5) * (side / 4)).round()  # [N, 2] pixels, up to an eighth of the side
    zoom, stretch = 0.2 * normal(drawn["zoom"]), 0.2 * normal(drawn["stretch"])  # [N, 1], powers of two
    scale = torch.cat([zoom - stretch, zoom + stretch], dim=1).exp2()  # [N, 2], height and width
    shift = normal(drawn["shift"]) * (side / 8)  # [N, 2] pixels
    rows, columns = resampling(side, mirror, jump, scale, shift).unbind(1)  # [N, R, R] each
    pictures = torch.where((turns % 2 == 1)[..., None, None], pictures.mT, pictures)
    return rows[:, None] @ pictures @ columns[:, None].mT


def resampling(side: int, mirror: Tensor, jump: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Matrices [N, 2, side, side] that mirror a line of `side` pixels, move it by whole pixels, scale it about its middle, and move it again.

    The arguments are [N, 2]. What lies outside is the line's reflection. Departure: the pixels are weighted by a triangle, as
    wide as a pixel of the result where it shrinks, and not by the wavelet sym6, which keeps fine detail better and costs far more.
    """
    mirror, jump, scale, shift = (part[..., None] for part in (mirror, jump, scale, shift))  # [N, 2, 1]
    last = side - 1
    place = torch.arange(side, dtype=scale.dtype, device=scale.device)
    source = (
        mirror * ((place - last / 2 - shift) / scale - jump) + last / 2
    )  # [N, 2, side]: where a pixel of the result comes from
    source = last - (source.remainder(2 * last) - last).abs()  # reflected into 0..last, however far it lies outside
    source, steep = source[..., None], scale.clamp(max=1)[..., None]
    seen = (1 - steep * (source - place).abs()).relu()  # [N, 2, side, side]
    # Around a source at the border, the triangle sees the other pixels a second time, in the mirror; not the border's own.
    mirrored = (1 - steep * (last - (source + place - last).abs())).relu() * ((place > 0) & (place < last))
    weights = seen + mirrored
    return weights / weights.sum(dim=-1, keepdim=True)


def recolor(pictures: Tensor, drawn: Mapping[str, Tensor]) -> Tensor:
    """The colors of each picture times a matrix [3, 4], whose last column is added."""
    matrix = color_matrix(drawn)
    changed = matrix[:, :, :3] @ pictures.flatten(2) + matrix[:, :, 3:]  # [N, 3, R * R]
    return changed.view(pictures.shape)


def color_matrix(drawn: Mapping[str, Tensor]) -> Tensor:
    """Matrices [N, 3, 4]: the product of the paper's five homogeneous ones, brightness first and saturation last.

    Flip, hue and saturation all keep the axis of the grays. So the product has a closed form (a turn about that axis,
    Rodrigues): colors along the axis are flipped, colors across it turned and stretched.
    """
    amounts = {
        name: drawn[name][..., None] for name in ("brightness", "contrast", "luma", "hue", "saturation")
    }  # [N, 1, 1] each
    brightness = 0.2 * normal(amounts["brightness"])
    contrast = (0.5 * normal(amounts["contrast"])).exp2()
    along = contrast * torch.where(amounts["luma"] >= 0.5, -1.0, 1.0)
    angle = (2 * amounts["hue"] - 1) * math.pi
    saturation = contrast * normal(amounts["saturation"]).exp2()
    same = torch.eye(3, dtype=angle.dtype, device=angle.device)
    gray = torch.full_like(same, 1 / 3)  # projects onto the axis of the grays
    across = (same.roll(1, 0) - same.roll(-1, 0)) / math.sqrt(3)  # turns by 90 degrees about that axis
    cosine, sine = saturation * angle.cos(), saturation * angle.sin()
    linear = cosine * same + (along - cosine) * gray + sine * across  # [N, 3, 3]
    added = (along * brightness).expand(-1, 3, 1)  # brightness is a gray
    return torch.cat([linear, added], dim=2)


def normal(uniform: Tensor) -> Tensor:
    """Standard normal numbers from uniform ones, by the inverse of the distribution; a half gives exactly 0."""
    return math.sqrt(2) * torch.erfinv(
        2 * uniform.clamp(TAIL, 1 - TAIL) - 1
    )  # torch.special.ndtri, which MPS does not have


def sign_overfitting(signs: Tensor, count: Tensor) -> Tensor:
    """r_t = E[sign(D_train)] (equation 1, right), from a sum of signs: 0 without overfitting, 1 at worst. Not a number where count is 0."""
    return signs / count


def validation_overfitting(train: Tensor, validation: Tensor, generated: Tensor) -> Tensor:
    """r_v = (E[D_train] - E[D_validation]) / (E[D_train] - E[D_generated]) (equation 1, left), from the three means of the logits.

    0 without overfitting, 1 where held-out pictures look generated. It stays the same when all logits grow or move.
    """
    return (train - validation) / (train - generated)


class Controller:
    """The probability p, which rises while the discriminator overfits and falls while it does not (section 3); all on the device.

    `signal` is "sign" (r_t) or "validation" (r_v), `target` the overfitting to hold, and `kimg` the thousands of pictures
    in which p can rise from 0 to 1. The sign means something only where the loss compares a logit with 0: under a relativistic loss,
    which compares logits with each other, observe their differences D(real) - D(generated), or use "validation".
    """

    def __init__(self, signal: str, target: float, kimg: float, device: torch.device):
        if signal not in ("sign", "validation"):
            raise ValueError(f"signal is {signal!r}, but must be 'sign' or 'validation'")
        self.signal, self.target, self.kimg = signal, target, kimg
        self.p, self.signs, self.count = (torch.zeros((), device=device) for _ in range(3))

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> None:
        """Note what the discriminator says of a batch of real pictures, [N]."""
        self.signs += real_logits.sign().sum()
        self.count += real_logits.numel()

    @torch.no_grad()
    def update(self, shown: int, means: tuple[Tensor, Tensor, Tensor] | None = None) -> None:
        """Move p by one step of fixed size, after `shown` more pictures; call it at every fourth step.

        "validation" takes the means of the logits of training, held-out and generated pictures. p stays where the
        overfitting is 0 / 0. Departure: the official code bounds p from below alone, but above 1 it means nothing, and would have to come back.
        """
        if (means is None) != (self.signal == "sign"):
            raise ValueError(f"the signal {self.signal!r} {'needs' if means is None else 'takes no'} means of logits")
        overfitting = sign_overfitting(self.signs, self.count) if means is None else validation_overfitting(*means)
        direction = (overfitting - self.target).sign().nan_to_num(0)
        self.p.add_(direction * (shown / (self.kimg * 1000))).clamp_(0, 1)
        self.signs.zero_()
        self.count.zero_()

    def tensors(self) -> dict[str, Tensor]:
        """The whole state, for the checkpoint."""
        return {"p": self.p, "signs": self.signs, "count": self.count}
