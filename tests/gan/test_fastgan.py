"""FastGAN: the paper's sizes, which layers excite which, gates, quarters, and what the discriminator reconstructs."""

import pytest
import torch
import torch.nn.functional as F

from stages.gan.fastgan import Decoder, Discriminator, Excitation, Generator, channels, crop, glu, shrink

PAPER = {4: 1024, 8: 512, 16: 256, 32: 128, 64: 128, 128: 64, 256: 32, 512: 16, 1024: 8}  # ngf = 64


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("width", "resolution"), [(8, 1024), (16, 512), (32, 256)])
def test_the_papers_maps_at_each_side(width, resolution):
    assert channels(width, resolution) == {side: size for side, size in PAPER.items() if side <= resolution}


@pytest.mark.parametrize("resolution", [16, 48, 2048])
def test_other_resolutions_are_refused(resolution):
    with pytest.raises(ValueError, match=str(resolution)):
        channels(8, resolution)


SKIPS = {32: [], 64: [64], 128: [64, 128], 256: [64, 128, 256], 512: [64, 128, 256, 512], 1024: [64, 128, 256, 512]}


@pytest.mark.parametrize("resolution", SKIPS)
def test_which_sides_are_excited_and_which_have_a_second_convolution(resolution):
    with torch.device("meta"):
        generator, discriminator = Generator(16, 8, resolution), Discriminator(8, resolution)
    assert [int(side) for side in generator.skips] == SKIPS[resolution]
    assert [int(side) for side in generator.convs] == [side for side in (8, 32, 128, 512) if side <= resolution]
    assert {int(side) for side in discriminator.skips} == {side for side in (8, 16, 32) if 16 * side <= resolution}


def test_the_discriminator_of_512_pixels_has_the_official_maps():
    with torch.device("meta"):
        discriminator = Discriminator(16, 512)
    downs = [down.get_parameter("conv.weight").shape[0] for down in discriminator.downs.values()]
    sizes = [discriminator.first.out_channels, *downs]
    assert sizes == [16, 32, 64, 128, 256, 512]  # at 256, 128, ... 8 pixels
    first, _, *downs = discriminator.small.children()
    small = [first.get_parameter("weight").shape[0]]
    small += [down.get_parameter("conv.weight").shape[0] for down in downs]
    assert small == [32, 64, 128, 256]  # at 64, 32, 16, 8 pixels
    decoder = [up.get_parameter("norm.weight").shape[0] // 2 for up in discriminator.whole.ups]
    assert decoder == [128, 64, 64, 32]  # at 16, 32, 64, 128 pixels


def test_excitation_multiplies_each_map_by_a_number_between_0_and_1():
    layer = Excitation(6, 3)
    small, large = torch.randn(2, 6, 8, 8), torch.rand(2, 3, 16, 16) + 1
    ratio = layer(small, large) / large  # [N, 3, 16, 16]
    torch.testing.assert_close(ratio, ratio[..., :1, :1].expand_as(ratio))
    assert ratio.min() > 0
    assert ratio.max() < 1
    assert (ratio[0, :, 0, 0] - ratio[1, :, 0, 0]).abs().max() > 1e-4
    torch.nn.init.zeros_(layer.excite.weight)
    torch.testing.assert_close(layer(small, large), large / 2)  # sigmoid(0)


def test_gates_equal_torchs_own():
    maps = torch.randn(2, 6, 4, 4)
    torch.testing.assert_close(glu(maps), F.glu(maps, dim=1))


def test_crop_takes_the_asked_quarter_of_each_picture():
    maps = torch.randn(4, 2, 8, 8)
    quarters = crop(maps, torch.arange(4.0))
    expected = [maps[0, :, :4, :4], maps[1, :, :4, 4:], maps[2, :, 4:, :4], maps[3, :, 4:, 4:]]
    assert torch.equal(quarters, torch.stack(expected))


def test_shrinking_keeps_the_mean_of_each_block():
    assert torch.equal(shrink(torch.ones(1, 3, 8, 8), 2), torch.ones(1, 3, 2, 2))
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    torch.testing.assert_close(shrink(picture, 2), torch.tensor([[[[2.5, 4.5], [10.5, 12.5]]]]))


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_self_supervised_gives_the_logits_of_forward_and_reconstructs(resolution):
    discriminator = Discriminator(8, resolution)
    real = torch.rand(4, 3, resolution, resolution, generator=rng()) * 2 - 1
    logits, loss = discriminator.self_supervised(real, rng())
    assert torch.equal(logits, discriminator(real))
    assert logits.shape == (4, 50)
    assert loss.shape == ()
    again = discriminator.self_supervised(real, rng())[1]
    others = {discriminator.self_supervised(real, rng(seed))[1].item() for seed in range(1, 5)}
    assert torch.equal(loss, again)  # the decoders' batch norm uses the batch's own statistics in training
    assert others != {loss.item()}


@pytest.mark.parametrize(("resolution", "side"), [(32, 16), (64, 32), (128, 64), (256, 128), (1024, 128)])
def test_what_is_reconstructed_is_at_most_128_pixels(resolution, side):
    assert Decoder(4, 8, resolution, side)(torch.randn(2, 4, 8, 8)).shape == (2, 3, side, side)
    with torch.device("meta"):
        assert Discriminator(8, resolution).side == side


def test_a_few_steps_teach_the_decoders_flat_colors():
    discriminator = Discriminator(8, 32)
    adam = torch.optim.Adam(discriminator.parameters(), lr=3e-3, betas=(0.5, 0.99))
    real = torch.rand(8, 3, 1, 1).expand(-1, -1, 32, 32) * 1.6 - 0.8
    losses = []
    for step in range(40):
        loss = discriminator.self_supervised(real, rng(step))[1]
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_the_discriminator_takes_each_picture_by_itself():
    discriminator = Discriminator(8, 64)
    pictures = torch.rand(3, 3, 64, 64, generator=rng()) * 2 - 1
    alone = torch.cat([discriminator(picture[None]) for picture in pictures])
    torch.testing.assert_close(discriminator(pictures), alone, rtol=1e-4, atol=1e-5)


def test_half_of_the_logits_see_the_small_copy_alone():
    discriminator = Discriminator(8, 64)
    picture = torch.rand(1, 3, 64, 64, generator=rng()) * 2 - 1
    checks = torch.ones(64, 64)
    checks[::2] *= -1  # rows that cancel in the small copy
    before, after = discriminator(picture)[0], discriminator(picture + 0.1 * checks)[0]
    torch.testing.assert_close(before[25:], after[25:], rtol=1e-4, atol=1e-5)
    assert (before[:25] - after[:25]).abs().max() > 1e-4
