"""Whose colors: moments that must match, and brightness apart from color."""

import torch
from small_pictures import random

from stages.stylize import color

WORK = 0.4 * random(1, 3, 20, 30) * torch.tensor([1.0, 0.5, 0.2]).view(1, 3, 1, 1) + 0.2
SKETCH = 0.3 * random(1, 3, 25, 25, seed=1) - 0.1


def moments(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    flat = picture[0].flatten(1)
    return flat.mean(1), torch.cov(flat)


def test_a_recolored_work_has_the_sketchs_mean_and_covariance():
    for found, target in zip(moments(color.recolored(WORK, SKETCH)), moments(SKETCH), strict=True):
        assert torch.allclose(found, target, atol=2e-4)


def test_recoloring_with_its_own_colors_changes_nothing_and_a_flat_work_is_no_trouble():
    assert torch.allclose(color.recolored(WORK, WORK), WORK, atol=1e-3)
    flat = color.recolored(torch.full((1, 3, 8, 8), 0.3), SKETCH)
    assert flat.isfinite().all() and torch.allclose(flat[0, :, 0, 0], moments(SKETCH)[0], atol=1e-4)


def test_gray_has_one_value_in_all_channels():
    white = torch.ones(1, 3, 2, 2)
    assert torch.allclose(color.gray(white), white, atol=1e-6) and torch.allclose(color.gray(-white), -white, atol=1e-6)
    found = color.gray(WORK)
    assert torch.equal(found[:, 0], found[:, 1]) and torch.equal(found[:, 0], found[:, 2])


def test_matched_grays_have_one_mean_and_spread():
    found, target = color.matched(color.gray(WORK), color.gray(SKETCH)), color.gray(SKETCH)
    assert torch.allclose(found.mean(), target.mean(), atol=1e-4)
    assert torch.allclose(found.std(), target.std(), rtol=1e-3)


def test_the_sketchs_colors_return_with_the_stylized_brightness():
    assert torch.allclose(color.colored(color.gray(SKETCH), SKETCH), SKETCH, atol=1e-5)
    stylized = color.gray(0.5 * SKETCH)
    assert torch.allclose(color.gray(color.colored(stylized, SKETCH)), stylized, atol=1e-5)
