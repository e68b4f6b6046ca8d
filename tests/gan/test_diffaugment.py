"""DiffAugment: exact shifts, holes of the right size, color that keeps what it should, and gradients."""

import pytest
import torch

from stages.gan.diffaugment import DRAWS, KINDS, color, cutout, diffaugment, translation

SIDE = 16
ALL = tuple(KINDS)
COLUMNS = ("brightness", "saturation", "contrast", "down", "right", "hole_y", "hole_x")


def draws(count, **changes):
    """Numbers in the middle (no change of color, no shift), some columns changed."""
    uniform = torch.full((count, DRAWS), 0.5)
    for name, value in changes.items():
        uniform[:, COLUMNS.index(name)] = torch.as_tensor(value)
    return uniform


@pytest.fixture
def pictures():
    return torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_middle_changes_no_color_and_shifts_nothing(pictures):
    torch.testing.assert_close(diffaugment(pictures, draws(4), ("color", "translation")), pictures)


def test_an_empty_policy_gives_the_same_pictures(pictures):
    assert diffaugment(pictures, torch.rand(4, DRAWS), ()) is pictures


def test_translation_is_an_exact_shift_with_zeros(pictures):
    # 16 / 8 = 2 pixels at most, five places of equal width: 0.0 -> -2, 0.2 -> -1, 0.5 -> 0, 0.7 -> 1, 0.99 -> 2
    moved = translation(pictures, draws(4, down=[0.99, 0.05, 0.5, 0.7], right=[0.05, 0.5, 0.99, 0.25]))
    expected = torch.zeros_like(pictures)
    expected[0, :, 2:, :-2] = pictures[0, :, :-2, 2:]
    expected[1, :, :-2, :] = pictures[1, :, 2:, :]
    expected[2, :, :, 2:] = pictures[2, :, :, :-2]
    expected[3, :, 1:, :-1] = pictures[3, :, :-1, 1:]
    assert torch.equal(moved, expected)


def test_every_shift_comes_equally_often():
    uniform = draws(1000, down=(torch.arange(1000) + 0.5) / 1000)
    column = torch.zeros(1000, 3, SIDE, SIDE)
    column[:, :, 8] = 1
    places = translation(column, uniform)[:, 0, :, 8].argmax(dim=1)
    assert places.bincount().tolist() == [0] * 6 + [200] * 5


def test_a_hole_in_the_middle_has_a_quarter_of_the_area(pictures):
    ones = torch.ones_like(pictures)
    holed = cutout(ones, draws(4))
    assert (holed == 0).sum(dim=(1, 2, 3)).tolist() == [3 * (SIDE // 2) ** 2] * 4
    assert (holed[:, :, 4:12, 4:12] == 0).all()


def test_a_hole_at_the_corner_is_cut_off(pictures):
    holed = cutout(torch.ones_like(pictures), draws(4, hole_y=0.0, hole_x=0.9999))
    assert (holed == 0).sum(dim=(1, 2, 3)).tolist() == [3 * 4 * 4] * 4
    assert (holed[:, :, :4, -4:] == 0).all()


def test_outside_of_the_hole_nothing_changes(pictures):
    holed = cutout(pictures, torch.rand(4, DRAWS))
    kept = holed != 0
    assert torch.equal(holed[kept], pictures[kept])


def test_brightness_is_added(pictures):
    torch.testing.assert_close(
        color(pictures, draws(4, brightness=[0.0, 0.25, 0.75, 1.0])),
        pictures + torch.tensor([-0.5, -0.25, 0.25, 0.5])[:, None, None, None],
    )


def test_saturation_0_is_gray_and_keeps_the_brightness_of_each_pixel(pictures):
    gray = color(pictures, draws(4, saturation=0.0))
    torch.testing.assert_close(gray, pictures.mean(dim=1, keepdim=True).expand_as(pictures))


def test_contrast_scales_around_the_mean(pictures):
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(color(pictures, draws(4, contrast=0.0)), mean + (pictures - mean) / 2)


def test_the_same_numbers_give_the_same_result_and_others_another(pictures):
    uniform = torch.rand(4, DRAWS, generator=torch.Generator().manual_seed(1))
    assert torch.equal(diffaugment(pictures, uniform, ALL), diffaugment(pictures, uniform, ALL))
    assert not torch.equal(diffaugment(pictures, uniform, ALL), diffaugment(pictures, uniform.flip(0), ALL))


def test_each_picture_has_its_own_numbers(pictures):
    uniform = torch.rand(4, DRAWS, generator=torch.Generator().manual_seed(2))
    together = diffaugment(pictures, uniform, ALL)
    alone = torch.cat([diffaugment(pictures[i : i + 1], uniform[i : i + 1], ALL) for i in range(4)])
    torch.testing.assert_close(together, alone)


def test_color_is_brightness_then_saturation_then_contrast(pictures):
    uniform = torch.rand(4, DRAWS, generator=torch.Generator().manual_seed(4))
    one_by_one = pictures
    for name in ("brightness", "saturation", "contrast"):
        place = COLUMNS.index(name)
        one_by_one = color(one_by_one, draws(4, **{name: uniform[:, place]}))
    torch.testing.assert_close(color(pictures, uniform), one_by_one)


@pytest.mark.parametrize("policy", [*((kind,) for kind in KINDS), ALL])
def test_gradients_flow_and_are_right_and_so_are_second_ones(policy):
    pictures = torch.rand(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    uniform = torch.rand(2, DRAWS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: diffaugment(x, uniform, policy), (pictures,))
    one = pictures[:1].detach().requires_grad_()  # a quarter of the time; each picture has its own numbers
    assert torch.autograd.gradgradcheck(lambda x: diffaugment(x, uniform[:1], policy).square(), (one,))


@pytest.mark.parametrize("policy", [*((kind,) for kind in KINDS), ALL])
def test_channels_last_changes_nothing(pictures, policy):
    uniform = torch.rand(4, DRAWS, generator=torch.Generator().manual_seed(5))
    last = pictures.contiguous(memory_format=torch.channels_last)
    assert torch.equal(diffaugment(last, uniform, policy), diffaugment(pictures, uniform, policy))
