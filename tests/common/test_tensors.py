"""Pictures as tensors and back: no value that is not finite becomes a black or white pixel."""

import pytest
import torch
from torch import nn

from stages.common import tensors
from stages.common.cli import UserError
from stages.gan.sampling import sample
from stages.upscale.network import _enlarge

CPU = torch.device("cpu")
NOT_FINITE = [float("nan"), float("inf"), -float("inf")]


class Constant(nn.Module):
    """A network with one bad pixel."""

    def __init__(self, value: float, side: int):
        super().__init__()
        self.value, self.side = value, side

    def forward(self, signal: torch.Tensor, truncation: float = 1.0) -> torch.Tensor:
        made = torch.zeros(len(signal), 3, self.side, self.side)
        made[-1, -1, -1, -1] = self.value
        return made


def test_levels_are_rounded_and_cut_off():
    found = tensors.to_bytes(torch.tensor([-2.0, -1.0, 0.0, 0.999, 1.0, 7.0]))
    assert found.tolist() == [0, 0, 128, 255, 255, 255] and found.dtype == torch.uint8


@pytest.mark.parametrize("value", NOT_FINITE)
def test_one_value_that_is_not_finite_is_no_picture(value):
    picture = torch.zeros(1, 3, 4, 4)
    picture[0, 2, 3, 3] = value
    with pytest.raises(UserError, match=r"not finite.*float32"):
        tensors.to_bytes(picture)


@pytest.mark.parametrize("value", NOT_FINITE)
def test_neither_a_generator_nor_an_upscaler_makes_pictures_of_it(value):
    with pytest.raises(tensors.NotFinite):
        sample(Constant(value, 4), torch.zeros(2, 8), torch.float32)
    with pytest.raises(tensors.NotFinite):
        _enlarge(Constant(value, 8), 3, CPU, torch.zeros(1, 3, 4, 4))
    assert len(sample(Constant(0.5, 4), torch.zeros(2, 8), torch.float32)) == 2
