"""Neural style transfer: change the pixels of a canvas until VGG-19 sees one image's content in the style of others.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks" (CVPR), cited below as Gatys;
from coarse to fine.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from stages.stylize.memory import give_back
from stages.stylize.objective import Losses, Objective, StyleImage, weighted_sum
from stages.stylize.optimizers import OPTIMIZERS
from stages.stylize.params import StylizeParams
from stages.stylize.resampling import enlarged, resized, resized_regions
from stages.stylize.starts import STARTS, light, relit
from stages.stylize.vgg import SMALLEST, VGG19

# Pixels of the coarsest canvas's longer side: VGG sees a stroke there whole, whatever the size of the result.
COARSEST = 256


class Scale(NamedTuple):
    """One scale of the schedule: the canvas's (height, width), how it is optimized, and its steps."""

    size: tuple[int, int]
    optimizer: str
    steps: int


class Targets(NamedTuple):
    """What the canvas shall become: the content image [1, 3, H, W] in [-1, 1] at the size of the result, in the styles.

    `regions` are the canvas's [R, H, W], or None; `movable` says that a region may lie elsewhere on the canvas than in
    the style images, as with masks.
    """

    content: Tensor
    styles: Sequence[StyleImage]
    regions: Tensor | None
    movable: bool = False


def schedule(size: Sequence[int], params: StylizeParams) -> list[Scale]:
    """The canvases up to `size` = (height, width), coarse to fine, each sqrt(2) times the one before, with equal steps.

    Each has twice the pixels of the one before, so the full size takes half of the time and all others together the
    rest. Most of the picture is decided at the coarse scale, where a stroke is small enough for VGG to see it whole; it
    starts at the same size for every result, so that a larger one is the same picture with more detail.
    """
    halvings = 0
    while max(size) >= COARSEST * 2 ** ((halvings + 1) / 2) and min(size) * 0.5 ** ((halvings + 1) / 2) >= 2 * SMALLEST:
        halvings += 1
    scales = []
    for halved in range(halvings, -1, -1):
        height, width = (round(side * 0.5 ** (halved / 2)) for side in size)
        scales.append(Scale((height, width), _optimizer(max(height, width), params), params.steps))
    return scales


def _optimizer(longest: int, params: StylizeParams) -> str:
    """The key of OPTIMIZERS for a canvas whose longer side has that many pixels."""
    if params.optimizer != "auto":
        return params.optimizer
    return "lbfgs" if longest <= params.tile else "adam"


class StyleTransfer:
    """A picture in progress: a step at a time, to be watched, interrupted, and taken up again with the same result."""

    def __init__(self, network: VGG19, targets: Targets, params: StylizeParams) -> None:
        self.network, self.targets, self.params = network, targets, params
        self.content = relit(targets.content, light(targets.styles, targets.regions if targets.movable else None))
        self.scales = schedule(targets.content.shape[2:], params)
        self.scale, self.done = 0, 0  # which of the scales, and how many of its steps are done
        start = STARTS[params.start](self.content, targets.styles, params.seed)
        self._enter(resized(start, self.scales[0].size))

    def _enter(self, picture: Tensor) -> None:
        """Begin a scale with a picture of its size."""
        size, optimizer, _ = self.scales[self.scale]
        self.optimizer = OPTIMIZERS[optimizer](picture)
        give_back()  # what the start of a scale has freed
        self.objective = self._objective(size)

    def _enter_next(self) -> None:
        """Begin the next scale with what there is, enlarged."""
        self.scale, self.done = self.scale + 1, 0
        larger = enlarged(self.optimizer.result(), self.content, self.scales[self.scale].size)
        del self.optimizer, self.objective  # not beside those of the larger canvas
        self._enter(larger)

    def _objective(self, size: tuple[int, int]) -> Objective:
        styles = [self._style(style, size) for style in self.targets.styles]
        regions = resized_regions(self.targets.regions, size)
        return Objective(self.network, resized(self.content, size), styles, regions, self.params)

    def _style(self, style: StyleImage, size: tuple[int, int]) -> StyleImage:
        """A style image at the size that goes with a canvas of (height, width)."""
        own = self.style_size(style, size)
        return style._replace(image=resized(style.image, own), regions=resized_regions(style.regions, own))

    def style_size(self, style: StyleImage, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width): the longer side `style_scale` times the canvas's, no side too small for VGG."""
        shape, longest = style.image.shape[2:], max(size) * self.params.style_scale
        height, width = (max(SMALLEST, round(side * longest / max(shape))) for side in shape)
        return height, width

    @property
    def steps(self) -> int:
        """Of all scales."""
        return sum(scale.steps for scale in self.scales)

    @property
    def step(self) -> int:
        """How many of them are done."""
        return sum(scale.steps for scale in self.scales[: self.scale]) + self.done

    def __iter__(self) -> Iterator[Losses]:
        """Take the steps that are left; gives the losses that each step started from."""
        while self.step < self.steps:
            if self.done == self.scales[self.scale].steps:
                self._enter_next()
            seed = (self.params.seed + 7919 * self.step) % 2**31
            losses, gradient = self.objective.evaluate(self.optimizer.canvas, seed)
            self.optimizer.step(weighted_sum(losses, self.params), gradient)
            del gradient  # not beside the next one
            self.done += 1
            yield losses

    def picture(self) -> Tensor:
        """As it is now, [1, 3, h, w] in [-1, 1]."""
        return self.optimizer.result()

    def losses(self) -> Losses:
        """Of `picture()`."""
        return self.objective.losses(self.picture(), 0)

    def state(self) -> dict[str, Any]:
        """All that `load` needs to go on, of tensors, numbers and names."""
        return {"scale": self.scale, "done": self.done, "optimizer": self.optimizer.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there; the targets and the params must be the same."""
        self.scale, self.done = state["scale"], state["done"]
        self._enter(resized(self.content, self.scales[self.scale].size))
        self.optimizer.load(state["optimizer"])
