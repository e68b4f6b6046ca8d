"""The objective: zero at its target, equal in tiles and as a whole, and bounded in what VGG sees at once."""

import pytest
import torch
from small_pictures import waves

from stages.stylize.guides import bands
from stages.stylize.objective import How, Objective, Weights, Work, pyramid, total_variation

SKETCH, WORK = waves(200, 330, (1.0, 0.9, 0.8), 9.0), waves(260, 240, (1.0, 0.2, -0.8), 60.0)
CANVAS = waves(200, 330, (-0.3, 0.8, 0.4), 25.0)
BALANCE = Weights(10.0, 0.1)


def objective(
    network, how: How = How(), guided: bool = False, sketch: torch.Tensor = SKETCH, work: torch.Tensor = WORK
) -> Objective:
    regions, of_work = (bands(picture.shape[2:]) if guided else None for picture in (sketch, work))
    return Objective(network, sketch, [Work(work, 1.0, of_work)], regions, how)


def test_total_variation_closed_form():
    assert total_variation(torch.full((1, 3, 5, 5), 0.3)) == 0
    slope = torch.arange(5.0).expand(1, 3, 4, 5)
    assert total_variation(slope) == 1 and total_variation(2 * slope.mT) == 4


def test_losses_are_zero_at_their_targets(network):
    same, gradient = objective(network, work=SKETCH).evaluate(SKETCH, Weights(10.0, 0.0), 0)
    assert same.content == 0 and same.style < 1e-9 and gradient.abs().max() < 1e-6
    assert objective(network).evaluate(SKETCH, BALANCE, 0)[0].style > 0.1


def test_the_gradient_is_that_of_the_weighted_sum(network):
    small = [picture[..., :48, :64] for picture in (SKETCH, WORK, CANVAS)]
    goal = objective(network, sketch=small[0], work=small[1])
    _, gradient = goal.evaluate(small[2], BALANCE, 0)
    direction = gradient / gradient.norm()

    def total(step: float) -> float:
        losses, _ = goal.evaluate(small[2] + step * direction, BALANCE, 0)
        return (losses.content + BALANCE.style * losses.style + BALANCE.variation * losses.variation).item()

    assert (total(0.05) - total(-0.05)) / 0.1 == pytest.approx(gradient.norm().item(), rel=0.02)


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("kind, scale", [("gram", 1), ("wasserstein", 2)])
def test_tiles_give_the_losses_and_the_gradient_of_the_whole(network, kind, scale, guided):
    whole, tiled = (objective(network, How(kind, scale, tile), guided) for tile in (8192, 256))
    (wanted, slope), (found, tiled_slope) = (goal.evaluate(CANVAS, BALANCE, 4) for goal in (whole, tiled))
    assert torch.stack(found).tolist() == pytest.approx(torch.stack(wanted).tolist(), rel=2e-3)
    assert (slope - tiled_slope).norm() < 0.01 * slope.norm()


def test_vgg_never_sees_more_than_a_tile(network):
    seen = []

    class Watched:
        def __call__(self, picture, layers):
            seen.append(max(picture.shape[2:]))
            return network(picture, layers)

    tall = waves(520, 100, (1.0, 0.5, 0.2), 20.0)
    objective(Watched(), How(tile=192), sketch=tall, work=tall).evaluate(tall, BALANCE, 1)
    assert max(seen) <= 256 < 520 and len(seen) > 12


def test_content_seen_smaller_leaves_detail_free(network):
    torch.manual_seed(0)
    speckled = (SKETCH + 0.2 * torch.randn(SKETCH.shape)).clamp(-1, 1)
    near, far = (
        objective(network, How(content_scale=scale)).evaluate(speckled, BALANCE, 0)[0].content for scale in (1, 4)
    )
    assert far < 0.5 * near


def test_regions_keep_summing_to_one_at_every_layer():
    levels = pyramid(bands((200, 330)))
    assert [tuple(level.shape) for level in levels.values()] == [(3, 200 >> block, 330 >> block) for block in range(5)]
    assert all(torch.allclose(level.sum(0), torch.ones(())) for level in levels.values())
    assert pyramid(None) == {}
