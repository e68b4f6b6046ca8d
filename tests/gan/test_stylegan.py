"""StyleGAN and what StyleGAN2 shares with it: the papers' sizes, and each layer against its formula."""

import pytest
import torch
import torch.nn.functional as F

from stages.gan.build import count_parameters
from stages.gan.resampling import (
    BINOMIAL,
    Blur,
    convolve,
    convolve_and_blur,
    convolve_with_blurred_kernel,
)
from stages.gan.style import (
    EqualConv,
    EqualLinear,
    Mapping,
    Noise,
    channels,
    minibatch_std,
    mix,
)
from stages.gan.stylegan import Discriminator, Generator, adain


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_width_16_at_1024_pixels_has_the_papers_maps_and_parameters():
    sizes = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert channels(16, 1024) == sizes
    with torch.device("meta"):
        generator, discriminator = Generator(512, 16, 1024), Discriminator(16, 1024)
    # The official code counts 26,219,627 and 23,087,249. It grows the networks, so it keeps a layer from and to
    # colors at the eight smaller resolutions, too.
    assert count_parameters(generator) + sum(3 * size + 3 for size in sizes[:-1]) == 26_219_627
    assert count_parameters(discriminator) + sum(3 * size + size for size in sizes[:-1]) == 23_087_249


def test_adain_gives_each_map_the_styles_mean_and_deviation():
    maps, scale, shift = torch.randn(2, 5, 16, 16) * 3 + 7, torch.rand(2, 5) + 0.5, torch.randn(2, 5)
    styled = adain(maps, scale, shift)
    torch.testing.assert_close(styled.mean((2, 3)), shift, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(styled.std((2, 3), correction=0), scale, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        EqualLinear(300, 400),
        EqualLinear(300, 400, rate=0.01),
        EqualConv(300, 40, 3, gain=1.0),
        EqualConv(300, 40, 1, gain=1.0),
    ],
)
def test_equalized_layers_keep_unit_variance_whatever_their_rate(layer):
    shape = (256, 300) if isinstance(layer, EqualLinear) else (4, 300, 12, 12)
    inside = layer(torch.randn(shape, generator=rng()))
    inside = inside if inside.ndim == 2 else inside[..., 1:-1, 1:-1]
    assert inside.var().item() == pytest.approx(1, rel=0.1)


def test_a_rate_makes_the_same_gradient_step_move_the_layer_less():
    moved = []
    for rate in (1.0, 0.01):
        layer = EqualLinear(30, 30, rate=rate)
        vectors = torch.randn(5, 30, generator=rng())
        before = layer(vectors)
        with torch.no_grad():
            layer.weight.add_(0.1)  # what Adam does: a step of the learning rate, whatever the scale
            layer.bias.add_(0.1)
        moved.append((layer(vectors) - before).norm().item())
    assert moved[1] == pytest.approx(0.01 * moved[0], rel=1e-2)


