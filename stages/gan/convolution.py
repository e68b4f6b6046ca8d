"""Convolutions whose gradients can be differentiated, as the penalties R1 and R2 need, also fast on a GPU.

PyTorch writes the gradient of a weight's gradient as a convolution whose kernel is as large as the maps, which on a GPU
took a seventh of a training's time. Here it is the same three operations in turn, each the derivative of the others
(the `conv2d_gradfix` of Karras 2020's official code). A CPU is as fast by PyTorch's own way, which it keeps.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Place = tuple[int, int]  # stride and padding


def conv2d(maps: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """[N, I, H, W] by weight [O, I, K, K] to [N, O, H', W'], as `torch.nn.functional.conv2d`."""
    if not maps.is_cuda:
        return F.conv2d(maps, weight, bias, stride, padding)
    if torch.is_autocast_enabled("cuda"):
        dtype = torch.get_autocast_dtype("cuda")
        maps, weight, bias = maps.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    return Convolution.apply(maps, weight, bias, (stride, padding))


class Conv2d(nn.Conv2d):
    """A layer of it, with one stride and one padding for both directions."""

    def forward(self, input: Tensor) -> Tensor:
        """[N, I, H, W] to [N, O, H', W']."""
        [stride, _], padding = self.stride, self.padding[0]
        return conv2d(input, self.weight, self.bias, stride, int(padding))


class Convolution(torch.autograd.Function):
    """Maps and weight to maps."""

    @staticmethod
    def forward(context: Any, maps: Tensor, weight: Tensor, bias: Tensor | None, place: Place) -> Tensor:
        context.save_for_backward(maps, weight)
        context.place = place
        return F.conv2d(maps, weight, bias, *place)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        maps, weight = context.saved_tensors
        needs = context.needs_input_grad
        of_maps = _OfMaps.apply(gradient, weight, maps.detach(), context.place) if needs[0] else None
        of_weight = _OfWeight.apply(gradient, maps, weight.detach(), context.place) if needs[1] else None
        return of_maps, of_weight, gradient.sum((0, 2, 3)) if needs[2] else None, None


class _OfMaps(torch.autograd.Function):
    """The gradient of a convolution's maps, from that of its result and the weight; `maps` tells shape and layout."""

    @staticmethod
    def forward(context: Any, gradient: Tensor, weight: Tensor, maps: Tensor, place: Place) -> Tensor:
        context.save_for_backward(gradient, weight)
        context.place = place
        return _backward(gradient, maps, weight, place, [True, False, False])[0]

    @staticmethod
    def backward(context: Any, outer: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, weight = context.saved_tensors
        needs = context.needs_input_grad
        of_gradient = Convolution.apply(outer, weight, None, context.place) if needs[0] else None
        of_weight = _OfWeight.apply(gradient, outer, weight.detach(), context.place) if needs[1] else None
        return of_gradient, of_weight, None, None


class _OfWeight(torch.autograd.Function):
    """The gradient of a convolution's weight, from that of its result and the maps; `weight` tells shape and layout."""

    @staticmethod
    def forward(context: Any, gradient: Tensor, maps: Tensor, weight: Tensor, place: Place) -> Tensor:
        context.save_for_backward(gradient, maps)
        context.place = place
        return _backward(gradient, maps, weight, place, [False, True, False])[1]

    @staticmethod
    def backward(context: Any, outer: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, maps = context.saved_tensors
        needs = context.needs_input_grad
        of_gradient = Convolution.apply(maps, outer, None, context.place) if needs[0] else None
        of_maps = _OfMaps.apply(gradient, outer, maps.detach(), context.place) if needs[1] else None
        return of_gradient, of_maps, None, None


def _backward(gradient: Tensor, maps: Tensor, weight: Tensor, place: Place, wanted: list[bool]) -> list[Tensor]:
    """The gradients of maps, weight and bias that are wanted."""
    stride, padding = ([number, number] for number in place)
    return torch.ops.aten.convolution_backward(
        gradient, maps, weight, None, stride, padding, [1, 1], False, [0, 0], 1, wanted
    )
