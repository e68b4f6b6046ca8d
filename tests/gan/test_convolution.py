"""Convolutions with derivatives of every order: PyTorch's numbers, by a way that a GPU is fast at."""

import pytest
import torch
import torch.nn.functional as F

from stages.gan.convolution import Conv2d, Convolution, conv2d
from stages.gan.resampling import divide, join

KINDS = [(3, 1, 1), (4, 2, 1), (1, 1, 0)]  # side of the kernel, stride, padding


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("side", "stride", "padding"), KINDS)
def test_it_is_differentiable_twice_in_all_it_takes(side, stride, padding):
    inputs = random(2, 3, 4, 6), random(4, 3, side, side), random(4)
    ours = lambda maps, weight, bias: Convolution.apply(maps, weight, bias, (stride, padding))  # noqa: E731
    torch.testing.assert_close(ours(*inputs), F.conv2d(*inputs, stride, padding))
    assert torch.autograd.gradcheck(ours, inputs)
    assert torch.autograd.gradgradcheck(lambda *some: ours(*some).square(), inputs)


@pytest.mark.parametrize(("side", "stride", "padding"), KINDS)
def test_a_penalty_has_pytorchs_gradients(side, stride, padding):
    """Of the squared gradient at the maps, as R1 is, through two layers."""
    maps, first, second = random(2, 3, 8, 8), random(4, 3, side, side), random(5, 4, 3, 3)

    def penalty(layer):
        hidden = F.leaky_relu(layer(maps, first, stride, padding), 0.2)
        total = layer(hidden, second, 1, 1).square().sum()
        (gradient,) = torch.autograd.grad(total, maps, create_graph=True)
        return torch.autograd.grad(gradient.square().sum(), (maps, first, second))

    ours = penalty(lambda values, weight, *place: Convolution.apply(values, weight, None, place))
    theirs = penalty(lambda values, weight, *place: F.conv2d(values, weight, None, *place))
    torch.testing.assert_close(ours, theirs)


def test_a_layer_has_the_bits_of_pytorchs():
    torch.manual_seed(1)
    layer = Conv2d(3, 4, 4, stride=2, padding=1)
    torch.manual_seed(1)
    theirs = torch.nn.Conv2d(3, 4, 4, stride=2, padding=1)
    maps = torch.randn(2, 3, 8, 8)
    assert torch.equal(layer(maps), theirs(maps))
    assert layer.state_dict().keys() == theirs.state_dict().keys()


def test_squares_of_four_pixels_are_divided_and_joined():
    maps = torch.arange(2 * 3 * 4 * 6.0).view(2, 3, 4, 6)
    parts = divide(maps)
    assert parts.shape == (2, 12, 2, 3)
    for place, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        assert torch.equal(parts[:, 3 * place : 3 * place + 3], maps[..., row::2, column::2])
    assert torch.equal(join(parts), maps)
    assert parts.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_on_a_gpu_it_is_near_pytorchs(dtype):
    maps, weight, bias = (
        value.float().cuda().detach() for value in (random(4, 8, 16, 16), random(8, 8, 3, 3), random(8))
    )
    exact = F.conv2d(maps.double(), weight.double(), bias.double(), padding=1)
    with torch.autocast("cuda", dtype, enabled=dtype is not torch.float32):
        found = conv2d(maps, weight, bias, padding=1)
    assert found.dtype is dtype
    assert (found.double() - exact).norm() < (1e-5 if dtype is torch.float32 else 1e-2) * exact.norm()
