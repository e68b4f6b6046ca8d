"""How far the canvas is from what it shall become: content, style and smoothness, with the gradient of their sum.

Gatys, Ecker and Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks" (CVPR), cited below as Gatys. A
large canvas is seen in tiles, but its style is always that of the whole: a first pass adds up the statistics of all
tiles, a second one passes the gradient of the whole style loss back through each tile. Memory depends on the tile.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.stylize.memory import give_back
from stages.stylize.params import StylizeParams
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


class StyleImage(NamedTuple):
    """An image whose style is asked for: [1, 3, h, w] in [-1, 1], its share of the style, its regions [R, h, w]."""

    image: Tensor
    weight: float
    regions: Tensor | None


def weighted_sum(losses: Losses, params: StylizeParams) -> Tensor:
    """What is minimized, a scalar (Gatys, equation 7, with total variation)."""
    return losses.content + params.style_weight * losses.style + params.variation_weight * losses.variation


class Objective:
    """The losses of a canvas at one scale."""

    def __init__(
        self,
        network: VGG19,
        content: Tensor,
        styles: Sequence[StyleImage],
        regions: Tensor | None,
        params: StylizeParams,
    ) -> None:
        """`content` [1, 3, H, W] in [-1, 1]; `regions` [R, H, W] of the canvas or None.

        Regions are shares that sum to 1 at each place; the style images have some where the canvas has. Of `params`
        count the weights, `style_loss`, `content_scale` and `tile`.
        """
        self.network, self.params = network, params
        with torch.no_grad():
            self.content = self._content_of(content)
            self.square = self.content.square().mean().clamp_min(1e-12)
            self.regions = pyramid(regions)
            self.target = self._style_of(styles)

    def evaluate(self, canvas: Tensor, seed: int) -> tuple[Losses, Tensor]:
        """The losses of a canvas [1, 3, H, W] in [-1, 1] and the gradient of their weighted sum.

        `seed` places the cuts between tiles.
        """
        canvas = canvas.detach().requires_grad_()
        cut = list(tiles(canvas.shape[2:], self.params.tile, seed))
        if len(cut) == 1:
            content, found = self._terms(canvas, cut[0])
            style = style_loss(found, self.target, self.params.style_loss)
            (gradient,) = torch.autograd.grad(content + self.params.style_weight * style, canvas)
            content = content.detach()
        else:
            style, slopes = self._slopes(canvas, cut)
            content, gradient = self._through_tiles(canvas, cut, slopes)
        variation, slope = total_variation(canvas.detach())
        return Losses(content, style.detach(), variation), gradient + slope.mul_(self.params.variation_weight)

    @torch.no_grad()
    def losses(self, canvas: Tensor, seed: int) -> Losses:
        """As `evaluate`, without the gradient: in half of the time or less."""
        content, totals = torch.zeros((), device=canvas.device), dict[str, Sums]()
        for tile in _in_turn(list(tiles(canvas.shape[2:], self.params.tile, seed))):
            share, found = self._terms(tile.seen(canvas), tile)
            content, totals = content + share, _added(totals, found)
        return Losses(content, style_loss(totals, self.target, self.params.style_loss), total_variation(canvas)[0])

    def _slopes(self, canvas: Tensor, cut: Sequence[Tile]) -> tuple[Tensor, dict[str, Sums]]:
        """The style loss of the whole canvas, and its gradient at each layer's sums."""
        leaves = {
            layer: Sums(total.places, total.first.requires_grad_(), total.second.requires_grad_())
            for layer, total in self._totals(canvas, cut).items()
        }
        style = style_loss(leaves, self.target, self.params.style_loss)
        inputs = [tensor for total in leaves.values() for tensor in (total.first, total.second)]
        # A loss that does not depend on some sums has the gradient 0 there.
        flat = torch.autograd.grad(style, inputs, allow_unused=True, materialize_grads=True)
        pairs = zip(leaves.items(), flat[::2], flat[1::2], strict=True)
        return style, {layer: Sums(total.places, first, second) for (layer, total), first, second in pairs}

    @torch.no_grad()
    def _totals(self, canvas: Tensor, cut: Sequence[Tile]) -> dict[str, Sums]:
        """The sums of all tiles at each layer."""
        totals: dict[str, Sums] = {}
        for tile in _in_turn(cut):
            totals = _added(totals, _core_sums(self.network(tile.seen(canvas), STYLE_LAYERS), self.regions, tile))
        return totals

    def _through_tiles(self, canvas: Tensor, cut: Sequence[Tile], slopes: dict[str, Sums]) -> tuple[Tensor, Tensor]:
        """The content loss, and the gradient of content and weighted style, tile by tile."""
        content, gradient = torch.zeros((), device=canvas.device), torch.zeros_like(canvas)
        for tile in _in_turn(cut):
            seen = tile.seen(canvas).detach().requires_grad_()
            share, found = self._terms(seen, tile)
            style = sum(
                (found[layer].first * slope.first).sum() + (found[layer].second * slope.second).sum()
                for layer, slope in slopes.items()
            )
            tile.seen(gradient).add_(*torch.autograd.grad(share + self.params.style_weight * style, seen))
            content += share.detach()
            del share, found, style, seen
        return content, gradient

    def _terms(self, seen: Tensor, tile: Tile) -> tuple[Tensor, dict[str, Sums]]:
        """The core's share of the content loss, and its sums; `seen` is what VGG sees of the canvas."""
        scale = self.params.content_scale
        if scale == 1:
            features = self.network(seen, (CONTENT_LAYER, *STYLE_LAYERS))
            content = features[CONTENT_LAYER]
        else:
            features = self.network(seen, STYLE_LAYERS)
            content = self.network(F.avg_pool2d(seen, scale), (CONTENT_LAYER,))[CONTENT_LAYER]
        steps = scale * stride(CONTENT_LAYER)
        difference = tile.core(content, steps) - tile.whole(self.content, steps)
        return difference.square().sum() / self.content.numel() / self.square, _core_sums(features, self.regions, tile)

    def _content_of(self, content: Tensor) -> Tensor:
        """The content's features (Gatys, equation 1), [1, 512, h, w], `content_scale` times smaller; in tiles."""
        scale = self.params.content_scale
        steps, cut = scale * stride(CONTENT_LAYER), list(tiles(content.shape[2:], self.params.tile))
        whole = torch.empty(0)
        for tile in _in_turn(cut):
            features = self.network(F.avg_pool2d(tile.seen(content), scale), (CONTENT_LAYER,))[CONTENT_LAYER]
            if len(cut) == 1:
                return features
            if not len(whole):
                whole = features.new_empty((*features.shape[:2], *(side // steps for side in content.shape[2:])))
            tile.whole(whole, steps).copy_(tile.core(features, steps))
        return whole

    def _style_of(self, styles: Sequence[StyleImage]) -> dict[str, Sums]:
        """The target's statistics: those of the style images, by their weights."""
        each = [self._sums_of(style) for style in styles]
        weights = [style.weight for style in styles]
        return {layer: mixed([found[layer] for found in each], weights) for layer in STYLE_LAYERS}

    def _sums_of(self, style: StyleImage) -> dict[str, Sums]:
        """Of a whole style image, at each style layer."""
        regions = pyramid(style.regions)
        totals: dict[str, Sums] = {}
        for tile in _in_turn(list(tiles(style.image.shape[2:], self.params.tile))):
            features = self.network(tile.seen(style.image), STYLE_LAYERS)
            totals = _added(totals, _core_sums(features, regions, tile))
        return totals


def _in_turn(cut: Sequence[Tile]) -> Iterator[Tile]:
    """Each tile; where there are several, memory is given back after each."""
    for tile in cut:
        yield tile
        if len(cut) > 1:
            give_back()


def _added(totals: Mapping[str, Sums], found: Mapping[str, Sums]) -> dict[str, Sums]:
    """The sums so far, none at first, with those of one more tile."""
    return {layer: totals[layer] + some if totals else some for layer, some in found.items()}


def _core_sums(features: Mapping[str, Tensor], regions: Mapping[str, Tensor], tile: Tile) -> dict[str, Sums]:
    """The sums of a tile's core at each style layer.

    `features` [1, C, h, w] are the tile's, `regions` [R, H, W] the whole picture's, where there are any.
    """
    found = {}
    for layer in STYLE_LAYERS:
        own = tile.whole(regions[layer], stride(layer)) if regions else None
        found[layer] = sums(tile.core(features[layer], stride(layer)), own)
    return found


def pyramid(regions: Tensor | None) -> dict[str, Tensor]:
    """Regions [R, H, W] at the size of each style layer's features; none for None."""
    if regions is None:
        return {}
    levels = list(_halved(regions[None]))
    return {layer: levels[block][0] for block, layer in enumerate(STYLE_LAYERS)}


def _halved(regions: Tensor) -> Iterator[Tensor]:
    yield regions
    for _ in STYLE_LAYERS[1:]:
        regions = F.avg_pool2d(regions, 2)  # as VGG halves its features
        yield regions


def total_variation(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared difference of neighboring pixels of [1, 3, H, W], a scalar, and its gradient [1, 3, H, W].

    Mahendran and Vedaldi 2015, equation 4 with beta = 2. By hand: autograd would keep eight copies of the picture.
    """
    slope, found = torch.zeros_like(picture), []
    for axis in (2, 3):
        steps, count = picture.diff(dim=axis), picture.shape[axis] - 1
        found.append(steps.square().mean())
        steps.mul_(2 / steps.numel())
        slope.narrow(axis, 0, count).sub_(steps)
        slope.narrow(axis, 1, count).add_(steps)
    down, across = found
    return across + down, slope
