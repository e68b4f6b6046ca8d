"""Noise that depends on its key alone, and pictures made of it."""

import numpy as np
import torch
from torch import nn

from stages.gan.noise import random
from stages.gan.sampling import contact_sheet, latents, sample


def test_a_latent_depends_on_seed_and_number_alone():
    together = latents(3, range(10), 16)
    assert together.shape == (10, 16)
    assert together.dtype == torch.float32
    assert torch.equal(together[7:8], latents(3, [7], 16))
    assert not torch.equal(together[7:8], latents(4, [7], 16))
    assert len({tuple(row) for row in together.tolist()}) == 10


def test_latents_are_standard_normal():
    z = latents(0, range(2000), 32)
    assert abs(z.mean().item()) < 0.02
    assert abs(z.std().item() - 1) < 0.02


def test_keys_of_different_length_are_different_streams():
    assert random(0, 1).random() == random(0, 1).random()
    assert len({random(*key).random() for key in [(0,), (0, 1), (1, 0), (0, 1, 1), (1,)]}) == 5


class Ramp(nn.Module):
    """A generator whose picture is the latent's first number everywhere."""

    def forward(self, z, truncation=1.0):
        return z[:, :1, None, None].expand(-1, 3, 4, 4)


def test_minus_1_to_1_becomes_0_to_255():
    pictures = sample(Ramp(), torch.tensor([[-1.0], [0.0], [1.0]]), torch.float32)
    assert [np.unique(np.asarray(picture)).tolist() for picture in pictures] == [[0], [128], [255]]
    assert [picture.size for picture in pictures] == [(4, 4)] * 3


def test_the_sheet_enlarges_pixels_without_blur():
    pictures = sample(Ramp(), torch.tensor([[-1.0], [1.0]]), torch.float32)
    page = np.asarray(contact_sheet(pictures, columns=2, enlarge=2))
    assert page.shape == (8 + 2 * 4, 2 * 8 + 3 * 4, 3)
    assert (page[4:12, 4:12] == 0).all()
    assert (page[4:12, 16:24] == 255).all()
