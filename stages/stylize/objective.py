"""What the canvas shall become, and how far it is from that: content, style and smoothness, with the gradient of their sum.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks" (CVPR), cited below as Gatys. A large canvas
is seen in tiles, but its style is always that of the whole: a first pass adds up the statistics of all tiles, a second one
passes the gradient of the whole style loss back through each tile. Memory depends on the tile.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.stylize.statistics import Sums, mixed, style_loss, sums
from stages.stylize.tiling import Tile, tiles
from stages.stylize.vgg import VGG19, stride

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


class Losses(NamedTuple):
    """The three terms, each without its weight; 0 is perfect, and about 1 is an empty picture."""

    content: Tensor
    style: Tensor
    variation: Tensor


class Weights(NamedTuple):
    """How much the style and the smoothness count against the content, whose weight is 1."""

    style: float
    variation: float


class Work(NamedTuple):
    """A painting whose style is wanted: [1, 3, h, w] in [-1, 1], its share of the style, and its regions [R, h, w] if there are any."""

    picture: Tensor
    weight: float
    regions: Tensor | None


class How(NamedTuple):
    """Choices: the style loss (a key of DISTANCES), how many times smaller content is looked at (1, 2, 4), the pixels of a tile's side."""

    style_loss: str = "gram"
    content_scale: int = 1
    tile: int = 8192


