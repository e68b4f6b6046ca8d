"""One step of both networks: penalties, gradients, microbatches, LeCam, the order of the pictures."""

import numpy as np
import pytest
import torch

from stages.common.tensors import from_bytes
from stages.gan.adversarial import discriminator_loss
from stages.gan.noise import random
from stages.gan.regularization import lecam
from stages.train.step import STEP_STREAM, batch_order, train_step

PICTURES = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def gradients(network):
    return {name: value.grad.clone() for name, value in network.named_parameters()}


@pytest.mark.parametrize("name", ["r1_gamma", "r2_gamma"])
def test_a_lazy_penalty_is_weighted_by_its_interval(make_state, make_params, name):
    """At step 0 every penalty is due, whatever its interval: only its weight differs, and so do the gradients."""
    found = []
    for every, gamma in ((1, 0.0), (16, 0.4), (1, 16 * 0.4)):
        state = make_state()
        train_step(state, PICTURES, make_params(**{"r1_gamma": 0.0, name: gamma}, penalty_every=every))
        found.append(gradients(state.discriminator))
    without, lazy, eager = found
    assert any(not torch.equal(without[key], lazy[key]) for key in lazy)
    for key, value in lazy.items():
        torch.testing.assert_close(value, eager[key])


def test_the_generators_step_leaves_no_gradient_in_the_discriminator(make_state, make_params):
    state, untouched = make_state(), make_state()
    train_step(state, PICTURES, make_params(loss="nonsaturating", r1_gamma=0.0, augmentation="none"))
    real = from_bytes(PICTURES[torch.from_numpy(batch_order(0, 0, 4, len(PICTURES)))])
    z = torch.from_numpy(random(0, 0, STEP_STREAM).standard_normal((4, 8), np.float32))
    logits = untouched.discriminator(torch.cat([real, untouched.generator(z).detach()]))
    discriminator_loss("nonsaturating", *logits.chunk(2)).backward()
    for key, value in gradients(untouched.discriminator).items():
        torch.testing.assert_close(gradients(state.discriminator)[key], value)
    assert all(parameter.requires_grad for parameter in state.discriminator.parameters())


@pytest.mark.parametrize("loss", ["nonsaturating", "hinge", "relativistic"])
def test_a_batch_in_microbatches_learns_what_a_whole_one_does(make_state, make_params, loss):
    """Where no picture depends on the others.

    DCGAN with the statistics of its batch norm held still, and losses of single pictures or pairs.
    """
    whole, parts = make_state(), make_state()
    for state, size in ((whole, 8), (parts, 2)):
        state.generator.eval()
        train_step(state, PICTURES, make_params(batch=8, microbatch=size, loss=loss, penalty_every=1))
    assert max(value.abs().max() for value in gradients(whole.generator).values()) > 0
    for network in ("generator", "discriminator"):
        expected = gradients(getattr(whole, network))
        for key, value in gradients(getattr(parts, network)).items():
            torch.testing.assert_close(value, expected[key], rtol=1e-3, atol=1e-5)
    # Not loss_g: it comes after Adam's first step, which makes rounding errors of tiny gradients large.
    for name in ("loss_d", "logit_real", "logit_fake"):
        torch.testing.assert_close(parts.totals[name], whole.totals[name], rtol=1e-4, atol=1e-5)


def test_lecam_pulls_the_logits_to_the_anchors(make_state, make_params):
    plain, held = make_state(), make_state()
    start = torch.tensor([0.5, -0.5])
    logits = []
    for state, weight in ((plain, 0.0), (held, 0.3)):
        state.anchors.copy_(start)
        logits.append(train_step(state, PICTURES, make_params(lecam=weight, r1_gamma=0.0)))
    assert torch.equal(logits[0].real, logits[1].real), "before the first step both discriminate alike"
    assert lecam(logits[0].real, logits[0].fake, start) > 0
    expected = gradients(held.discriminator)
    assert any(not torch.equal(value, expected[key]) for key, value in gradients(plain.discriminator).items())
    means = torch.stack([part.mean() for part in logits[0]])
    torch.testing.assert_close(held.anchors, start.lerp(means, 0.01))


@pytest.mark.parametrize(("batch", "count"), [(4, 6), (6, 6), (3, 10), (16, 5)])
def test_every_epoch_shows_every_picture_once(batch, count):
    epochs = 4
    steps = epochs * count // batch
    shown = np.concatenate([batch_order(7, step, batch, count) for step in range(steps)])
    whole = shown[: len(shown) // count * count].reshape(-1, count)
    assert len(whole) >= epochs - 3
    assert (np.sort(whole, axis=1) == np.arange(count)).all()
    assert len({tuple(epoch) for epoch in whole}) > 1 or len(whole) == 1


def test_normalize_is_minus_1_to_1():
    assert from_bytes(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
