"""The objective: zero at its target, equal in tiles and as a whole, and bounded in what VGG sees at once."""

import pytest
import torch
from changed_params import changed
from small_pictures import waves

from stages.stylize.guides import bands
from stages.stylize.objective import Objective, StyleImage, pyramid, total_variation

CONTENT, STYLE = waves(48, 330, (1.0, 0.9, 0.8), 9.0), waves(260, 48, (1.0, 0.2, -0.8), 60.0)  # larger than a tile
CANVAS = waves(48, 330, (-0.3, 0.8, 0.4), 25.0)
WEIGHTS = {"style_weight": 10.0, "variation_weight": 0.1}


def objective(
    network, guided: bool = False, content: torch.Tensor = CONTENT, style: torch.Tensor = STYLE, **values: object
) -> Objective:
    regions, of_style = (bands(picture.shape[2:]) if guided else None for picture in (content, style))
    return Objective(network, content, [StyleImage(style, 1.0, of_style)], regions, changed(**WEIGHTS | values))


def test_total_variation_closed_form():
    assert total_variation(torch.full((1, 3, 5, 5), 0.3))[0] == 0
    slope = torch.arange(5.0).expand(1, 3, 4, 5)
    assert total_variation(slope)[0] == 1 and total_variation(2 * slope.mT)[0] == 4


def test_the_slope_of_total_variation_is_autograd_s():
    picture = CANVAS[..., :47, :64].clone().requires_grad_()
    across, down = (picture.diff(dim=axis).square().mean() for axis in (3, 2))
    value, slope = total_variation(picture.detach())
    assert torch.equal(value, across + down)
    assert torch.allclose(slope, torch.autograd.grad(across + down, picture)[0], rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_losses_are_zero_at_their_targets(network):
    small, other = CONTENT[..., :96], STYLE[:, :, :96]
    same, gradient = objective(network, content=small, style=small, variation_weight=0.0).evaluate(small, 0)
    assert same.content == 0 and same.style < 1e-9 and gradient.abs().max() < 1e-6
    assert objective(network, content=small, style=other).evaluate(small, 0)[0].style > 0.1


def test_the_gradient_is_that_of_the_weighted_sum(network):
    content, style, canvas = (picture[..., :48, :64] for picture in (CONTENT, STYLE, CANVAS))
    goal = objective(network, content=content, style=style)
    _, gradient = goal.evaluate(canvas, 0)
    direction = gradient / gradient.norm()

    def total(step: float) -> float:
        losses, _ = goal.evaluate(canvas + step * direction, 0)
        return (losses.content + 10.0 * losses.style + 0.1 * losses.variation).item()

    assert (total(0.05) - total(-0.05)) / 0.1 == pytest.approx(gradient.norm().item(), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("kind, scale", [("gram", 1), ("wasserstein", 2)])
def test_tiles_give_the_losses_and_the_gradient_of_the_whole(network, kind, scale, guided):
    values = {"style_loss": kind, "content_scale": scale}
    whole, tiled = (objective(network, guided, **values, tile=tile) for tile in (8192, 256))
    (expected, slope), (found, tiled_slope) = (goal.evaluate(CANVAS, 4) for goal in (whole, tiled))
    assert torch.stack(found).tolist() == pytest.approx(torch.stack(expected).tolist(), rel=2e-3)
    assert (slope - tiled_slope).norm() < 0.01 * slope.norm()


@pytest.mark.parametrize("tile, scale", [(8192, 1), (256, 1), (256, 2)])
def test_the_losses_alone_are_those_beside_the_gradient(network, tile, scale):
    goal = objective(network, content_scale=scale, tile=tile)
    assert torch.allclose(torch.stack(goal.losses(CANVAS, 4)), torch.stack(goal.evaluate(CANVAS, 4)[0]), rtol=1e-6)


@pytest.mark.slow
def test_vgg_never_sees_more_than_a_tile(network):
    seen = []

    class Watched:
        def __call__(self, picture, layers):
            seen.append(max(picture.shape[2:]))
            return network(picture, layers)

    tall = waves(520, 48, (1.0, 0.5, 0.2), 20.0)
    objective(Watched(), content=tall, style=tall, tile=192).evaluate(tall, 1)
    assert max(seen) <= 256 < 520 and len(seen) > 12


@pytest.mark.slow
def test_content_seen_smaller_leaves_detail_free(network):
    torch.manual_seed(0)
    small = CONTENT[..., :128]
    speckled = (small + 0.2 * torch.randn(small.shape)).clamp(-1, 1)
    goals = (objective(network, content=small, content_scale=scale) for scale in (1, 4))
    near, far = (goal.evaluate(speckled, 0)[0].content for goal in goals)
    assert far < 0.5 * near


def test_regions_keep_summing_to_one_at_every_layer():
    levels = pyramid(bands((200, 330)))
    assert [tuple(level.shape) for level in levels.values()] == [(3, 200 >> block, 330 >> block) for block in range(5)]
    assert all(torch.allclose(level.sum(0), torch.ones(())) for level in levels.values())
    assert pyramid(None) == {}
