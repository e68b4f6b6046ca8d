"""What a style transfer starts from: the content image in the style's large-scale light, and the first canvas."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stages.stylize.color import BRIGHTNESS
from stages.stylize.objective import StyleImage
from stages.stylize.resampling import resized

# Patches, down and across: light changes with height, and more across would show the style image's things.
STYLE_PATCHES = (6, 2)
CONTENT_PATCHES = (12, 16)  # about as wide as the margins of a sheet, so that these vanish too
# Standard deviation on gray. Stronger noise is what most steps would go into removing, and it stays where they do not
# suffice.
NOISE = 0.05


def from_content(content: Tensor, _styles: Sequence[StyleImage], _seed: int) -> Tensor:
    """The content image, [1, 3, H, W]."""
    return content


def from_styles(content: Tensor, styles: Sequence[StyleImage], _seed: int) -> Tensor:
    """The style images one over the other, at the size of the content image."""
    return weighted([style.weight for style in styles], [resized(style.image, content.shape[2:]) for style in styles])


def from_noise(content: Tensor, _styles: Sequence[StyleImage], seed: int) -> Tensor:
    """Weak noise on gray, at the size of the content image."""
    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(seed)).to(content)
    return NOISE * noise


Start = Callable[[Tensor, Sequence[StyleImage], int], Tensor]
STARTS: dict[str, Start] = {"content": from_content, "style": from_styles, "noise": from_noise}  # stylize.start


def weighted(weights: Sequence[float], tensors: Sequence[Tensor]) -> Tensor:
    """The weighted sum of tensors of one shape."""
    return sum((weight * tensor for weight, tensor in zip(weights, tensors, strict=True)), torch.zeros(()))


def light(styles: Sequence[StyleImage], regions: Tensor | None) -> Tensor:
    """The style images' large-scale light, [1, 3, h, w] in [-1, 1].

    By its place; or by its region where the canvas's `regions` [R, h, w] are given, since they may lie elsewhere.
    """
    weights = [style.weight for style in styles]
    if regions is None:
        return weighted(weights, [resized(style.image, STYLE_PATCHES) for style in styles])
    means = weighted(weights, [_mean_colors(style) for style in styles])  # [3, R]
    return torch.einsum("cr,rhw->chw", means, regions)[None]


def _mean_colors(style: StyleImage) -> Tensor:
    """Of each region of a style image, [3, R]."""
    assert style.regions is not None  # as the canvas has some
    places = style.regions.sum((1, 2)).clamp_min(1e-6)  # [R]
    return torch.einsum("chw,rhw->cr", style.image[0], style.regions) / places


def relit(content: Tensor, light: Tensor) -> Tensor:
    """The content image in another light: its own large-scale light is divided out, the style's takes its place.

    Departure: Gatys starts from the content image itself. But the paper of a drawing is the same white everywhere, and
    a picture held to it stays pale and flat. Relit, white becomes the style's sky and ground, and lines and washes stay
    where they are (painters draw over an underpainting to the same end); neither white margins nor a photograph's
    shadows remain as patches.
    `content` [1, 3, H, W], `light` [1, 3, h, w] of any size, both in [-1, 1]; returns [1, 3, H, W] in [-1, 1].
    """
    size = content.shape[2:]
    light = resized(light, size) + 1  # [1, 3, H, W], 0..2
    brightness = (content * content.new_tensor(BRIGHTNESS).view(1, 3, 1, 1)).sum(1, keepdim=True)  # [1, 1, H, W]
    own = resized(resized(brightness, CONTENT_PATCHES), size) + 1  # [1, 1, H, W], 0..2
    return (light * (content + 1) / own.clamp_min(0.2) - 1).clamp(-1, 1)
