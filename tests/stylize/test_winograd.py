"""Winograd's convolution against PyTorch's direct one in double precision, forth and back, at odd sizes."""

import pytest
import torch
from small_pictures import random
from torch.nn import functional as F

from stages.stylize import winograd


@pytest.mark.parametrize("size", [(16, 24), (13, 18), (1, 7), (4, 4), (35, 3)])
@pytest.mark.parametrize("chunk", [1, 2000, winograd.CHUNK])  # one row of tiles at a time, a few, all
def test_it_equals_the_direct_convolution(size, chunk, monkeypatch):
    monkeypatch.setattr(winograd, "CHUNK", chunk)
    signal, weight, bias = random(1, 5, *size), random(7, 5, 3, 3, seed=1), random(7, seed=2)
    slope = random(1, 7, *size, seed=3)
    found, gradient = both(lambda given: winograd.rectified(given, winograd.transformed(weight), bias), signal, slope)
    expected, expected_gradient = both(
        lambda given: F.conv2d(given, weight.double(), bias.double(), padding=1).relu(), signal.double(), slope.double()
    )
    assert found.shape == (1, 7, *size) and found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found.double(), expected, atol=2e-5) and (found > 0).any() and (found == 0).any()
    assert torch.allclose(gradient.double(), expected_gradient, atol=2e-5)


def both(function, signal, slope):
    signal = signal.contiguous(memory_format=torch.channels_last).requires_grad_()
    result = function(signal)
    (gradient,) = torch.autograd.grad(result, signal, slope)
    return result.detach(), gradient


def test_it_is_the_same_every_time():
    signal, weight, bias = random(1, 64, 40, 40), winograd.transformed(random(64, 64, 3, 3, seed=1)), random(64, seed=2)
    first, second = (winograd.rectified(signal, weight, bias) for _ in range(2))
    assert torch.equal(first, second)
