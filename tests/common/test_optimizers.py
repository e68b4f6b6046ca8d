"""The optimizers without PyTorch's compiler: the steps and states of PyTorch's own, to the bit."""

from copy import deepcopy

import pytest
import torch

from stages.common import optimizers


def learned(optimizer, steps, options, state=None):
    """A weight after some steps on a curved loss, and the optimizer's state."""
    weight = torch.nn.Parameter(torch.linspace(-2, 3, 12).view(3, 4))
    made = optimizer([weight], **options)
    if state is not None:
        weight.data.copy_(state[0])
        made.load_state_dict(state[1])
    for _ in range(steps):
        made.zero_grad()
        loss = (weight.sin() + weight.square() / 7).sum()
        loss.backward()
        made.step(lambda loss=loss: loss)
    assert not [tensor for own in made.state.values() for tensor in own.values() if getattr(tensor, "grad_fn", None)]
    return weight.detach().clone(), made.state_dict()


@pytest.mark.parametrize(
    ("ours", "pytorchs", "options"),
    [
        (optimizers.Adam, torch.optim.Adam, {"lr": 0.03, "betas": (0.0, 0.99), "fused": True}),
        (optimizers.Adam, torch.optim.Adam, {"lr": 0.03, "betas": (0.9, 0.99)}),
        (optimizers.LBFGS, torch.optim.LBFGS, {"max_iter": 1, "history_size": 5}),
    ],
)
def test_the_steps_and_the_state_are_pytorchs(ours, pytorchs, options):
    found, state = learned(ours, 9, options)
    wanted, other = learned(pytorchs, 9, options)
    assert torch.equal(found, wanted) and str(state) == str(other)
    half = learned(ours, 4, options)
    assert torch.equal(learned(ours, 5, options, deepcopy(half))[0], found), "a saved state goes on"
    assert torch.equal(learned(pytorchs, 5, options, deepcopy(half))[0], found), "and is one of PyTorch's own"
