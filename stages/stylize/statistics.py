"""What a style is to VGG: at each layer the means and the mean products of its features, in each region of the picture.

Both are sums over places. So they can be added up tile by tile, averaged over several works, and compared in two ways:
as Gram matrices (Gatys, Ecker and Bethge 2016), or as normal distributions by their Wasserstein-2 distance.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

TINY = 1e-12


class Sums(NamedTuple):
    """One layer's features summed over places, for each of R regions: how many places, C features, C x C products."""

    places: Tensor  # [R]
    first: Tensor  # [R, C]
    second: Tensor  # [R, C, C]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(mine + others for mine, others in zip(self, other, strict=True)))

    def means(self) -> tuple[Tensor, Tensor]:
        """Mean features [R, C] and Gram matrices [R, C, C].

        Those are mean products: Gatys, equation 3, with a mean instead of a sum, so that sizes compare.
        """
        places = self.places.clamp_min(TINY)
        return self.first / places[:, None], self.second / places[:, None, None]


def sums(features: Tensor, regions: Tensor | None) -> Sums:
    """Of features [1, C, H, W] in regions [R, H, W] (shares of each place, 0..1), or everywhere (R = 1) for None."""
    flat = features.permute(0, 2, 3, 1).flatten(0, 2)  # [H W, C], as VGG's channels_last features lie in memory
    if regions is None:
        first, second = _Moments.apply(flat)
        return Sums(flat.new_tensor([len(flat)]), first[None], second[None])
    shares = regions.flatten(1)  # [R, H W]
    products = torch.stack([(flat * share[:, None]).T @ flat for share in shares])
    return Sums(shares.sum(1), shares @ flat, products)


class _Moments(torch.autograd.Function):
    """Sum and sum of products of features [places, C]: [C] and [C, C].

    As autograd would have it, but in one pass back instead of four.
    """

    @staticmethod
    def forward(context, flat: Tensor) -> tuple[Tensor, Tensor]:
        context.save_for_backward(flat)
        return flat.sum(0), flat.T @ flat

    @staticmethod
    def backward(context, first: Tensor, second: Tensor) -> Tensor:
        return torch.addmm(first, context.saved_tensors[0], second + second.T)


def mixed(works: Sequence[Sums], weights: Sequence[float]) -> Sums:
    """The sums of several works as of one picture to which each contributes its weight; the weights sum to 1."""
    parts = []
    for work, weight in zip(works, weights, strict=True):
        scale = weight / work.places.clamp_min(TINY)  # [R]: a work counts by its weight, not by its size
        parts.append(Sums(scale * work.places, scale[:, None] * work.first, scale[:, None, None] * work.second))
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def gram_distance(canvas: Sums, target: Sums) -> Tensor:
    """For each region the mean squared difference of the Gram matrices, by the mean square of the target's, [R].

    Gatys, equation 4. Departure: Gatys divides by sizes only, and then the layer with the largest features decides
    alone; divided by the target's own square all layers count alike.
    """
    (_, gram), (_, target_gram) = canvas.means(), target.means()
    return (gram - target_gram).square().mean((1, 2)) / target_gram.square().mean((1, 2)).clamp_min(TINY)


def wasserstein_distance(canvas: Sums, target: Sums) -> Tensor:
    """For each region the squared Wasserstein-2 distance of two normal distributions, by the target's mean square, [R].

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C2^1/2 C1 C2^1/2)^1/2) (Olkin and Pukelsheim 1982). Unlike Gram matrices it weighs
    strong and weak features in proportion, and it sees means and spread apart.
    """
    (mean, second), (target_mean, target_second) = canvas.means(), target.means()
    covariance, target_covariance = second - outer(mean), target_second - outer(target_mean)  # [R, C, C]
    root = symmetric_root(target_covariance)
    shared = TraceOfRoot.apply(root @ covariance @ root)  # [R]
    distance = (mean - target_mean).square().sum(1) + trace(covariance) + trace(target_covariance) - 2 * shared
    return distance.clamp_min(0) / trace(target_second).clamp_min(TINY)


DISTANCES = {"gram": gram_distance, "wasserstein": wasserstein_distance}  # stylize.style_loss


def style_loss(canvas: Mapping[str, Sums], target: Mapping[str, Sums], kind: str) -> Tensor:
    """The mean over the layers of `target`; at each, the regions count by their share of the canvas.

    Not those without a place in the target: VGG halves away up to 15 pixels at the edge, and a small region with them.
    A layer where none has a place is 0. `kind` is a key of DISTANCES.
    """
    losses = []
    for layer, goal in target.items():
        found = canvas[layer]
        places = found.places * (goal.places > TINY)
        losses.append((DISTANCES[kind](found, goal) * places / places.sum().clamp_min(TINY)).sum())
    return torch.stack(losses).mean()


def outer(vectors: Tensor) -> Tensor:
    """[R, C] as [R, C, C]."""
    return vectors[:, :, None] * vectors[:, None]


def trace(matrices: Tensor) -> Tensor:
    """[R, C, C] as [R]."""
    return matrices.diagonal(dim1=1, dim2=2).sum(1)


def symmetric_root(matrices: Tensor) -> Tensor:
    """The square roots of symmetric matrices without negative eigenvalues, [R, C, C]."""
    values, vectors = eigen(matrices)
    return (vectors * values.clamp_min(0).sqrt()[:, None]) @ vectors.mT


def eigen(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The eigenvalues, ascending, [R, C] and vectors, in columns, [R, C, C] of symmetric matrices.

    Of few places a covariance has a low rank, and LAPACK does not always converge in float32: then in float64.
    """
    try:
        values, vectors = torch.linalg.eigh(matrices)
    except RuntimeError:  # PyTorch has a name of its own for this one, but does not export it
        values, vectors = (found.to(matrices) for found in torch.linalg.eigh(matrices.cpu().double()))
    return values, vectors


class TraceOfRoot(torch.autograd.Function):
    """tr(M^1/2) of symmetric matrices [R, C, C], with its gradient M^-1/2 / 2.

    Directions that M does not have get none: there the gradient is infinite, and a canvas of few places would never
    rest.
    """

    LEAST = 1e-5  # of the largest eigenvalue

    @staticmethod
    def forward(context, matrices: Tensor) -> Tensor:
        values, vectors = eigen((matrices + matrices.mT) / 2)
        context.save_for_backward(values, vectors)
        return values.clamp_min(0).sqrt().sum(1)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        values, vectors = context.saved_tensors
        has = values > TraceOfRoot.LEAST * values[:, -1:]
        slopes = torch.where(has, 0.5 * values.clamp_min(TINY).rsqrt(), 0.0)
        return gradient[:, None, None] * ((vectors * slopes[:, None]) @ vectors.mT)
