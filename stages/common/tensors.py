"""Pictures as the networks that paint take them."""

import torch
from PIL import Image
from torch import Tensor

from stages.common import images


def tensor(picture: Image.Image) -> Tensor:
    """An RGB picture as [1, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(images.to_array([picture])).to(torch.float32) / 127.5 - 1