class Objective:
    """The losses of a canvas at one scale."""

    def __init__(self, network: VGG19, sketch: Tensor, works: Sequence[Work], regions: Tensor | None, how: How) -> None:
        """`sketch` [1, 3, H, W] in [-1, 1]; `regions` [R, H, W] of the canvas, shares that sum to 1 at each place, or None; `works` have them alike."""
        self.network, self.how = network, how
        with torch.no_grad():
            self.content = self._content_of(sketch)
            self.square = self.content.square().mean().clamp_min(1e-12)
            self.regions = pyramid(regions)
            self.target = self._style_of(works)

    def evaluate(self, canvas: Tensor, weights: Weights, seed: int) -> tuple[Losses, Tensor]:
        """The losses of a canvas [1, 3, H, W] in [-1, 1] and the gradient of their weighted sum; `seed` places the cuts between tiles."""
        canvas = canvas.detach().requires_grad_()
        parts = list(tiles(canvas.shape[2:], self.how.tile, seed))
        if len(parts) == 1:
            content, found = self._terms(canvas, parts[0])
            style = style_loss(found, self.target, self.how.style_loss)
            content, gradient = content.detach(), *torch.autograd.grad(content + weights.style * style, canvas)
        else:
            style, slopes = self._slopes(canvas, parts)
            content, gradient = self._through_tiles(canvas, parts, slopes, weights.style)
        variation = total_variation(canvas)
        gradient = gradient + weights.variation * torch.autograd.grad(variation, canvas)[0]
        return Losses(content, style.detach(), variation.detach()), gradient

    def _slopes(self, canvas: Tensor, parts: Sequence[Tile]) -> tuple[Tensor, dict[str, Sums]]:
        """The style loss of the whole canvas, and its gradient at each layer's sums."""
        total: dict[str, Sums] = {}
        with torch.no_grad():
            for part in parts:
                found = self._sums(self.network(part.seen(canvas), STYLE_LAYERS), part)
                total = {layer: total[layer] + some if total else some for layer, some in found.items()}
        leaves = {
            layer: Sums(some.places, some.first.requires_grad_(), some.second.requires_grad_())
            for layer, some in total.items()
        }
        style = style_loss(leaves, self.target, self.how.style_loss)
        flat = torch.autograd.grad(
            style,
            [tensor for some in leaves.values() for tensor in some[1:]],
            allow_unused=True,
            materialize_grads=True,
        )
        return style, {
            layer: Sums(leaves[layer].places, *pair) for layer, *pair in zip(leaves, flat[::2], flat[1::2], strict=True)
        }

    def _through_tiles(
        self, canvas: Tensor, parts: Sequence[Tile], slopes: dict[str, Sums], weight: float
    ) -> tuple[Tensor, Tensor]:
        """The content loss, and the gradient of content and weighted style, tile by tile."""
        content, gradient = torch.zeros((), device=canvas.device), torch.zeros_like(canvas)
        for part in parts:
            seen = part.seen(canvas).detach().requires_grad_()
            share, found = self._terms(seen, part)
            style = sum(
                (found[layer].first * slope.first).sum() + (found[layer].second * slope.second).sum()
                for layer, slope in slopes.items()
            )
            part.seen(gradient).add_(*torch.autograd.grad(share + weight * style, seen))
            content += share.detach()
        return content, gradient

    def _terms(self, seen: Tensor, part: Tile) -> tuple[Tensor, dict[str, Sums]]:
        """The core's share of the content loss, and its sums; `seen` is what VGG sees of the canvas."""
        scale = self.how.content_scale
        features = self.network(seen, STYLE_LAYERS if scale > 1 else (CONTENT_LAYER, *STYLE_LAYERS))
        near = features if scale == 1 else self.network(F.avg_pool2d(seen, scale), (CONTENT_LAYER,))
        steps = scale * stride(CONTENT_LAYER)
        difference = part.core(near[CONTENT_LAYER], steps) - part.whole(self.content, steps)
        return difference.square().sum() / self.content.numel() / self.square, self._sums(features, part)

    def _sums(self, features: dict[str, Tensor], part: Tile) -> dict[str, Sums]:
        found = {}
        for layer in STYLE_LAYERS:
            regions = self.regions.get(layer)
            found[layer] = sums(
                part.core(features[layer], stride(layer)),
                None if regions is None else part.whole(regions, stride(layer)),
            )
        return found

    def _content_of(self, sketch: Tensor) -> Tensor:
        """The sketch's features (Gatys, equation 1), [1, 512, h, w], at the scale at which content is looked at; in tiles like the canvas."""
        scale = self.how.content_scale
        steps, rows = scale * stride(CONTENT_LAYER), {}
        for part in tiles(sketch.shape[2:], self.how.tile):
            features = self.network(F.avg_pool2d(part.seen(sketch), scale), (CONTENT_LAYER,))[CONTENT_LAYER]
            rows.setdefault(part.down, []).append(part.core(features, steps))
        return torch.cat([torch.cat(row, 3) for row in rows.values()], 2)

    def _style_of(self, works: Sequence[Work]) -> dict[str, Sums]:
        """The statistics that are wanted: those of the works, by their weights."""
        each = [self._work(work) for work in works]
        shares = [work.weight for work in works]
        return {layer: mixed([found[layer] for found in each], shares) for layer in STYLE_LAYERS}

    def _work(self, work: Work) -> dict[str, Sums]:
        regions, total = pyramid(work.regions), {}
        for part in tiles(work.picture.shape[2:], self.how.tile):
            for layer, features in self.network(part.seen(work.picture), STYLE_LAYERS).items():
                own = None if work.regions is None else part.whole(regions[layer], stride(layer))
                found = sums(part.core(features, stride(layer)), own)
                total[layer] = total[layer] + found if layer in total else found
        return total


def pyramid(regions: Tensor | None) -> dict[str, Tensor]:
    """Regions [R, H, W] at the size of each style layer's features; none for None."""
    if regions is None:
        return {}
    levels = list(_halved(regions[None]))
    return {layer: levels[block][0] for block, layer in enumerate(STYLE_LAYERS)}


def _halved(regions: Tensor) -> Iterator[Tensor]:
    for _ in STYLE_LAYERS:
        yield regions
        regions = F.avg_pool2d(regions, 2)  # as VGG halves its features


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared difference of neighboring pixels (Mahendran and Vedaldi 2015, equation 4 with beta = 2)."""
    across = (picture[..., :, 1:] - picture[..., :, :-1]).square().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).square().mean()
    return across + down
