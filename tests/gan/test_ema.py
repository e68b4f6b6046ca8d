"""The moving average: half of a change is gone in one half-life, ramped up at the start, batch norm included."""

import pytest
import torch
from torch import nn

from stages.gan.dcgan import Generator
from stages.gan.ema import Ema


def constant(value):
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, value)
    return layer


@pytest.mark.parametrize("batch", [10, 50, 250])
def test_half_of_a_change_remains_after_a_half_life_whatever_the_batch(batch):
    ema = Ema(constant(1.0), half_life_kimg=1.0)
    target = constant(0.0)
    late = 1_000_000  # the ramp is over
    for _ in range(1000 // batch):
        ema.update(target, late, batch)
    assert ema.network.weight.item() == pytest.approx(0.5, rel=1e-4)


def test_the_half_life_is_ramped_up_to_a_twentieth_of_what_was_shown():
    ema = Ema(constant(1.0), half_life_kimg=1.0)
    assert ema.decay(shown=2000, batch=100) == pytest.approx(0.5)
    assert ema.decay(shown=20_000, batch=1000) == pytest.approx(0.5)
    assert ema.decay(shown=200_000, batch=1000) == pytest.approx(0.5)


def test_half_life_0_follows_at_once():
    ema = Ema(constant(1.0), half_life_kimg=0.0)
    ema.update(constant(3.0), shown=16, batch=16)
    assert ema.network.weight.item() == 3.0


def test_statistics_of_batch_norm_move_too_and_counters_are_copied():
    network = Generator(8, 8, 32)
    ema = Ema(network, half_life_kimg=0.016)
    start = ema.network.get_buffer("norms.0.running_var").clone()
    network(torch.randn(4, 8))
    ema.update(network, shown=1_000_000, batch=16)
    end = network.get_buffer("norms.0.running_var")
    torch.testing.assert_close(ema.network.get_buffer("norms.0.running_var"), (start + end) / 2)
    assert ema.network.get_buffer("norms.0.num_batches_tracked").item() == 1


def test_the_average_is_its_own_network_in_evaluation_mode_without_gradients():
    network = constant(1.0)
    ema = Ema(network, half_life_kimg=1.0)
    nn.init.constant_(network.weight, 5.0)
    assert ema.network.weight.item() == 1.0
    assert not ema.network.training
    assert not any(parameter.requires_grad for parameter in ema.network.parameters())
    assert network.weight.requires_grad
