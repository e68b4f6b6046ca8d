"""Neural style transfer: change the pixels of a canvas until VGG-19 sees the sketch's content in the style of a work.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks" (CVPR), cited below as Gatys; coarse to fine.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.stylize.objective import How, Losses, Objective, Weights, Work
from stages.stylize.optimizers import OPTIMIZERS
from stages.stylize.vgg import SMALLEST, VGG19

COARSEST = 256  # pixels of the longer side where the first strokes are laid: VGG sees a stroke there whole, whatever the size of the result
WORK_MASSES = (
    6,
    2,
)  # patches, down and across: light changes with height, and more across would show the work's things
SKETCH_MASSES = (12, 16)  # patches: about as wide as the margins of a sheet, so that these vanish too
NOISE = 0.05  # standard deviation on gray; stronger noise is what most steps would go into removing, and it stays where they do not suffice
LUMA = (0.299, 0.587, 0.114)  # brightness of red, green and blue (ITU-R BT.601)


class Scale(NamedTuple):
    """One stage of the schedule: the canvas's (height, width), how it is optimized, and its steps."""

    size: tuple[int, int]
    optimizer: str
    steps: int


class Plan(NamedTuple):
    """What to paint: the sketch [1, 3, H, W] at the size of the result, the works, the canvas's regions [R, H, W] or None.

    `free` says that a region may lie elsewhere on the canvas than in the works, as with masks.
    """

    sketch: Tensor
    works: Sequence[Work]
    regions: Tensor | None
    free: bool = False


class Choices(NamedTuple):
    """How to paint it; params.yaml says what each means."""

    steps: int
    weights: Weights
    how: How
    style_scale: float = 1.0
    start: str = "content"
    optimizer: str = "auto"
    seed: int = 0


def schedule(size: tuple[int, int], steps: int, optimizer: str = "auto", tile: int = 8192) -> list[Scale]:
    """The canvases, coarse to fine, each sqrt(2) times the one before, with `steps` at each.

    Each has twice the pixels of the one before, so the full size takes half of the time and all others together the rest.
    Most of the picture is decided at the coarse scale, where a stroke is small enough for VGG to see it whole; it starts at the
    same size for every result, so that a larger one is the same picture with more detail.
    """
    halvings = 0
    while max(size) >= COARSEST * 2 ** ((halvings + 1) / 2) and min(size) * 0.5 ** ((halvings + 1) / 2) >= 2 * SMALLEST:
        halvings += 1
    found = []
    for halved in range(halvings, -1, -1):
        height, width = (round(side * 0.5 ** (halved / 2)) for side in size)
        name = optimizer if optimizer != "auto" else "lbfgs" if max(height, width) <= tile else "adam"
        found.append(Scale((height, width), name, steps))
    return found


