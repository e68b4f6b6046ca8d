"""PyTorch's Adam and L-BFGS without its compiler, which these import though nothing here is compiled.

The compiler takes each process two seconds, one to import it and one to clear it away at the end. PyTorch wraps a few
methods of every optimizer for it; here the same methods stand unwrapped, so that results and states are PyTorch's.
"""

from inspect import unwrap

import torch
from torch.optim import Optimizer


class _Unwrapped(Optimizer):
    add_param_group = unwrap(Optimizer.add_param_group)
    zero_grad = unwrap(Optimizer.zero_grad)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)


class Adam(_Unwrapped, torch.optim.Adam):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1), with the arguments of `torch.optim.Adam`."""

    step = torch.no_grad()(unwrap(torch.optim.Adam.step))  # the wrapper had switched the gradients off as well


class LBFGS(_Unwrapped, torch.optim.LBFGS):
    """L-BFGS (Nocedal 1980), with the arguments of `torch.optim.LBFGS`."""
