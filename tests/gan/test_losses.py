"""Losses at logits where the formula can be worked out by hand, and R1 where the gradient is known."""

import math
from typing import get_args

import pytest
import torch

from stages.gan.dcgan import Discriminator
from stages.gan.losses import LOSSES, gradient_penalty, indifferent, lecam
from stages.train.params import TrainParams


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])


def test_params_offers_exactly_the_losses_of_the_table():
    assert set(get_args(TrainParams.model_fields["loss"].annotation)) == set(LOSSES)


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("nonsaturating", 2 * math.log(2), math.log(2)),
        ("hinge", 2, 0),
        ("relativistic_average", 2 * math.log(2), 2 * math.log(2)),
        ("relativistic", math.log(2), math.log(2)),
    ],
)
def test_losses_of_a_discriminator_that_cannot_tell(name, discriminator, generator):
    zero = torch.zeros(3)
    assert LOSSES[name].discriminator(zero, zero).item() == pytest.approx(discriminator)
    assert LOSSES[name].generator(zero, zero).item() == pytest.approx(generator)
    assert indifferent(name) == pytest.approx(discriminator)


def test_nonsaturating_is_goodfellows_equation():
    expected = (
        sum(-math.log(sigmoid(r)) - math.log(1 - sigmoid(f)) for r, f in zip(REAL.tolist(), FAKE.tolist(), strict=True))
        / 2
    )
    assert LOSSES["nonsaturating"].discriminator(REAL, FAKE).item() == pytest.approx(expected)
    expected = sum(-math.log(sigmoid(f)) for f in FAKE.tolist()) / 2
    assert LOSSES["nonsaturating"].generator(REAL, FAKE).item() == pytest.approx(expected)


def test_hinge_asks_for_a_margin_and_no_more():
    assert LOSSES["hinge"].discriminator(REAL, FAKE).item() == pytest.approx((0 + 2) / 2 + (1.5 + 4) / 2)
    assert LOSSES["hinge"].generator(REAL, FAKE).item() == pytest.approx(-1.75)


def test_relativistic_average_compares_with_the_mean_of_the_others():
    mean_real, mean_fake = 0.5, 1.75
    expected = (
        sum(-math.log(sigmoid(r - mean_fake)) for r in REAL.tolist()) / 2
        + sum(-math.log(1 - sigmoid(f - mean_real)) for f in FAKE.tolist()) / 2
    )
    assert LOSSES["relativistic_average"].discriminator(REAL, FAKE).item() == pytest.approx(expected)
    assert LOSSES["relativistic_average"].generator(REAL, FAKE).item() == pytest.approx(
        LOSSES["relativistic_average"].discriminator(FAKE, REAL).item()
    )


@pytest.mark.parametrize("name", LOSSES)
def test_logits_of_places_count_as_pictures_of_their_own(name):
    """K places of a picture are compared with the same place of the others, and averaged."""
    real, fake = torch.randn(4, 3), torch.randn(4, 3)
    for loss in LOSSES[name]:
        assert loss(real, fake).item() == pytest.approx(
            sum(loss(real[:, k], fake[:, k]).item() for k in range(3)) / 3, rel=1e-5
        )


def test_lecam_is_zero_where_each_kind_looks_like_the_other_usually_does():
    anchors = torch.tensor([2.0, -1.0])
    assert lecam(torch.tensor([-1.0, -1.0]), torch.tensor([2.0]), anchors).item() == 0
    assert lecam(torch.tensor([0.0, -1.0]), torch.tensor([4.0]), anchors).item() == pytest.approx(0.5 + 4)


def test_relativistic_compares_pairs():
    expected = sum(-math.log(sigmoid(r - f)) for r, f in zip(REAL.tolist(), FAKE.tolist(), strict=True)) / 2
    assert LOSSES["relativistic"].discriminator(REAL, FAKE).item() == pytest.approx(expected)
    # the generator's loss is the discriminator's with the parts exchanged
    assert LOSSES["relativistic"].generator(REAL, FAKE).item() == pytest.approx(
        LOSSES["relativistic"].discriminator(FAKE, REAL).item()
    )


@pytest.mark.parametrize("name", ["relativistic", "relativistic_average"])
def test_only_differences_count_for_the_relativistic_losses(name):
    for loss in LOSSES[name]:
        torch.testing.assert_close(loss(REAL + 7, FAKE + 7), loss(REAL, FAKE))
    assert LOSSES["nonsaturating"].generator(REAL, FAKE + 7) != LOSSES["nonsaturating"].generator(REAL, FAKE)


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_still_learns_where_the_discriminator_is_sure(name):
    fake = torch.tensor([-20.0], requires_grad=True)
    LOSSES[name].generator(torch.tensor([20.0]), fake).backward()
    assert fake.grad.item() == pytest.approx(-2 if name == "relativistic_average" else -1, abs=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_huge_logits_do_not_overflow(name):
    for loss in LOSSES[name]:
        assert math.isfinite(loss(torch.tensor([1e4]), torch.tensor([-1e4])).item())


def test_r1_of_a_linear_discriminator_is_the_square_of_its_weights():
    weights = torch.randn(3, 8, 8)
    assert gradient_penalty(
        lambda x: (x * weights).sum(dim=(1, 2, 3)), torch.randn(5, 3, 8, 8)
    ).item() == pytest.approx(weights.square().sum().item(), rel=1e-5)


def test_the_penalty_averages_the_logits_of_places():
    weights = torch.randn(2, 3, 8, 8)
    pictures = torch.randn(5, 3, 8, 8)
    found = gradient_penalty(
        lambda x: torch.stack([(x * part).sum(dim=(1, 2, 3)) for part in weights], dim=1), pictures
    )
    assert found.item() == pytest.approx(weights.mean(0).square().sum().item(), rel=1e-5)


def test_r1_of_a_quadratic_discriminator_is_the_square_of_the_picture():
    pictures = torch.randn(5, 3, 8, 8)  # D(x) = |x|^2 / 2 has the gradient x
    expected = pictures.square().sum(dim=(1, 2, 3)).mean().item()
    assert gradient_penalty(lambda x: x.square().sum(dim=(1, 2, 3)) / 2, pictures).item() == pytest.approx(
        expected, rel=1e-5
    )


def test_r1_reaches_every_kernel_of_the_discriminator():
    discriminator = Discriminator(8, 32)
    gradient_penalty(discriminator, torch.randn(2, 3, 32, 32)).backward()
    kernels = {name: value for name, value in discriminator.named_parameters() if name.endswith("weight")}
    assert len(kernels) == 4
    assert all(value.grad.abs().sum() > 0 for value in kernels.values())
