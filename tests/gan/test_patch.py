"""A discriminator of patches: what each logit sees, and that the whole counts as much as all patches together."""

import pytest
import torch

from stages.gan.patch import DEPTH, Discriminator

RESOLUTIONS = [32, 64, 128]


@pytest.fixture
def picture():
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def discriminator(resolution: int) -> Discriminator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Discriminator(8, resolution)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_one_half_are_the_patches_and_one_half_the_whole(resolution):
    logits = discriminator(resolution)(torch.rand(2, 3, resolution, resolution))
    places = (resolution // 2**DEPTH) ** 2
    assert logits.shape == (2, 2 * places) and logits.dtype == torch.float32
    whole, patches = logits.split(places, dim=1)
    assert torch.equal(whole, whole[:, :1].expand_as(whole))
    assert patches.std() > 0
    torch.testing.assert_close(logits.mean(1), (whole[:, 0] + patches.mean(1)) / 2)


def test_a_patch_is_ten_pixels_at_its_place_and_the_whole_sees_everything(picture):
    network = discriminator(64)
    changed = picture.clone()
    changed[..., 30, 20] += 0.5
    whole, patches = (network(changed) - network(picture))[0].split(256)
    assert whole[0] != 0
    rows, columns = torch.nonzero(patches.view(16, 16), as_tuple=True)
    for places, pixel in ((rows, 30), (columns, 20)):
        assert len(set(places.tolist())) in (2, 3)
        for place in places.tolist():
            assert 4 * place - 3 <= pixel <= 4 * place + 6, "the 10 pixels from 4 * place - 3 on"
