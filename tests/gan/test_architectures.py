"""What every architecture promises (networks.py), at three resolutions, and what its row says of it."""

from pkgutil import resolve_name

import pytest
import torch

from stages.gan.architectures import ARCHITECTURES
from stages.gan.build import build, build_discriminator, build_generator
from stages.gan.ema import Ema
from stages.gan.networks import Discriminator, Generator, PathLengthGenerator, SelfSupervisedDiscriminator
from stages.gan.regularization import gradient_penalty
from stages.gan.style import Noise

NAMES = list(ARCHITECTURES)
RESOLUTIONS = [32, 64, 128]
LATENT, WIDTH = 8, 8
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def pair(name, resolution=32, seed=0):
    """Both networks, with noise that is felt: its strength is 0 at first."""
    generator, discriminator = build(name, LATENT, WIDTH, resolution, seed)
    for layer in generator.modules():
        if isinstance(layer, Noise):
            torch.nn.init.constant_(layer.strength, 0.01)
    return generator, discriminator


def rng(seed=0, device="cpu"):
    return torch.Generator(device).manual_seed(seed)


def z(count=4):
    return torch.randn(count, LATENT, generator=rng(99))


def test_there_are_four_architectures():
    assert NAMES == ["dcgan", "stylegan", "stylegan2", "fastgan"]


@pytest.mark.parametrize("name", NAMES)
def test_a_row_says_what_its_networks_can(name):
    row, (generator, discriminator) = ARCHITECTURES[name], pair(name)
    assert type(generator) is resolve_name(row.generator) and isinstance(generator, Generator)
    assert type(discriminator) is resolve_name(row.discriminator) and isinstance(discriminator, Discriminator)
    assert isinstance(generator, PathLengthGenerator) == row.path_length
    assert generator.latent == LATENT


@pytest.mark.parametrize("name", NAMES)
def test_the_discriminator_takes_multiples_of_its_rows_group_size_and_compares_within_a_group(name):
    discriminator, size = pair(name)[1], ARCHITECTURES[name].group_size
    pictures = torch.rand(2 * size, 3, 32, 32, generator=rng()) * 2 - 1
    first = discriminator(pictures)[:size]
    torch.testing.assert_close(discriminator(pictures[:size]), first, rtol=1e-4, atol=1e-5)
    for count in range(1, size):
        with pytest.raises(ValueError, match=f"multiple of {size}"):
            discriminator(pictures[:count])
    if size > 1:
        other = torch.cat([pictures[: size - 1], pictures[size:]])[:size]
        assert (discriminator(other)[0] - first[0]).abs().max() > 1e-6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_shapes_and_every_parameter_learns(name, resolution):
    generator, discriminator = pair(name, resolution)
    pictures = generator(z(), rng())
    assert pictures.shape == (4, 3, resolution, resolution)
    assert pictures.dtype == torch.float32
    logits = discriminator(pictures)
    assert logits.shape in [(4,), (4, 50)]
    assert logits.dtype == torch.float32
    loss = logits.square().mean()
    if isinstance(discriminator, SelfSupervisedDiscriminator):
        loss = loss + discriminator.self_supervised(pictures, rng())[1]
    loss.backward()
    for network in (generator, discriminator):
        for key, parameter in network.named_parameters():
            assert parameter.grad is not None, key
            assert torch.isfinite(parameter.grad).all(), key
            assert parameter.grad.abs().max() > 0, key


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_r1_differentiates_the_discriminators_gradient(name, resolution):
    _, discriminator = pair(name, resolution)
    pictures = (torch.rand(4, 3, resolution, resolution, generator=rng()) * 2 - 1).requires_grad_()
    penalty = gradient_penalty(discriminator(pictures), pictures)
    penalty.backward()
    assert penalty > 0
    decoders = ("whole.", "part.")
    gradients = {key: own.grad for key, own in discriminator.named_parameters() if not key.startswith(decoders)}
    assert len(gradients) >= 8
    for key, gradient in gradients.items():
        assert gradient is not None or key.endswith("bias"), key
        if gradient is not None:
            assert torch.isfinite(gradient).all(), key
            assert key.endswith("bias") or gradient.abs().max() > 0, key


