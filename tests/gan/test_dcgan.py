"""DCGAN: the paper's shapes at each resolution, and a generator's layer that equals a resize and a 3x3 convolution."""

import pytest
import torch
import torch.nn.functional as F

from stages.common.cli import UserError
from stages.gan.build import build, count_parameters
from stages.gan.dcgan import Discriminator, Generator, Up, channels
from stages.gan.resampling import convolve_with_blurred_kernel

MAPS = {32: [4, 2, 1], 64: [8, 4, 2, 1], 128: [8, 8, 4, 2, 1], 256: [8, 8, 8, 4, 2, 1]}  # times width, from 4 pixels on


def test_width_128_has_the_layers_of_the_papers_figure_1():
    assert channels(128, 64) == [1024, 512, 256, 128]
    generator = Generator(100, 128, 64)
    shapes = []
    for norm in generator.norms:
        norm.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
    assert generator(torch.randn(2, 100)).shape == (2, 3, 64, 64)
    assert shapes == [(1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32)]


@pytest.mark.parametrize("resolution", MAPS)
def test_shapes_ranges_and_parameters_at_each_resolution(resolution):
    width, latent = 8, 16
    sizes = [width * times for times in MAPS[resolution]]
    assert channels(width, resolution) == sizes
    generator, discriminator = build("dcgan", latent, width, resolution, seed=0)
    pictures = generator(torch.randn(2, latent))
    assert pictures.shape == (2, 3, resolution, resolution)
    assert pictures.dtype == torch.float32
    assert pictures.abs().max() <= 1
    assert discriminator(pictures).shape == (2,)
    steps = list(zip(sizes, [*sizes[1:], 3], strict=True))
    pairs = sum(a * b for a, b in steps)  # 3 x 3 numbers each in the generator, 4 x 4 in the discriminator
    assert count_parameters(generator) == 16 * latent * sizes[0] + 2 * sum(sizes) + 9 * pairs + 3
    assert count_parameters(discriminator) == 16 * pairs + sum(sizes) + 16 * sizes[0] + 1


@pytest.mark.parametrize("resolution", [4, 48, 100])
def test_a_resolution_that_cannot_be_halved_to_4_is_refused(resolution):
    with pytest.raises(ValueError, match=str(resolution)):
        channels(8, resolution)


def test_up_equals_nearest_neighbors_and_a_3x3_convolution():
    layer = Up(5, 4, bias=True)
    assert layer.bias is not None
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    maps = torch.randn(2, 5, 6, 6)
    # a transposed convolution's kernel is turned by 180 degrees, inputs first
    kernel = layer.weight.transpose(0, 1).flip(2, 3)
    expected = F.conv2d(F.interpolate(maps, scale_factor=2, mode="nearest"), kernel, layer.bias, padding=1)
    torch.testing.assert_close(layer(maps), expected, rtol=1e-4, atol=1e-4)
    on_gpu = convolve_with_blurred_kernel(maps, layer.weight.transpose(0, 1), 1, layer.blur, layer.bias)
    torch.testing.assert_close(on_gpu, expected, rtol=1e-4, atol=1e-4)


def test_a_flat_area_stays_flat_where_the_papers_kernel_makes_a_checkerboard():
    layer = Up(3, 2, bias=False)
    torch.nn.init.normal_(layer.weight)
    flat = torch.ones(1, 3, 8, 8)
    inside = layer(flat)[..., 2:-2, 2:-2]
    assert inside.std(dim=(2, 3)).max() < 1e-5
    free = F.conv_transpose2d(flat, torch.randn(3, 2, 4, 4), stride=2, padding=1)[..., 2:-2, 2:-2]
    assert free.std(dim=(2, 3)).min() > 0.1


def test_the_discriminator_takes_each_picture_by_itself():
    discriminator = Discriminator(8, 32)
    pictures = torch.rand(4, 3, 32, 32) * 2 - 1
    together = discriminator(pictures)
    alone = torch.cat([discriminator(picture[None]) for picture in pictures])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_the_discriminators_first_weights_keep_the_variance():
    torch.manual_seed(0)
    discriminator = Discriminator(32, 64)
    maps = torch.randn(8, 3, 64, 64)
    for down in discriminator.downs:
        maps = F.leaky_relu(down(maps), 0.2)
        assert maps.square().mean().item() == pytest.approx(1, rel=0.35)  # less than 1: the padding is 0


def test_first_weights_come_from_the_seed_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (build("dcgan", 8, 8, 32, seed)[0].get_parameter("project.weight") for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_an_unknown_architecture_is_named_with_the_choices():
    with pytest.raises(UserError, match=r"'dcgn'.*dcgan.*did you mean 'dcgan'"):
        build("dcgn", 8, 8, 32, 0)
