"""3 x 3 convolutions by Winograd's algorithm: a quarter of the multiplications, on a CPU less than half of the time.

Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks" (CVPR), F(4x4, 3x3): each 4 x 4 of the result
come from 6 x 6 of the signal; both are mapped so that the convolution becomes 36 products of matrices. In float32 it
differs from a direct convolution in the fifth digit. PyTorch's own CPU convolutions are direct; on a GPU cuDNN chooses
for itself.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

STEP, SEEN = 4, 6  # the side of a tile's result, and of what it is made from
CHUNK = 2**20  # numbers of the signal's tiles that are worked on at a time, so that they stay in the processor's cache

# The transforms of signal, kernel and result along one side (Lavin and Gray, section 4.3)
SIGNAL = torch.tensor(
    [
        [4.0, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
)
KERNEL = torch.tensor([[6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
RESULT = torch.tensor([[1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])
FORTH, BACK = torch.kron(SIGNAL, SIGNAL), torch.kron(RESULT, RESULT)  # both sides at once: [36, 36] and [16, 36]


def transformed(weight: Tensor) -> Tensor:
    """A kernel [out, in, 3, 3] as `rectified` takes it, [36, in, out]: four times the memory."""
    return torch.einsum("xa,yb,oiab->xyio", KERNEL, KERNEL, weight).flatten(0, 1).contiguous()


def rectified(signal: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """ReLU of a signal [1, in, H, W] convolved with zeros around it: [1, out, H, W], both channels_last and float32.

    Gradients flow to the signal only.
    """
    return _Rectified.apply(signal, kernel, bias)


class _Rectified(torch.autograd.Function):
    """Back goes through the three linear maps in reverse, with the same transformed kernel."""

    @staticmethod
    def forward(context, signal: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        _, channels, height, width = signal.shape
        down, across = -(-height // STEP), -(-width // STEP)
        frame = (0, 0, 1, STEP * across - width + 1, 1, STEP * down - height + 1)
        framed = F.pad(signal[0].permute(1, 2, 0), frame)  # [4 down + 2, 4 across + 2, in]
        whole = torch.empty((1, kernel.shape[2], STEP * down, STEP * across), memory_format=torch.channels_last)
        for rows, lines in _chunks(down, across, max(kernel.shape[1:])):
            seen = _tiles(framed[STEP * rows.start :], rows, across).reshape(SEEN**2, -1)
            products = torch.bmm((FORTH @ seen).view(SEEN**2, -1, channels), kernel)
            made = (BACK @ products.view(SEEN**2, -1)).view(STEP, STEP, len(rows), across, -1)
            torch.add(made.permute(2, 0, 3, 1, 4), bias, out=_cells(whole, lines)).relu_()
        result = whole
        if whole.shape[2:] != signal.shape[2:]:
            result = whole[:, :, :height, :width].clone(memory_format=torch.channels_last)
        context.save_for_backward(kernel, result)
        return result

    @staticmethod
    def backward(context, slope: Tensor) -> tuple[Tensor, None, None]:
        kernel, result = context.saved_tensors
        height, width = slope.shape[2:]
        down, across = -(-height // STEP), -(-width // STEP)
        if (height, width) != (STEP * down, STEP * across):
            missing = (0, STEP * across - width, 0, STEP * down - height)
            slope, result = F.pad(slope, missing), F.pad(result, missing)
        framed = slope.new_zeros(STEP * down + 2, STEP * across + 2, kernel.shape[1])
        for rows, lines in _chunks(down, across, max(kernel.shape[1:])):
            let = (_cells(slope, lines) * (_cells(result, lines) > 0)).permute(1, 3, 0, 2, 4).reshape(STEP**2, -1)
            products = torch.bmm((BACK.T @ let).view(SEEN**2, -1, kernel.shape[2]), kernel.mT)
            seen = (FORTH.T @ products.view(SEEN**2, -1)).view(SEEN, SEEN, len(rows), across, -1)
            _add_tiles(framed[STEP * rows.start :], seen)
        return framed[None, 1 : height + 1, 1 : width + 1].contiguous().permute(0, 3, 1, 2), None, None


def _chunks(down: int, across: int, channels: int) -> Iterator[tuple[range, slice]]:
    """Which rows of tiles are worked on together, and which lines of the result they are."""
    count = max(1, CHUNK // (SEEN**2 * across * channels))
    for start in range(0, down, count):
        rows = range(start, min(start + count, down))
        yield rows, slice(STEP * rows.start, STEP * rows.stop)


def _cells(picture: Tensor, lines: slice) -> Tensor:
    """Some lines of [1, C, 4 down, 4 across] as [rows, 4, across, 4, C]; a view."""
    return picture[0, :, lines].permute(1, 2, 0).unflatten(1, (-1, STEP)).unflatten(0, (-1, STEP))


def _tiles(framed: Tensor, rows: range, across: int) -> Tensor:
    """The overlapping tiles of some rows, [6, 6, rows, across, C], of lines [4 rows + 2.., 4 across + 2, C]; a view."""
    line, place, channel = framed.stride()
    return framed.as_strided(
        (SEEN, SEEN, len(rows), across, framed.shape[2]), (line, place, STEP * line, STEP * place, channel)
    )


def _add_tiles(framed: Tensor, tiles: Tensor) -> None:
    """The reverse of `_tiles`: where tiles overlap they add up."""
    rows, across, channels = tiles.shape[2:]
    line, place, channel = framed.stride()
    for y in (0, STEP):  # the first four lines of a tile, then the two that it shares with the next one
        for x in (0, STEP):
            lines, places = min(STEP, SEEN - y), min(STEP, SEEN - x)
            cells = framed[y:, x:].as_strided(
                (rows, lines, across, places, channels), (STEP * line, line, STEP * place, place, channel)
            )
            cells += tiles[y : y + lines, x : x + places].permute(2, 0, 3, 1, 4)
