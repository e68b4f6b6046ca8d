"""R1 where the gradient is known, and LeCam at logits where it can be worked out by hand."""

import pytest
import torch

from stages.gan.dcgan import Discriminator
from stages.gan.regularization import gradient_penalty, lecam


def test_lecam_is_zero_where_each_kind_looks_like_the_other_usually_does():
    anchors = torch.tensor([2.0, -1.0])
    assert lecam(torch.tensor([-1.0, -1.0]), torch.tensor([2.0]), anchors).item() == 0
    assert lecam(torch.tensor([0.0, -1.0]), torch.tensor([4.0]), anchors).item() == pytest.approx(0.5 + 4)


def pictures(count=5, side=8):
    return torch.randn(count, 3, side, side, requires_grad=True)


def test_r1_of_a_linear_discriminator_is_the_square_of_its_weights():
    weights, seen = torch.randn(3, 8, 8), pictures()
    penalty = gradient_penalty((seen * weights).sum(dim=(1, 2, 3)), seen)
    assert penalty.item() == pytest.approx(weights.square().sum().item(), rel=1e-5)


def test_the_penalty_averages_the_logits_of_places():
    weights, seen = torch.randn(2, 3, 8, 8), pictures()
    logits = torch.stack([(seen * part).sum(dim=(1, 2, 3)) for part in weights], dim=1)
    assert gradient_penalty(logits, seen).item() == pytest.approx(weights.mean(0).square().sum().item(), rel=1e-5)


def test_r1_of_a_quadratic_discriminator_is_the_square_of_the_picture():
    seen = pictures()  # D(x) = |x|^2 / 2 has the gradient x
    expected = seen.square().sum(dim=(1, 2, 3)).mean().item()
    penalty = gradient_penalty(seen.square().sum(dim=(1, 2, 3)) / 2, seen)
    assert penalty.item() == pytest.approx(expected, rel=1e-5)


def test_r1_reaches_every_kernel_of_the_discriminator():
    discriminator, seen = Discriminator(8, 32), pictures(2, 32)
    gradient_penalty(discriminator(seen), seen).backward()
    gradients = [value.grad for name, value in discriminator.named_parameters() if name.endswith("weight")]
    assert len(gradients) == 4
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