class Painting:
    """A picture in progress: a step at a time, to be watched, interrupted, and taken up again with the same result."""

    def __init__(self, network: VGG19, plan: Plan, choices: Choices) -> None:
        self.network, self.plan, self.choices = network, plan, choices
        self.ground = underpainted(plan.sketch, light(plan))
        self.scales = schedule(plan.sketch.shape[2:], choices.steps, choices.optimizer, choices.how.tile)
        self.scale, self.done = 0, 0  # which of the scales, and how many of its steps are done
        self._enter(resized(started(choices.start, self.ground, plan.works, choices.seed), self.scales[0].size))

    def _enter(self, picture: Tensor) -> None:
        """Begin a scale with a picture of its size."""
        size, optimizer, _ = self.scales[self.scale]
        self.optimizer = OPTIMIZERS[optimizer](picture)
        self.objective = self._objective(size)

    def _objective(self, size: tuple[int, int]) -> Objective:
        works = [work._replace(picture=resized(work.picture, self._work_size(work, size))) for work in self.plan.works]
        works = [work._replace(regions=_shrunk(work.regions, work.picture.shape[2:])) for work in works]
        return Objective(
            self.network, resized(self.ground, size), works, _shrunk(self.plan.regions, size), self.choices.how
        )

    def _work_size(self, work: Work, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) with the longer side `style_scale` times the canvas's, the same aspect ratio, no side too small for VGG."""
        shape, longest = work.picture.shape[2:], max(size) * self.choices.style_scale
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
        """Paint what is left; gives the losses that each step started from."""
        while self.step < self.steps:
            if self.done == self.scales[self.scale].steps:
                self.scale, self.done = self.scale + 1, 0
                self._enter(enlarged(self.optimizer.result(), self.ground, self.scales[self.scale].size))
            seed = (self.choices.seed + 7919 * self.step) % 2**31
            losses, gradient = self.objective.evaluate(self.optimizer.canvas, self.choices.weights, seed)
            self.optimizer.step(losses, self.choices.weights, gradient)
            self.done += 1
            yield losses

    def picture(self) -> Tensor:
        """As it is now, [1, 3, h, w] in [-1, 1]."""
        return self.optimizer.result()

    def losses(self) -> Losses:
        """Of `picture()`."""
        return self.objective.evaluate(self.picture(), self.choices.weights, 0)[0]

    def state(self) -> dict[str, Any]:
        """All that `load` needs to go on, of tensors, numbers and names."""
        return {"scale": self.scale, "done": self.done, "optimizer": self.optimizer.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there; the plan and the choices must be the same."""
        self.scale, self.done = state["scale"], state["done"]
        self._enter(resized(self.ground, self.scales[self.scale].size))
        self.optimizer.load(state["optimizer"])


def started(kind: str, ground: Tensor, works: Sequence[Work], seed: int) -> Tensor:
    """The first canvas, [1, 3, H, W]: the sketch on its underpainting, the works one over the other, or noise."""
    if kind == "style":
        return sum(work.weight * resized(work.picture, ground.shape[2:]) for work in works)
    if kind == "noise":
        noise = torch.randn(ground.shape, generator=torch.Generator().manual_seed(seed)).to(ground)
        return NOISE * noise
    return ground


def resized(picture: Tensor, size: Sequence[int]) -> Tensor:
    """A picture [1, 3, H, W] at another (height, width), bicubic and antialiased, within [-1, 1]."""
    return F.interpolate(picture, tuple(size), mode="bicubic", antialias=True).clamp(-1, 1)


def enlarged(painted: Tensor, ground: Tensor, size: Sequence[int]) -> Tensor:
    """A coarse canvas at a finer (height, width): what was painted over the ground is enlarged, and the ground is there in all its detail.

    Enlarged itself, the canvas would be blurred, and the few steps of the fine scales would go into sharpening it (MEASURED.md).
    The detail is a Laplacian pyramid's (Burt and Adelson 1983, "The Laplacian Pyramid as a Compact Image Code").
    """
    change = painted - resized(ground, painted.shape[2:])  # -2..2
    return (resized(ground, size) + 2 * resized(change / 2, size)).clamp(-1, 1)


def _shrunk(regions: Tensor | None, size: Sequence[int]) -> Tensor | None:
    """Regions [R, H, W] at another (height, width); their shares still sum to 1."""
    return None if regions is None else F.interpolate(regions[None], tuple(size), mode="bilinear", antialias=True)[0]


def light(plan: Plan) -> Tensor:
    """The works' large masses of light by their place, or by their region where that is free; [1, 3, h, w] in [-1, 1]."""
    if not plan.free:
        return sum(work.weight * resized(work.picture, WORK_MASSES) for work in plan.works)
    means = sum(work.weight * _mean_colors(work) for work in plan.works)  # [3, R]
    return torch.einsum("cr,rhw->chw", means, plan.regions)[None]


def _mean_colors(work: Work) -> Tensor:
    """Of each region of a work, [3, R]."""
    places = work.regions.sum((1, 2)).clamp_min(1e-6)  # [R]
    return torch.einsum("chw,rhw->cr", work.picture[0], work.regions) / places


def underpainted(sketch: Tensor, light: Tensor) -> Tensor:
    """The sketch as if drawn over an underpainting: the work's large masses of light, seen through the sketch.

    Departure: Gatys starts from the sketch and takes its content from it. But paper is the same white everywhere, and a picture
    held to it stays pale and flat. Over the masses, white becomes the work's sky and ground, and lines and washes stay where
    they are. The sketch is divided by its own large masses, so its light gives way to the work's: neither white margins nor a
    photograph's shadows remain as patches.
    `sketch` [1, 3, H, W], `light` [1, 3, h, w] of any size, both in [-1, 1]; returns [1, 3, H, W] in [-1, 1].
    """
    size = sketch.shape[2:]
    light = resized(light, size) + 1  # [1, 3, H, W], 0..2
    brightness = (sketch * sketch.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)  # [1, 1, H, W]
    paper = resized(resized(brightness, SKETCH_MASSES), size) + 1  # [1, 1, H, W], 0..2
    return (light * (sketch + 1) / paper.clamp_min(0.2) - 1).clamp(-1, 1)
