"""DCGAN with a discriminator that judges every patch too, like PatchGAN (Isola 2017, arXiv 1611.07004, section 3.2.2).

One logit a picture says little about where it looks false; one a place says it everywhere, so that the generator learns
textures and outlines sooner. The logit of the whole stays beside them: it alone sees a composition.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.gan import dcgan

Generator = dcgan.Generator
DEPTH = 2  # halvings after which patches are judged: each is 10 x 10 pixels, every 4 pixels (the paper's are 70 x 70)


class Discriminator(dcgan.Discriminator):
    """Logits [N, K]: one half of the K = 2 (R / 4)^2 are those of the patches, the other that of the whole, repeated.

    So both count the same wherever the logits of a picture are averaged.
    """

    def __init__(self, width: int, resolution: int):
        super().__init__(width, resolution)
        self.patches = nn.Conv2d(dcgan.channels(width, resolution)[-DEPTH], 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 3, R, R] in [-1, 1] to logits [N, K], float32."""
        maps = pictures.contiguous(memory_format=torch.channels_last)
        patches = maps
        for depth, down in enumerate(self.downs, 1):
            maps = F.leaky_relu(down(maps), dcgan.SLOPE)
            if depth == DEPTH:
                patches = self.patches(maps).flatten(1).float()
        whole = self.whole(maps).float()
        return torch.cat([whole.expand_as(patches), patches], 1)  # [N, K]
