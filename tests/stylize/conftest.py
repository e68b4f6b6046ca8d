"""VGG-19, loaded once, on one thread: the tests run side by side."""

import pytest
import torch

from stages.common.device import FLOAT32
from stages.stylize import vgg


@pytest.fixture(scope="session")
def network():
    torch.set_num_threads(1)
    return vgg.VGG19(vgg.load_oxford(), torch.device("cpu"), FLOAT32)
