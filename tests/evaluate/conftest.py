"""Pictures for the evaluation, and TF32 as it was before a test that switches it."""

import numpy as np
import pytest
import torch
from PIL import Image


def _picture(seed: int, patches: int = 6, pixels: int = 64) -> Image.Image:
    """Soft patches of color; with many patches, noise."""
    small = np.random.default_rng(seed).integers(0, 256, (patches, patches, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((pixels, pixels), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def picture():
    return _picture


@pytest.fixture
def restored_tf32():
    """A test may switch TF32 off or on: afterwards it is as it was."""
    before = torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32 = before
