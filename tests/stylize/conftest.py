"""VGG-19, loaded once."""

import pytest
import torch

from stages.common import weights
from stages.stylize import vgg


@pytest.fixture(scope="session")
def network():
    return vgg.load(weights.locate(weights.VGG19), torch.device("cpu"), torch.float32)
