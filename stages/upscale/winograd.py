"""A dense block's convolutions by Winograd's algorithm: a fifth of the multiplications, in float32 on a CPU.

Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks" (CVPR), F(6x6, 3x3): 6 x 6 pixels of the result
come from 8 x 8 of the signal; both are mapped so that a 3 x 3 convolution becomes 64 products of matrices. In a dense
block each feature is mapped once, for all the convolutions that read it. In float32 a picture differs from that of
direct convolutions by a hundredth of one of 255 levels at most (tests/upscale/test_rrdb.py).

Between the blocks too a signal [1, C, H, W] lies as [bands, 6, 6, C, places]: a tile's 36 pixels apart, and tiles of
some rows (a band, what fits the processor's cache) side by side, after each row an empty one, so that a tile's
neighbors are those before and after it and none is copied.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from stages.upscale.dense import GROWTH, SCALE, SLOPE, Convolution

STEP, SEEN = 6, 8  # the side of a tile's result, and of what it is made from
PLACES = 512  # about how many tiles a band has
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)  # where polynomials are evaluated (Lavin and Gray, section 5); infinity
CONSTANT = 1  # the point 1: a number added there is added to all pixels of a result


def transforms() -> tuple[Tensor, Tensor, Tensor]:
    """The maps of signal [8, 8], kernel [8, 3] and result [6, 8] along one side, float64, by Toom and Cook.

    A result's polynomial is the product of two, known from its values at the points.
    """
    points = torch.tensor(POINTS, dtype=torch.float64)
    signal, kernel = torch.zeros(SEEN, SEEN, dtype=torch.float64), torch.zeros(SEEN, 3, dtype=torch.float64)
    result = torch.zeros(STEP, SEEN, dtype=torch.float64)
    signal[-1], kernel[-1, -1], result[-1, -1] = _polynomial(POINTS), 1, 1
    for row, point in enumerate(POINTS):
        others = [other for other in POINTS if other != point]
        signal[row, :-1] = _polynomial(others)
        kernel[row] = points[row] ** torch.arange(3) / math.prod(point - other for other in others)
        result[:, row] = points[row] ** torch.arange(STEP)
    first = signal[0, 0].item()
    signal[0] /= first
    kernel[0] *= first
    return signal, kernel, result


def _polynomial(roots: Sequence[float]) -> Tensor:
    """The coefficients of the polynomial with these roots, the constant one first."""
    found = torch.ones(1, dtype=torch.float64)
    for root in roots:
        found = F.pad(found, (1, 0)) - root * F.pad(found, (0, 1))
    return found


_SIGNAL, _KERNEL, _RESULT = transforms()
# Of what a tile sees, the outermost two pixels are its neighbors' and count, with 1, for the outermost two values only.
OWN, RESULT = _SIGNAL[:, 1:-1].float().contiguous(), _RESULT.float()


class Winograd:
    """As dense.Dense, in float32."""

    def __init__(self, channels: int, height: int, width: int, dtype: torch.dtype) -> None:
        self.channels, self.height, self.width = channels, height, width
        self.down, self.across = -(-height // STEP), -(-width // STEP)
        self.row = self.across + 1
        self.rows = -(-self.down // max(1, round(self.down * self.row / PLACES)))  # of a band
        self.bands = -(-self.down // self.rows)
        self.places = self.rows * self.row
        most = max(channels, GROWTH)
        self.seen = torch.empty(self.bands, SEEN, SEEN, channels + 4 * GROWTH, self.places, dtype=dtype)
        self.feature = torch.empty(self.bands, STEP, STEP, GROWTH, self.places, dtype=dtype)
        self.half = torch.empty(SEEN * STEP * most * self.places, dtype=dtype)  # mapped along one side
        self.product = torch.empty(SEEN**2 * most * self.places, dtype=dtype)

    @staticmethod
    def prepared(block: Sequence[Convolution]) -> list[Convolution]:
        """The weights as [64, out, in], seven times the memory."""
        return [Convolution(_mapped(one.weight), one.bias[:, None]) for one in block]

    def laid(self, signal: Tensor) -> Tensor:
        """As [bands, 6, 6, C, places]."""
        missing = (0, STEP * self.row - self.width, 0, STEP * self.rows * self.bands - self.height)
        tiles = F.pad(signal[0], missing).unflatten(2, (self.row, STEP)).unflatten(1, (self.bands, self.rows, STEP))
        return tiles.permute(1, 3, 5, 0, 2, 4).flatten(4).contiguous()

    def signal(self, laid: Tensor) -> Tensor:
        tiles = laid.unflatten(4, (self.rows, self.row)).permute(3, 0, 4, 1, 5, 2)
        return tiles.flatten(4).flatten(1, 3)[None, :, : self.height, : self.width]

    def add(self, laid: Tensor, convolutions: Sequence[Convolution]) -> None:
        *grown, last = convolutions
        self._see(laid, 0)
        for count, convolution in enumerate(grown):
            known = self.channels + count * GROWTH
            for band, feature in enumerate(self.feature):
                self._convolve(band, known, convolution, feature)
                F.leaky_relu_(feature, SLOPE)
                self._clear_outside(band, feature)
            self._see(self.feature, known)
        residual = torch.empty_like(laid[0])
        for band, part in enumerate(laid):
            self._convolve(band, self.channels + 4 * GROWTH, last, residual)
            self._clear_outside(band, residual)
            part.add_(residual, alpha=SCALE)

    def _see(self, laid: Tensor, first: int) -> None:
        """Map a feature [bands, 6, 6, C, places] for the convolutions; `first` is the place of its first channel."""
        channels = laid.shape[3]
        half = self.half[: SEEN * STEP * channels * self.places].view(SEEN, STEP, channels, self.places)
        for band, part in enumerate(laid):
            torch.mm(OWN, part.view(STEP, -1), out=half.view(SEEN, -1))
            half[0, ..., self.row :] += part[-1, ..., : -self.row]  # the last line of the tiles above
            half[-1, ..., : -self.row] += part[0, ..., self.row :]  # the first line of those below
            if band:
                half[0, ..., : self.row] += laid[band - 1, -1, ..., -self.row :]
            if band + 1 < self.bands:
                half[-1, ..., -self.row :] += laid[band + 1, 0, ..., : self.row]
            seen = self.seen[band, :, :, first : first + channels]
            torch.bmm(OWN.expand(SEEN, -1, -1), half.flatten(2), out=seen.flatten(2))
            seen[:, 0, :, 1:] += half[:, -1, :, :-1]
            seen[:, -1, :, :-1] += half[:, 0, :, 1:]

    def _convolve(self, band: int, known: int, convolution: Convolution, made: Tensor) -> None:
        """The first `known` channels of a band through a convolution, into `made` [6, 6, out, places]."""
        outputs = made.shape[2]
        product = self.product[: SEEN**2 * outputs * self.places].view(SEEN**2, outputs, self.places)
        torch.bmm(convolution.weight, self.seen[band].flatten(0, 1)[:, :known], out=product)
        product[CONSTANT * SEEN + CONSTANT] += convolution.bias
        half = self.half[: STEP * SEEN * outputs * self.places].view(STEP, SEEN, -1)
        torch.mm(RESULT, product.view(SEEN, -1), out=half.view(STEP, -1))
        torch.bmm(RESULT.expand(STEP, -1, -1), half, out=made.flatten(2))

    def _clear_outside(self, band: int, made: Tensor) -> None:
        """Set to zero what lies outside of the picture: there its convolutions see zeros."""
        tiles = made.unflatten(3, (self.rows, self.row))  # [6, 6, C, rows, row]
        rows = min(self.rows, self.down - band * self.rows)
        tiles[..., self.across :] = 0
        tiles[:, self.width - STEP * (self.across - 1) :, ..., self.across - 1] = 0
        tiles[..., rows:, :] = 0
        if band + 1 == self.bands:
            tiles[self.height - STEP * (self.down - 1) :, ..., rows - 1, :] = 0


def _mapped(weight: Tensor) -> Tensor:
    """[out, in, 3, 3] -> [64, out, in], float32."""
    mapped = torch.einsum("xa,yb,oiab->xyoi", _KERNEL, _KERNEL, weight.double())
    return mapped.float().flatten(0, 1).contiguous()
