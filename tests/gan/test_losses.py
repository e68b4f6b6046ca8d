"""Losses at logits where the formula can be worked out by hand."""

import math

import pytest
import torch

from stages.gan.adversarial import discriminator_loss, generator_loss, undecided_loss
from stages.gan.losses import LOSSES


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
BOTH = (discriminator_loss, generator_loss)


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
    assert discriminator_loss(name, zero, zero).item() == pytest.approx(discriminator)
    assert generator_loss(name, zero, zero).item() == pytest.approx(generator)
    assert undecided_loss(name) == pytest.approx(discriminator)


def test_nonsaturating_is_goodfellows_equation():
    pairs = zip(REAL.tolist(), FAKE.tolist(), strict=True)
    expected = sum(-math.log(sigmoid(r)) - math.log(1 - sigmoid(f)) for r, f in pairs) / 2
    assert discriminator_loss("nonsaturating", REAL, FAKE).item() == pytest.approx(expected)
    expected = sum(-math.log(sigmoid(f)) for f in FAKE.tolist()) / 2
    assert generator_loss("nonsaturating", REAL, FAKE).item() == pytest.approx(expected)


def test_hinge_asks_for_a_margin_and_no_more():
    assert discriminator_loss("hinge", REAL, FAKE).item() == pytest.approx((0 + 2) / 2 + (1.5 + 4) / 2)
    assert generator_loss("hinge", REAL, FAKE).item() == pytest.approx(-1.75)


def test_relativistic_average_compares_with_the_mean_of_the_others():
    mean_real, mean_fake = 0.5, 1.75
    expected = (
        sum(-math.log(sigmoid(r - mean_fake)) for r in REAL.tolist()) / 2
        + sum(-math.log(1 - sigmoid(f - mean_real)) for f in FAKE.tolist()) / 2
    )
    assert discriminator_loss("relativistic_average", REAL, FAKE).item() == pytest.approx(expected)
    assert generator_loss("relativistic_average", REAL, FAKE).item() == pytest.approx(
        discriminator_loss("relativistic_average", FAKE, REAL).item()
    )


@pytest.mark.parametrize("name", LOSSES)
def test_logits_of_places_count_as_pictures_of_their_own(name):
    """K places of a picture are compared with the same place of the others, and averaged."""
    real, fake = torch.randn(4, 3), torch.randn(4, 3)
    for loss in BOTH:
        expected = sum(loss(name, real[:, k], fake[:, k]).item() for k in range(3)) / 3
        assert loss(name, real, fake).item() == pytest.approx(expected, rel=1e-5)


def test_relativistic_compares_pairs():
    expected = sum(-math.log(sigmoid(r - f)) for r, f in zip(REAL.tolist(), FAKE.tolist(), strict=True)) / 2
    assert discriminator_loss("relativistic", REAL, FAKE).item() == pytest.approx(expected)
    # the generator's loss is the discriminator's with the parts exchanged
    assert generator_loss("relativistic", REAL, FAKE).item() == pytest.approx(
        discriminator_loss("relativistic", FAKE, REAL).item()
    )


@pytest.mark.parametrize("name", LOSSES)
def test_only_differences_count_for_the_relativistic_losses_and_the_rows_say_which_these_are(name):
    moved, still = (discriminator_loss(name, REAL + shift, FAKE + shift) for shift in (7, 0))
    assert torch.allclose(moved, still) == LOSSES[name].relativistic
    assert LOSSES[name].relativistic == (name in ("relativistic", "relativistic_average"))


@pytest.mark.parametrize("name", ["relativistic", "relativistic_average"])
def test_only_differences_count_for_both_networks(name):
    for loss in BOTH:
        torch.testing.assert_close(loss(name, REAL + 7, FAKE + 7), loss(name, REAL, FAKE))
    assert generator_loss("nonsaturating", REAL, FAKE + 7) != generator_loss("nonsaturating", REAL, FAKE)


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_still_learns_where_the_discriminator_is_sure(name):
    fake = torch.tensor([-20.0], requires_grad=True)
    generator_loss(name, torch.tensor([20.0]), fake).backward()
    assert fake.grad is not None
    assert fake.grad.item() == pytest.approx(-2 if name == "relativistic_average" else -1, abs=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_huge_logits_do_not_overflow(name):
    for loss in BOTH:
        assert math.isfinite(loss(name, torch.tensor([1e4]), torch.tensor([-1e4])).item())
