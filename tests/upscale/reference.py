"""spandrel's own networks, to compare with; it is imported when one is asked for, since that takes seconds."""

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor


def rrdbnet(**options: object) -> torch.nn.Module:
    """A network of ESRGAN's kind, with weights at random."""
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    return RRDBNet(**options)  # pyright: ignore[reportArgumentType]


def loaded(state: dict[str, torch.Tensor]) -> "ImageModelDescriptor":
    """What spandrel makes of weights: pictures [B, C, H, W] in 0..1 become larger ones."""
    from spandrel import ImageModelDescriptor, ModelLoader

    found = ModelLoader().load_from_state_dict(state)
    assert isinstance(found, ImageModelDescriptor)
    return found.eval()
