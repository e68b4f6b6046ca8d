"""A training step does what a textbook's does, all along a training: the same losses and gradients within rounding.

The textbook's: each change of DiffAugment by itself, layers that enlarge and then convolve, a pass of the discriminator
for real pictures, one for generated ones and one for R1.
"""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from stages.common.tensors import from_bytes
from stages.gan import dcgan
from stages.gan.adversarial import discriminator_loss, generator_loss
from stages.train.step import sample_microbatches, train_step

PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def enlarge_and_convolve(layer, maps):
    kernel = layer.weight.transpose(0, 1).flip(2, 3)
    return F.conv2d(F.interpolate(maps, scale_factor=2, mode="nearest"), kernel, layer.bias, padding=1)


def change(picture, uniform):
    """DiffAugment of one picture [3, H, W]."""
    side = picture.shape[-1]
    most, hole = round(side / 8), side // 2
    brightness, saturation, contrast, down, right, top, left = uniform[:7].tolist()
    picture = picture + brightness - 0.5
    gray = picture.mean(0)
    picture = gray + (picture - gray) * 2 * saturation
    picture = picture.mean() + (picture - picture.mean()) * (0.5 + contrast)
    down, right = (int(share * (2 * most + 1)) - most for share in (down, right))
    picture = F.pad(picture, (most, most, most, most))[:, most - down :, most - right :][:, :side, :side]
    top, left = (int(share * (side + 1)) - hole // 2 for share in (top, left))
    mask = torch.ones(side, side)
    mask[max(0, top) : top + hole, max(0, left) : left + hole] = 0
    return picture * mask


def changed(pictures, uniform):
    return torch.stack([change(*pair) for pair in zip(pictures, uniform, strict=True)])


def textbook_discriminator(state, generator, microbatch, params, penalized):
    """Loss, R1 (or None) and gradients."""
    real = changed(from_bytes(PICTURES[microbatch.order]), microbatch.uniform[0])
    fake = changed(generator(microbatch.z).detach(), microbatch.uniform[1])
    loss = total = discriminator_loss(params.loss, state.discriminator(real), state.discriminator(fake))
    penalty = None
    if penalized:
        real.requires_grad_()
        (slope,) = torch.autograd.grad(state.discriminator(real).sum(), real, create_graph=True)
        penalty = slope.square().sum((1, 2, 3)).mean()
        total = loss + params.penalty_every * params.r1_gamma / 2 * penalty
    return loss, penalty, torch.autograd.grad(total, list(state.discriminator.parameters()))


def textbook_generator(state, generator, microbatch, params, real_logits):
    """Loss and gradients."""
    fake = changed(generator(microbatch.z), microbatch.uniform[2])
    loss = generator_loss(params.loss, real_logits, state.discriminator(fake))
    return loss, torch.autograd.grad(loss, list(generator.parameters()))


def error(network, expected):
    """Of all gradients together, relative."""
    found, wanted = (
        torch.cat([value.flatten() for value in values])
        for values in ([parameter.grad for parameter in network.parameters()], expected)
    )
    return ((found - wanted).norm() / wanted.norm()).item()


@pytest.mark.slow
def test_200_steps_are_a_textbooks(make_state, make_params, monkeypatch):
    state, params = make_state(), make_params()
    penalties, errors = 0, []
    for step in range(200):
        [microbatch] = sample_microbatches(state, len(PICTURES), params)
        generator, penalized = copy.deepcopy(state.generator), step % params.penalty_every == 0
        with monkeypatch.context() as patch:
            patch.setattr(dcgan.Up, "forward", enlarge_and_convolve)
            arguments = copy.deepcopy(generator), microbatch, params
            loss_d, penalty, of_discriminator = textbook_discriminator(state, *arguments, penalized)
        for total in state.totals.values():
            total.zero_()
        logits = train_step(state, PICTURES, params)
        torch.testing.assert_close(state.totals["loss_d"], loss_d.detach(), rtol=1e-4, atol=1e-5)
        errors.append(error(state.discriminator, of_discriminator))
        if penalty is not None:
            torch.testing.assert_close(state.penalties[0], penalty.detach(), rtol=1e-3, atol=1e-5)
            penalties += 1
        with monkeypatch.context() as patch:  # the discriminator has moved, and the generator before its step
            patch.setattr(dcgan.Up, "forward", enlarge_and_convolve)
            loss_g, of_generator = textbook_generator(state, generator, microbatch, params, logits.real)
        torch.testing.assert_close(state.totals["loss_g"], loss_g.detach(), rtol=1e-4, atol=1e-5)
        errors.append(error(state.generator, of_generator))
    assert penalties == 67
    assert np.quantile(errors, 0.9) < 1e-5
    assert max(errors) < 0.03  # where rounding brings a unit to the other side of its kink