@pytest.mark.parametrize(("padding", "stride"), [(1, 1), (2, 1), (1, 2)])
def test_blur_has_the_derivatives_of_the_depthwise_convolution_that_it_is(padding, stride):
    maps = torch.randn(2, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    blur = Blur(BINOMIAL, 3)
    kernel = blur.fir.double().expand(3, 1, 4, 4)
    blurred = blur.maps(maps, 1.0, padding, stride, bias)
    torch.testing.assert_close(blurred, F.conv2d(maps, kernel, bias, stride, padding, groups=3))
    assert torch.autograd.gradcheck(lambda x, b: blur.maps(x, 1.0, padding, stride, b), (maps, bias))
    assert torch.autograd.gradgradcheck(lambda x, b: blur.maps(x, 1.0, padding, stride, b).square(), (maps, bias))


@pytest.mark.parametrize("stride", [1, 2])
def test_blur_in_bfloat16_has_gradients_in_bfloat16_that_are_near(stride):
    exact = torch.randn(2, 3, 8, 8, generator=rng(), requires_grad=True)
    rough = exact.detach().bfloat16().requires_grad_()
    for maps in (exact, rough):
        Blur(BINOMIAL, 3).maps(maps, 1.0, 1, stride).float().square().sum().backward()
    assert exact.grad is not None and rough.grad is not None and rough.grad.dtype is torch.bfloat16
    assert (rough.grad.float() - exact.grad).norm() < 0.02 * exact.grad.norm()


def zeros_between(maps):
    larger = torch.zeros(*maps.shape[:2], 2 * maps.shape[2], 2 * maps.shape[3])
    larger[..., ::2, ::2] = maps
    return larger


def test_larger_is_each_pixel_repeated_then_convolved_then_filtered_inside():
    maps, weight = torch.randn(2, 3, 9, 9), torch.randn(4, 3, 3, 3)
    large = convolve(maps, weight, 1, Blur(BINOMIAL, 3))
    assert large.shape == (2, 4, 18, 18)
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    repeated = F.interpolate(maps, scale_factor=2, mode="nearest")
    convolved = F.conv2d(repeated, weight.flip(2, 3), padding=1)  # transposed convolutions turn the kernel
    expected = F.conv2d(convolved, (row[:, None] * row).expand(4, 1, 3, 3), padding=1, groups=4)
    torch.testing.assert_close(large[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-4, rtol=1e-4)


def test_smaller_is_filtered_then_convolved_and_1x1_needs_only_the_kept_pixels():
    maps, weight = torch.randn(2, 3, 16, 16), torch.randn(4, 3, 1, 1)
    padded = torch.zeros(4, 3, 3, 3)
    padded[..., 1:2, 1:2] = weight
    small = convolve(maps, weight, -1, Blur(BINOMIAL, 1))
    assert small.shape == (2, 4, 8, 8)
    kernel = Blur(BINOMIAL, 3).fir.expand(3, 1, 4, 4)
    expected = F.conv2d(F.conv2d(maps, kernel, padding=1, groups=3), weight)[..., ::2, ::2]
    torch.testing.assert_close(small, expected, atol=1e-5, rtol=1e-4)
    assert convolve(maps, padded, -1, Blur(BINOMIAL, 3)).shape == (2, 4, 8, 8)


@pytest.mark.parametrize(("step", "side"), [(1, 3), (-1, 3), (-1, 1)])
def test_a_blurred_kernel_gives_what_blurred_maps_give(step, side):
    maps, bias = torch.randn(2, 3, 8, 12, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    weight, blur = torch.randn(5, 3, side, side, dtype=torch.float64), Blur(BINOMIAL, side).double()
    one, other = (way(maps, weight, step, blur, bias) for way in (convolve_and_blur, convolve_with_blurred_kernel))
    assert one.shape == ((2, 5, 16, 24) if step > 0 else (2, 5, 4, 6))
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("step", [1, -1])
def test_a_flat_area_stays_flat_in_both_directions(step):
    flat = convolve(torch.ones(1, 2, 16, 16), torch.randn(3, 2, 3, 3), step, Blur(BINOMIAL, 3))[..., 3:-3, 3:-3]
    assert flat.std((2, 3)).max() < 1e-5


def test_minibatch_deviation_is_0_for_equal_pictures_and_known_for_two_values():
    equal = torch.randn(1, 3, 4, 4).expand(8, -1, -1, -1)
    assert minibatch_std(equal)[:, 3].abs().max().item() == pytest.approx(0, abs=2e-4)
    half = torch.cat([torch.ones(2, 3, 4, 4), -torch.ones(2, 3, 4, 4), torch.zeros(4, 3, 4, 4)])
    added = minibatch_std(half)[:, 3]
    torch.testing.assert_close(added[:4], torch.ones(4, 4, 4), atol=1e-3, rtol=1e-3)
    assert added[4:].abs().max() < 2e-4


def test_minibatch_deviation_refuses_a_group_that_is_not_full():
    with pytest.raises(ValueError, match="multiple of 4"):
        Discriminator(4, 32)(torch.zeros(6, 3, 32, 32))


def test_minibatch_deviation_is_differentiable_twice():
    maps = torch.randn(4, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    # the deviation itself is computed in float32, so the check is coarse
    assert torch.autograd.gradgradcheck(lambda x: minibatch_std(x)[:, 2:].sum(), maps, eps=1e-2, atol=1e-3, rtol=1e-2)


def test_noise_has_its_strength_and_without_rng_is_the_states():
    noise = Noise(3, 32)
    maps = torch.zeros(4, 3, 32, 32)
    assert torch.equal(noise(maps, rng()), maps)
    with torch.no_grad():
        noise.strength.copy_(torch.tensor([0.0, 1.0, 2.0]).view(3, 1, 1))
    drawn = noise(maps, rng())
    torch.testing.assert_close(drawn.std((0, 2, 3)), torch.tensor([0.0, 1.0, 2.0]), atol=0.1, rtol=0)
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(noise(maps, None)[0, 1], noise.constant)
    assert torch.equal(noise(maps, None)[0], noise(maps, None)[1])


def test_mixing_takes_a_prefix_of_one_style_and_the_rest_of_the_other():
    styles, count = 8, 4000
    mixed = mix(torch.zeros(count, 1), torch.ones(count, 1), styles, rng())[..., 0]  # [N, 8] of 0, then 1
    assert mixed.shape == (count, styles)
    assert (mixed.diff(dim=1) >= 0).all()
    cuts = styles - mixed.sum(1)
    counts = torch.bincount(cuts.long(), minlength=styles + 1) / count
    assert counts[0] == 0
    assert counts[styles].item() == pytest.approx(0.1, abs=0.02)  # not mixed
    torch.testing.assert_close(counts[1:styles], torch.full((7,), 0.9 / 7), atol=0.02, rtol=0)


def test_the_mean_of_w_follows_in_training_only_and_truncation_goes_towards_it():
    mapping = Mapping(16, styles=4)
    z = torch.randn(64, 16, generator=rng())
    w = mapping(z, None, 1.0)
    assert w.shape == (64, 4, 16)
    assert mapping.w_mean.abs().max() == 0
    mapping(z, rng(), 1.0)
    torch.testing.assert_close(mapping.w_mean, 0.005 * w[:, 0].mean(0), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(mapping(z, None, 0.25), mapping.w_mean + 0.25 * (w - mapping.w_mean))


def test_the_mapping_ignores_the_length_of_z_and_keeps_its_size():
    mapping = Mapping(256, styles=1)
    z = torch.randn(4, 256)
    w = mapping(z, None, 1.0)
    torch.testing.assert_close(mapping(3 * z, None, 1.0), w)
    # sqrt(2) is a little too much for slope 0.2, eight times.
    assert w.square().mean().sqrt().item() == pytest.approx(1.04**4, rel=0.2)


def test_style_decides_the_spread_of_every_layer():
    generator = Generator(16, 8, 32)
    seen = []
    for styled in generator.styles:
        styled.register_forward_hook(lambda _module, _inputs, output: seen.append(output.mean((2, 3))))
    generator(torch.randn(4, 16, generator=rng()))
    assert [tuple(means.shape) for means in seen] == [(4, size) for size in (64, 64, 32, 32, 16, 16, 8, 8)]
    for means, styled in zip(seen, generator.styles, strict=True):
        w = generator.mapping(torch.randn(4, 16, generator=rng()), None, 1.0)[:, 0]
        torch.testing.assert_close(means, styled.get_submodule("affine")(w).chunk(2, 1)[1], atol=1e-3, rtol=1e-3)


def test_the_discriminators_first_weights_keep_the_size_of_its_input():
    discriminator = Discriminator(32, 64)
    sizes = []
    for down in discriminator.downs:
        down.register_forward_hook(lambda _module, _inputs, output: sizes.append(output.square().mean().item()))
    discriminator(torch.randn(4, 3, 64, 64))
    assert len(sizes) == 4
    assert all(1 / 30 < size < 3 for size in sizes), sizes  # the filters take away what is finest in white noise