@pytest.mark.parametrize("name", NAMES)
def test_randomness_comes_from_rng_alone(name):
    generator, _ = pair(name)
    same, again, other = (generator(z(), rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(same, again)
    assert torch.equal(same, other) == (name == "dcgan")
    assert torch.equal(generator(z()), generator(z()))
    before = torch.get_rng_state()
    generator(z(), rng())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", NAMES)
def test_truncation_1_changes_nothing_and_0_gives_one_picture(name):
    generator, _ = pair(name)
    with torch.no_grad():
        for step in range(40):  # batch norm's averages and the mean of w
            generator(z(), rng(step))
    generator.eval()
    pictures = generator(z())
    assert torch.equal(generator(z(), truncation=1.0), pictures)
    assert (pictures[0] - pictures[1]).abs().max() > 1e-3
    mean = generator(z(), truncation=0.0)
    torch.testing.assert_close(mean, mean[:1].expand_as(mean))


@pytest.mark.parametrize("name", NAMES)
def test_real_and_generated_pictures_of_one_batch_do_not_meet(name):
    _, discriminator = pair(name)
    real, fake = torch.rand(2, 4, 3, 32, 32, generator=rng()) * 2 - 1
    together = discriminator(torch.cat([real, fake]))
    torch.testing.assert_close(together, torch.cat([discriminator(real), discriminator(fake)]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_gives_finite_pictures_and_logits_in_float32(name):
    generator, discriminator = pair(name, 64)
    with torch.autocast("cpu", torch.bfloat16):
        pictures = generator(z(), rng())
        logits = discriminator(pictures)
    logits.sum().backward()
    assert pictures.dtype == logits.dtype == torch.float32
    for values in [pictures, logits, *(parameter.grad for parameter in generator.parameters())]:
        assert values is not None and torch.isfinite(values).all()
    exact = generator(z(), rng())
    assert (pictures - exact).square().mean() < 0.01 * exact.square().mean()


@pytest.mark.parametrize("name", NAMES)
def test_the_state_holds_all_that_a_picture_depends_on(name):
    generator, _ = pair(name, seed=0)
    other, _ = pair(name, seed=1)
    generator(z(), rng())
    other.load_state_dict(generator.state_dict())
    average = Ema(other, half_life_kimg=0.0)
    average.update(generator, shown=4, batch=4)
    pictures = generator.eval()(z(), truncation=0.5)
    assert torch.equal(other.eval()(z(), truncation=0.5), pictures)
    assert torch.equal(average.network(z(), truncation=0.5), pictures)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("device", DEVICES)
def test_training_has_the_same_bits_twice(name, device):
    def train():
        generator, discriminator = (network.to(device) for network in pair(name))
        pictures = generator(z().to(device), rng(5, device))
        logits = discriminator(pictures)
        loss = logits.square().mean() + gradient_penalty(logits, pictures)
        if isinstance(generator, PathLengthGenerator):
            loss = loss + generator.path_penalty(z().to(device), rng(6, device))
        if isinstance(discriminator, SelfSupervisedDiscriminator):
            loss = loss + discriminator.self_supervised(pictures, rng(7, device))[1]
        loss.backward()
        gradients = []
        for parameter in [*generator.parameters(), *discriminator.parameters()]:
            assert parameter.grad is not None
            gradients.append(parameter.grad)
        return gradients

    was = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        assert all(torch.equal(a, b) for a, b in zip(train(), train(), strict=True))
    finally:
        torch.use_deterministic_algorithms(was)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", [4, 48])
def test_an_impossible_resolution_is_refused_by_both(name, resolution):
    with pytest.raises(ValueError, match=str(resolution)):
        build_generator(name, LATENT, WIDTH, resolution)
    with pytest.raises(ValueError, match=str(resolution)):
        build_discriminator(name, WIDTH, resolution)
