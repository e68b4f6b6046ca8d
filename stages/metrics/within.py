"""What metrics need of a feature set by itself, and the plain way to it: all inner products of its pictures."""

from abc import ABC, abstractmethod
from functools import cached_property

import torch
from torch import Tensor


class Within(ABC):
    """N pictures by the inner products of their features with each other."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    @abstractmethod
    def squares(self) -> Tensor:
        """Of each picture the product with itself, [N]."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Of all products."""

    @property
    @abstractmethod
    def kernel_mean(self) -> float:
        """Of KID's kernel over all pairs of different pictures."""

    @abstractmethod
    def reach(self, k: int) -> Tensor:
        """Of each picture the squared distance to its k-th nearest neighbor, [N]."""

    @abstractmethod
    def pick(self, places: Tensor) -> "Within":
        """Some of the pictures, by their places."""


class Products(Within):
    """All N x N products, in memory."""

    def __init__(self, products: Tensor, features: int):
        """`products` [N, N] float64; `features`: how many numbers a picture's features are."""
        self._products, self._features = products, features

    @classmethod
    def of(cls, features: Tensor) -> "Products":
        """Of features [N, D]."""
        return cls(features @ features.T, features.shape[1])

    def __len__(self) -> int:
        return len(self._products)

    @property
    def squares(self) -> Tensor:
        """Of each picture the product with itself, [N]."""
        return self._products.diagonal()

    @property
    def mean(self) -> float:
        """Of all products."""
        return float(self._products.mean())

    @cached_property
    def kernel_mean(self) -> float:
        """Of KID's kernel over all pairs of different pictures."""
        values, count = kernel(self._products, self._features), len(self)
        return float((values.sum() - values.trace()) / (count * (count - 1)))

    @cached_property
    def neighbors(self) -> Tensor:
        """Squared distances [N, N] of each picture to all, the nearest first, which is the picture itself."""
        distances = (self.squares[:, None] + self.squares - 2 * self._products).clamp(min=0).fill_diagonal_(0)
        return torch.sort(distances, dim=1).values

    def reach(self, k: int) -> Tensor:
        """Of each picture the squared distance to its k-th nearest neighbor, [N]."""
        return self.neighbors[:, k]

    def pick(self, places: Tensor) -> "Products":
        """Some of the pictures, by their places."""
        return Products(self._products[places][:, places], self._features)


def kernel(products: Tensor, features: int) -> Tensor:
    """KID's kernel (x.y / D + 1)^3 (Binkowski 2018) of inner products of any shape; `features` is D."""
    return (products / features + 1) ** 3
