"""StyleGAN2: the paper's sizes, demodulation by its literal form, path length in closed form, sums of resolutions."""

import pytest
import torch
import torch.nn.functional as F

from stages.gan.build import count_parameters
from stages.gan.resampling import BINOMIAL, Blur, convolve
from stages.gan.style import channels
from stages.gan.stylegan2 import Discriminator, Generator, modulated, path_lengths


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_configuration_f_has_the_official_maps_and_parameters():
    assert channels(32, 1024) == [512, 512, 512, 512, 512, 256, 128, 64, 32]
    with torch.device("meta"):
        generator, discriminator = Generator(512, 32, 1024), Discriminator(32, 1024)
    # What the official code prints, layer by layer, with eight mapping layers.
    assert count_parameters(generator) == 30_370_060
    assert count_parameters(discriminator) == 29_012_513


@pytest.mark.parametrize("step", [0, 1])
def test_scaling_the_maps_equals_a_convolution_with_own_weights_for_each_picture(step):
    maps, weight, scales = torch.randn(3, 5, 8, 8), torch.randn(4, 5, 3, 3), torch.randn(3, 5)
    own = weight * scales[:, None, :, None, None]  # [N, O, I, 3, 3], equation 1
    own = own * (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()  # equation 3
    expected = torch.cat([convolve(maps[k : k + 1], own[k], step, Blur(BINOMIAL, 3)) for k in range(3)])
    torch.testing.assert_close(modulated(maps, weight, scales, step, Blur(BINOMIAL, 3)), expected, atol=1e-4, rtol=1e-4)
    if step == 0:
        grouped = F.conv2d(maps.reshape(1, 15, 8, 8), own.reshape(12, 5, 3, 3), padding=1, groups=3)
        torch.testing.assert_close(expected, grouped.reshape(3, 4, 8, 8), atol=1e-4, rtol=1e-4)


def test_demodulated_weights_have_unit_norm():
    weight, scales = torch.randn(4, 5, 3, 3) * 7, torch.rand(2, 5) * 3
    # the answer to a single 1 in the middle of each input map is the kernel itself, one input map after the other
    answers = [
        modulated(F.pad(one.view(1, 5, 1, 1), (3, 3, 3, 3)).expand(2, -1, -1, -1), weight, scales, 0, Blur(BINOMIAL, 3))
        for one in torch.eye(5)
    ]
    norms = torch.stack(answers).square().sum((0, 3, 4))  # [N, O]
    torch.testing.assert_close(norms, torch.ones(2, 4), atol=1e-4, rtol=1e-4)


def test_the_scale_of_weights_and_styles_does_not_matter():
    maps, weight, scales = torch.randn(2, 5, 8, 8), torch.randn(4, 5, 3, 3), torch.rand(2, 5) + 0.5
    once = modulated(maps, weight, scales, 0, Blur(BINOMIAL, 3))
    torch.testing.assert_close(
        modulated(maps, 9 * weight, 4 * scales, 0, Blur(BINOMIAL, 3)), once, atol=1e-4, rtol=1e-4
    )


def test_each_resolution_adds_its_part_to_the_picture():
    generator = Generator(8, 4, 32)
    z = torch.randn(2, 8, generator=rng())
    parts = []
    for to_rgb in generator.to_rgb:
        to_rgb.register_forward_hook(lambda _module, _inputs, output: parts.append(output))
    pictures = generator(z)
    assert [part.shape[-1] for part in parts] == [4, 8, 16, 32]
    total = parts[0]
    for part in parts[1:]:
        total = (
            F.conv_transpose2d(total, 4 * Blur(BINOMIAL, 3).fir.expand(3, 1, 4, 4), stride=2, padding=1, groups=3)
            + part
        )
    torch.testing.assert_close(pictures, total)


def test_enlarging_the_picture_keeps_a_flat_color():
    enlarge = Generator(8, 4, 32).enlarge
    flat = F.conv_transpose2d(torch.full((1, 3, 8, 8), 0.5), enlarge, stride=2, padding=1, groups=3)
    torch.testing.assert_close(flat[..., 2:-2, 2:-2], torch.full((1, 3, 12, 12), 0.5))


def test_path_lengths_of_a_linear_map_are_those_of_its_transpose():
    matrix = torch.randn(5, 3 * 4 * 4)
    w = torch.randn(6, 1, 5, requires_grad=True)
    pictures = (w[:, 0] @ matrix).view(6, 3, 4, 4)
    y = torch.randn(1, 3, 4, 4).expand(6, -1, -1, -1)
    lengths = path_lengths(pictures, w, y)
    expected = (matrix @ y[0].flatten() / 4).norm()
    torch.testing.assert_close(lengths, expected.expand(6), atol=1e-4, rtol=1e-4)  # the same at every w


def test_several_layers_count_by_their_root_mean_square():
    w = torch.randn(2, 4, 5, requires_grad=True)
    pictures = w.sum(1) @ torch.eye(5, 12)  # each of the four layers moves the picture alike
    y = torch.randn(2, 12)
    lengths = path_lengths(pictures.view(2, 3, 2, 2), w, y.view(2, 3, 2, 2))
    torch.testing.assert_close(lengths, y[:, :5].norm(dim=1) / 2)


def test_the_path_penalty_is_0_for_a_linear_map_once_the_mean_is_its_length(monkeypatch):
    generator = Generator(8, 4, 32)
    matrix = torch.zeros(8, 3 * 32 * 32)
    matrix[0] = 1.0
    monkeypatch.setattr(generator, "synthesize", lambda w, _rng: (w[:, 0] @ matrix).view(-1, 3, 32, 32))
    z = torch.randn(1, 8)
    assert generator.path_penalty(z, rng()) > 0
    for _ in range(1500):  # 0.99 to the power of 1500 is 0
        penalty = generator.path_penalty(z, rng())
    assert penalty.item() == pytest.approx(0, abs=1e-6)


def test_the_path_penalty_teaches_the_layers_and_keeps_a_running_mean():
    generator = Generator(8, 4, 32)
    penalty = generator.path_penalty(torch.randn(4, 8, generator=rng()), rng())
    penalty.backward()
    assert penalty > 0
    assert generator.path_mean > 0
    for name in ("ups.0.weight", "convs.0.affine.weight", "to_rgb.1.weight", "mapping.layers.0.weight"):
        gradient = generator.get_parameter(name).grad
        assert gradient is not None
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0


def test_the_residual_discriminator_keeps_the_variance_through_its_blocks():
    discriminator = Discriminator(16, 64)
    smooth = F.interpolate(torch.randn(8, 3, 4, 4), size=64, mode="bilinear")  # which the filters leave as it is
    sizes = []
    for down in discriminator.downs:
        down.register_forward_hook(lambda _module, _inputs, output: sizes.append(output.square().mean().item()))
    discriminator(smooth / smooth.std())
    assert len(sizes) == 4
    assert all(0.3 < size < 3 for size in sizes), sizes


def test_the_first_pictures_are_neither_flat_nor_wild():
    pictures = Generator(32, 8, 64)(torch.randn(8, 32, generator=rng()))
    assert 0.1 < pictures.std().item() < 3
