"""Pictures through a network that knows its own side: one row of features each."""

from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import Tensor, nn

from stages.common.images import to_array


def features(
    network: nn.Module,
    pictures: Sequence[Image.Image],
    batch: int,
    device: torch.device,
    report: Callable[[int], None] = lambda _: None,
    resize: str = "clean",
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """[N, D] in `dtype` of RGB pictures, by a network from uint8 [B, 3, side, side] to [B, D] with the attribute `side`.

    With `resize` "clean", each picture of any size is resized by antialiased bicubic, as "clean" FID (Parmar 2022); with "tf", pictures of
    one size go in as they are, for a network that resizes them itself. `report` is called with the number of pictures done after each batch.
    """
    parts = []
    for start in range(0, len(pictures), batch):
        some = pictures[start : start + batch]
        if resize == "clean":
            some = [picture.resize((network.side, network.side), Image.Resampling.BICUBIC) for picture in some]
        with torch.inference_mode():
            parts.append(
                network(torch.from_numpy(to_array(some)).to(device)).cpu().to(dtype)
            )  # [B, D]; MPS has no float64
        report(len(some))
    return torch.cat(parts)
