"""Pictures through a network that knows its own side: one row of features each."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor

from stages.common.images import to_array


class FeatureNetwork(Protocol):
    """A network from uint8 [B, 3, side, side] to [B, D]."""

    side: int

    def __call__(self, pictures: Tensor, /) -> Tensor: ...


def features(
    network: FeatureNetwork,
    pictures: Sequence[Image.Image],
    batch: int,
    device: torch.device,
    on_progress: Callable[[int], object] = lambda _: None,
    resize: str = "clean",
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """[N, D] in `dtype` of RGB pictures.

    With `resize` "clean", each picture of any size is resized by antialiased bicubic, as "clean" FID (Parmar 2022);
    with "tf", pictures of one size go in as they are, for a network that resizes them itself. `on_progress` is called
    with the number of pictures done after each batch.
    """
    parts = []
    for start in range(0, len(pictures), batch):
        some = pictures[start : start + batch]
        if resize == "clean":
            some = [picture.resize((network.side, network.side), Image.Resampling.BICUBIC) for picture in some]
        with torch.inference_mode():
            found = network(torch.from_numpy(to_array(some)).to(device))
            parts.append(found.cpu().to(dtype))  # first to the CPU: MPS has no float64
        on_progress(len(some))
    return torch.cat(parts)
