"""Neural style transfer: change the pixels of a sketch until VGG-19 sees its content in the style of a work.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks" (CVPR), cited below as Gatys.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.stylize.vgg import SMALLEST, VGG19

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
SCALES = 3  # sizes of the canvas, each sqrt(2) the one before
WORK_MASSES = (6, 2)  # patches, down and across: light changes with height, and more across would show the work's things
SKETCH_MASSES = (12, 16)  # patches: about as wide as the margins of a sheet, so that these vanish too
LUMA = (0.299, 0.587, 0.114)  # brightness of red, green and blue (ITU-R BT.601)
HISTORY = 20  # steps that L-BFGS remembers; each costs two copies of the picture


class Losses(NamedTuple):
    """The three terms, each without its weight; 0 is perfect, and about 1 is an empty picture."""

    content: Tensor
    style: Tensor
    variation: Tensor


class Weights(NamedTuple):
    """How much the style and the smoothness count against the content, whose weight is 1."""

    style: float
    variation: float


OnStep = Callable[[Losses], None]


def gram(features: Tensor) -> Tensor:
    """Gram matrix of features [N, C, H, W]: mean products of two channels over all places, [N, C, C] (Gatys, equation 3).

    Departure: a mean instead of a sum, so that pictures of different sizes compare.
    """
    flat = features.flatten(2)  # [N, C, H * W]
    return flat @ flat.mT / flat.shape[2]


def relative_error(value: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference, divided by the mean square of the target.

    Used for content (Gatys, equation 1) and for each Gram matrix (equation 4). Departure: Gatys divides by sizes only, and
    then the layer with the largest features decides alone; divided by the target's own square all layers count alike.
    """
    return (value - target).square().mean() / target.square().mean().clamp_min(1e-12)


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels (Mahendran and Vedaldi 2015, equation 4 with beta = 2)."""
    across = (picture[..., :, 1:] - picture[..., :, :-1]).square().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).square().mean()
    return across + down


class Target:
    """What the canvas shall become: the sketch's content features and the work's Gram matrices at one scale."""

    def __init__(self, vgg: VGG19, sketch: Tensor, work: Tensor) -> None:
        """`sketch` [1, 3, H, W] and `work` [1, 3, h, w], both in [-1, 1]."""
        self.vgg = vgg
        with torch.no_grad():
            self.content = vgg(sketch, [CONTENT_LAYER])[CONTENT_LAYER]
            self.grams = {layer: gram(features) for layer, features in vgg(work, STYLE_LAYERS).items()}

    def losses(self, picture: Tensor) -> Losses:
        """The three terms for a picture [1, 3, H, W] in [-1, 1]."""
        features = self.vgg(picture, (CONTENT_LAYER, *STYLE_LAYERS))
        styles = [relative_error(gram(features[layer]), target) for layer, target in self.grams.items()]
        content = relative_error(features[CONTENT_LAYER], self.content)
        return Losses(content, torch.stack(styles).mean(), total_variation(picture))


def schedule(size: tuple[int, int], steps: int) -> list[tuple[tuple[int, int], int]]:
    """The canvas sizes (height, width), coarse to fine, and the steps at each: from `steps` at the coarsest down by half.

    Each scale has twice the pixels of the one before and half the steps, so all take about equally long. Most of the
    picture is decided at the coarse scale, where a stroke is small enough for VGG to see it whole. A scale too small for
    VGG is left out.
    """
    plan = []
    for halvings in range(SCALES - 1, -1, -1):
        coarse = tuple(round(side * 0.5 ** (halvings / 2)) for side in size)
        if min(coarse) >= 2 * SMALLEST or halvings == 0:
            plan.append(coarse)
    return [((height, width), max(1, steps >> number)) for number, (height, width) in enumerate(plan)]


def resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture [1, 3, H, W] at another (height, width), bicubic and antialiased, within [-1, 1]."""
    return F.interpolate(picture, size, mode="bicubic", antialias=True).clamp(-1, 1)


def underpainted(sketch: Tensor, work: Tensor) -> Tensor:
    """The sketch as if drawn over an underpainting: the work's large masses of light, seen through the sketch.

    Departure: Gatys starts from the sketch and takes its content from it. But paper is the same white everywhere, and a picture
    held to it stays pale and flat. Over the masses, white becomes the work's sky and ground, and lines and washes stay where
    they are. The sketch is divided by its own large masses, so its light gives way to the work's: neither white margins nor a
    photograph's shadows remain as patches.
    `sketch` [1, 3, H, W], `work` [1, 3, h, w], both in [-1, 1]; returns [1, 3, H, W] in [-1, 1].
    """
    size = sketch.shape[2:]
    light = resized(resized(work, WORK_MASSES), size) + 1  # [1, 3, H, W], 0..2
    brightness = (sketch * sketch.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)  # [1, 1, H, W]
    paper = resized(resized(brightness, SKETCH_MASSES), size) + 1  # [1, 1, H, W], 0..2
    return (light * (sketch + 1) / paper.clamp_min(0.2) - 1).clamp(-1, 1)


def stylize(vgg: VGG19, sketch: Tensor, work: Tensor, steps: int, weights: Weights, on_step: OnStep) -> tuple[Tensor, Losses]:
    """Paint the sketch in the style of a work.

    `sketch` [1, 3, H, W] has the size of the result; `work` [1, 3, h, w] is resized so that its longer side is the canvas's.
    Both float32 in [-1, 1] on VGG's device. Returns the picture [1, 3, H, W] in [-1, 1] and its losses at full size.
    `on_step` gets the losses of every evaluation.
    """
    ground = underpainted(sketch, work)
    picture = ground
    for size, count in schedule(sketch.shape[2:], steps):
        target = Target(vgg, resized(ground, size), resized(work, _fitted(work.shape[2:], max(size))))
        picture = optimized(target, resized(picture, size), count, weights, on_step)
    with torch.no_grad():
        return picture, target.losses(picture)


def optimized(target: Target, start: Tensor, steps: int, weights: Weights, on_step: OnStep) -> Tensor:
    """L-BFGS from a picture [1, 3, H, W], as Gatys used it; without a line search, so a step is one evaluation."""
    picture = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([picture], max_iter=steps, max_eval=steps + 1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0)

    def closure() -> Tensor:
        losses = target.losses(picture)
        total = losses.content + weights.style * losses.style + weights.variation * losses.variation
        (picture.grad,) = torch.autograd.grad(total, picture)
        on_step(Losses(*(term.detach() for term in losses)))
        return total.detach()

    optimizer.step(closure)
    return picture.detach().clamp(-1, 1)


def _fitted(size: Sequence[int], longest: int) -> tuple[int, int]:
    """(height, width) with the longer side `longest` and the same aspect ratio, no side too small for VGG."""
    height, width = (max(SMALLEST, round(side * longest / max(size))) for side in size)
    return height, width
