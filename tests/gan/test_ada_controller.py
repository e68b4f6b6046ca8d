"""The controller of adaptive augmentation: its steps by hand, both signals, bounds, and resuming."""

import pytest
import torch

from stages.gan.ada_controller import INTERVAL, Controller
from stages.gan.checkpoint import read_tensors, write_tensors


def controller(signal="sign", target=0.5, kimg=1.0):
    return Controller(signal, target, kimg, torch.device("cpu"))


def logits(positive, negative):
    return torch.tensor([2.0] * positive + [-0.1] * negative)


def test_p_rises_above_the_target_and_falls_below_by_pictures_over_kimg():
    c = controller()
    seen = []
    counts = [(4, 0), (8, 1), (7, 1), (3, 1), (2, 2), (0, 4), (0, 4), (0, 4)]  # r = 1, 7/9, 3/4, 1/2, 0, -1 ...
    for positive, negative in counts:
        c.observe(logits(positive, negative))
        c.update(64)
        seen.append(round(c.p.item(), 6))
    assert seen == [0.064, 0.128, 0.192, 0.192, 0.128, 0.064, 0.0, 0.0]


def test_signs_are_gathered_over_batches_and_then_forgotten():
    c = controller(target=0.6)
    for _ in range(INTERVAL):
        c.observe(logits(positive=9, negative=1))
    assert (c.signs.item(), c.count.item()) == (32, 40)  # r = 0.8
    c.update(40)
    assert c.p.item() == pytest.approx(0.04)
    assert (c.signs.item(), c.count.item()) == (0, 0)


def test_p_stays_within_0_and_1():
    c = controller()
    for _ in range(3):
        c.observe(logits(4, 0))
        c.update(700)
    assert c.p.item() == 1
    c.observe(logits(0, 4))
    c.update(250)
    assert c.p.item() == 0.75


def test_p_stays_where_nothing_was_observed():
    c = controller()
    c.p.fill_(0.3)
    c.update(64)
    assert c.p.item() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("means", "p"),
    [
        ((2.0, 1.0, 0.0), 0.3),
        ((2.0, 0.8, 0.0), 0.4),
        ((2.0, 1.2, 0.0), 0.2),
        ((12.0, 10.8, 10.0), 0.4),
        ((1.0, 1.0, 1.0), 0.3),
    ],
)
def test_held_out_pictures_that_look_generated_raise_p(means, p):
    c = controller("validation")  # r = 0.5, 0.6, 0.4, 0.6 whatever is added, 0 / 0
    c.p.fill_(0.3)
    train, validation, generated = map(torch.tensor, means)
    c.update(100, (train, validation, generated))
    assert c.p.item() == pytest.approx(p)


def test_a_wrong_signal_and_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="'loss'"):
        controller("loss")
    with pytest.raises(ValueError, match="needs means"):
        controller("validation").update(64)
    with pytest.raises(ValueError, match="takes no means"):
        controller("sign").update(64, (torch.ones(()), torch.ones(()), torch.zeros(())))


def test_a_restored_controller_goes_on_to_the_same_p(tmp_path):
    first, second = controller(), controller()
    first.observe(logits(4, 0))
    first.update(64)
    first.observe(logits(4, 0))
    write_tensors(tmp_path / "state.safetensors", first.tensors(), {})
    for name, value in read_tensors(tmp_path / "state.safetensors")[0].items():
        second.tensors()[name].copy_(value)  # as the training's state does
    for c in (first, second):
        c.observe(logits(1, 1))  # r = 4 / 6, but of this batch alone 0
        c.update(64)
    assert first.p.item() == pytest.approx(0.128)
    assert torch.equal(first.p, second.p)


def test_nothing_waits_for_the_device():
    """On the device "meta" there are no values: whoever asks for one fails."""
    device = torch.device("meta")
    sign, validation = Controller("sign", 0.6, 500, device), Controller("validation", 0.6, 500, device)
    sign.observe(torch.zeros(4, device=device))
    sign.update(16)
    validation.update(16, (sign.p, sign.p, sign.p))
    assert sign.p.device == validation.p.device == device
