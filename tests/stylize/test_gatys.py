"""Style transfer: closed forms of the losses, what the optimisation must do, and that it comes out the same each time."""

import pytest
import torch

from stages.common import weights
from stages.stylize import gatys, vgg


@pytest.fixture(scope="module")
def network():
    return vgg.load(weights.locate(weights.VGG19), torch.device("cpu"), torch.float32)


def waves(height: int, width: int, colour: tuple[float, float, float], frequency: float) -> torch.Tensor:
    down, across = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    pattern = torch.sin(frequency * (down + 0.5 * across))
    return 0.5 * pattern * torch.tensor(colour).view(1, 3, 1, 1) + 0.1 * torch.tensor(colour).flip(0).view(1, 3, 1, 1)


SKETCH = waves(48, 64, (1.0, 1.0, 1.0), 9.0)
WORK = waves(40, 40, (1.0, 0.2, -0.8), 60.0)


def silent(losses: gatys.Losses) -> None:
    """No progress bar here."""


def test_gram_matrix_closed_form():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])  # two channels, two places
    expected = torch.tensor([[[(1 + 4) / 2, (3 - 2) / 2], [(3 - 2) / 2, (9 + 1) / 2]]])
    assert torch.equal(gatys.gram(features), expected)


def test_gram_matrix_forgets_places_and_size():
    features = torch.rand(1, 5, 6, 7, generator=torch.Generator().manual_seed(1))
    moved = features.flatten(2)[:, :, torch.randperm(42, generator=torch.Generator().manual_seed(2))].view_as(features)
    twice = torch.cat((features, features), 3)
    assert torch.allclose(gatys.gram(moved), gatys.gram(features)) and torch.allclose(gatys.gram(twice), gatys.gram(features))


def test_relative_error_closed_form():
    target = torch.tensor([3.0, 4.0])
    assert gatys.relative_error(target, target) == 0
    assert gatys.relative_error(torch.zeros(2), target) == 1
    assert gatys.relative_error(torch.tensor([4.0, 4.0]), target).item() == pytest.approx(1 / 25)


def test_total_variation_closed_form():
    assert gatys.total_variation(torch.full((1, 3, 5, 5), 0.3)) == 0
    slope = torch.arange(5.0).expand(1, 3, 4, 5)
    assert gatys.total_variation(slope) == 1
    assert gatys.total_variation(2 * slope.mT) == 4


def test_losses_are_zero_at_their_targets(network):
    assert gatys.Target(network, SKETCH, WORK).losses(SKETCH).content == 0
    same = gatys.Target(network, SKETCH, SKETCH).losses(SKETCH)
    assert same.content == 0 and same.style == 0


def test_losses_notice_the_other_picture(network):
    losses = gatys.Target(network, SKETCH, WORK).losses(SKETCH)
    assert losses.style > 0.1


@pytest.mark.parametrize(("size", "steps", "expected"), [
    ((384, 512), 40, [((192, 256), 40), ((272, 362), 20), ((384, 512), 10)]),
    ((64, 64), 4, [((32, 32), 4), ((45, 45), 2), ((64, 64), 1)]),
    ((40, 90), 4, [((40, 90), 4)]),
    ((512, 384), 1, [((256, 192), 1), ((362, 272), 1), ((512, 384), 1)]),
])  # fmt: skip
def test_schedule_goes_from_coarse_to_fine_with_half_the_steps(size, steps, expected):
    assert gatys.schedule(size, steps) == expected


def test_the_underpainting_has_the_works_light_where_the_paper_is_blank():
    paper = torch.ones(1, 3, 60, 80)
    work = torch.linspace(0.8, -0.8, 90).view(1, 1, 90, 1).expand(1, 3, 90, 50)
    ground = gatys.underpainted(paper, work)
    assert torch.allclose(ground, torch.linspace(0.8, -0.8, 60).view(1, 1, 60, 1).expand_as(ground), atol=0.12)
    drawn = paper.clone()
    drawn[..., 30, 20:60] = -1.0
    assert (gatys.underpainted(drawn, work)[..., 30, 20:60] == -1).all()


def test_a_darker_sketch_does_not_darken_the_underpainting():
    work = torch.full((1, 3, 40, 40), 0.2)
    grey, white = (gatys.underpainted(torch.full((1, 3, 40, 40), level), work) for level in (-0.4, 1.0))
    assert torch.allclose(grey, white, atol=1e-4) and torch.allclose(white, work, atol=1e-4)


def painted(network, steps: int = 6, style: float = 10.0, variation: float = 0.0) -> tuple[torch.Tensor, gatys.Losses]:
    return gatys.stylize(network, SKETCH, WORK, steps, gatys.Weights(style, variation), silent)


def test_the_loss_falls_and_the_picture_stays_in_range(network):
    seen = []
    target = gatys.Target(network, SKETCH, WORK)
    picture = gatys.optimized(target, SKETCH, 8, gatys.Weights(10.0, 0.1), lambda now: seen.append(now.content + 10 * now.style + 0.1 * now.variation))
    assert len(seen) == 8
    assert seen[-1] < 0.5 * seen[0]
    assert picture.shape == SKETCH.shape and picture.abs().max() <= 1 and not picture.requires_grad
    assert not torch.equal(picture, SKETCH)


def test_style_weight_trades_content_for_style(network):
    mild, strong = (painted(network, style=weight)[1] for weight in (0.5, 50.0))
    assert mild.content < strong.content and mild.style > strong.style


def test_variation_weight_smooths(network):
    rough, smooth = (painted(network, variation=weight)[1] for weight in (0.0, 3000.0))
    assert smooth.variation < 0.8 * rough.variation


def test_the_same_bits_each_time(network):
    first, again = painted(network), painted(network)
    assert torch.equal(first[0], again[0]) and first[1] == again[1]


def test_on_step_sees_every_step_of_every_scale(network):
    seen = []
    gatys.stylize(network, SKETCH, WORK, 4, gatys.Weights(10.0, 0.1), seen.append)
    assert len(seen) == sum(steps for _, steps in gatys.schedule(SKETCH.shape[2:], 4)) > 4
