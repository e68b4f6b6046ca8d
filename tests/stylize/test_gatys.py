"""Style transfer: what the optimization must do, that it comes out the same each time, and that it goes on where it stopped."""

import io

import pytest
import torch
from small_pictures import waves

from stages.stylize import gatys
from stages.stylize.objective import How, Losses, Objective, Weights, Work

SKETCH = waves(48, 64, (1.0, 1.0, 1.0), 9.0)
WORK = waves(40, 40, (1.0, 0.2, -0.8), 60.0)
PLAN = gatys.Plan(SKETCH, [Work(WORK, 1.0, None)], None)


def choices(steps: int = 6, style: float = 10.0, variation: float = 0.0, **others) -> gatys.Choices:
    return gatys.Choices(steps, Weights(style, variation), How(), **others)


def painted(network, plan: gatys.Plan = PLAN, **changes) -> tuple[torch.Tensor, Losses]:
    painting = gatys.Painting(network, plan, choices(**changes))
    list(painting)
    return painting.picture(), painting.losses()


@pytest.mark.parametrize(("size", "steps", "expected"), [
    ((384, 512), 40, [((192, 256), 40), ((272, 362), 40), ((384, 512), 40)]),
    ((64, 64), 4, [((64, 64), 4)]),
    ((40, 600), 4, [((40, 600), 4)]),
    ((512, 384), 1, [((256, 192), 1), ((362, 272), 1), ((512, 384), 1)]),
    ((1024, 1024), 40, [((256, 256), 40), ((362, 362), 40), ((512, 512), 40), ((724, 724), 40), ((1024, 1024), 40)]),
])  # fmt: skip
def test_schedule_goes_from_coarse_to_fine_with_equal_steps(size, steps, expected):
    assert gatys.schedule(size, steps) == [gatys.Scale(canvas, "lbfgs", count) for canvas, count in expected]


def test_a_canvas_enlarged_has_the_grounds_detail_under_the_paint():
    ground = waves(96, 128, (1.0, 0.5, -0.5), 3.0)  # finer than the half size shows
    bare = gatys.resized(ground, (48, 64))
    assert torch.allclose(gatys.enlarged(bare, ground, (96, 128)), ground, atol=1e-6)
    paint = torch.zeros(1, 3, 48, 64)
    paint[..., 32:] = -1.5
    found = gatys.enlarged((bare + paint).clamp(-1, 1), ground, (96, 128))
    assert (
        torch.allclose(found[..., :56], ground[..., :56], atol=1e-3)
        and found[..., 72:].mean() < ground[..., 72:].mean() - 0.3
    )
    assert found.abs().max() <= 1


def test_schedule_takes_adam_where_a_canvas_is_larger_than_a_tile():
    assert [(scale.optimizer, scale.steps) for scale in gatys.schedule((512, 512), 40, "auto", 400)] == [
        ("lbfgs", 40),
        ("lbfgs", 40),
        ("adam", 40),
    ]
    assert {scale.optimizer for scale in gatys.schedule((512, 512), 40, "adam", 400)} == {"adam"}


def test_the_underpainting_has_the_works_light_where_the_paper_is_blank():
    paper, light = torch.ones(1, 3, 60, 80), torch.linspace(0.8, -0.8, 6).view(1, 1, 6, 1).expand(1, 3, 6, 2)
    ground = gatys.underpainted(paper, light)
    assert torch.allclose(ground, torch.linspace(0.8, -0.8, 60).view(1, 1, 60, 1).expand_as(ground), atol=0.2)
    drawn = paper.clone()
    drawn[..., 30, 20:60] = -1.0
    assert (gatys.underpainted(drawn, light)[..., 30, 20:60] == -1).all()


def test_a_darker_sketch_does_not_darken_the_underpainting():
    light = torch.full((1, 3, *gatys.WORK_MASSES), 0.2)
    gray, white = (gatys.underpainted(torch.full((1, 3, 40, 40), level), light) for level in (-0.4, 1.0))
    assert torch.allclose(gray, white, atol=1e-4) and torch.allclose(white, torch.full_like(white, 0.2), atol=1e-4)


@pytest.mark.parametrize(
    ("optimizer", "style_loss", "steps"),
    [("lbfgs", "gram", 20), ("lbfgs", "wasserstein", 20), ("adam", "gram", 60), ("adam", "wasserstein", 60)],
)
def test_the_loss_falls_and_the_picture_stays_in_range(network, optimizer, style_loss, steps):
    asked = choices(steps, variation=0.1, optimizer=optimizer)._replace(how=How(style_loss))
    painting = gatys.Painting(network, PLAN, asked)
    seen = [now.content + 10 * now.style + 0.1 * now.variation for now in painting]
    assert len(seen) == painting.steps == steps
    assert seen[-1] < 0.5 * seen[0]
    picture = painting.picture()
    assert picture.shape == SKETCH.shape and picture.abs().max() <= 1 and not picture.requires_grad


def test_style_weight_trades_content_for_style(network):
    mild, strong = (painted(network, style=weight)[1] for weight in (0.5, 50.0))
    assert mild.content < strong.content and mild.style > strong.style


def test_variation_weight_smooths(network):
    rough, smooth = (painted(network, variation=weight)[1] for weight in (0.0, 3000.0))
    assert smooth.variation < 0.8 * rough.variation


def test_the_same_bits_each_time_and_other_noise_for_another_seed(network):
    first, again = painted(network), painted(network)
    assert torch.equal(first[0], again[0]) and first[1] == again[1]
    one, other = (painted(network, steps=1, start="noise", seed=seed)[0] for seed in (1, 2))
    assert not torch.equal(one, other)


def test_starts_are_the_sketch_the_work_and_noise():
    ground, works = 0.5 * SKETCH, [Work(WORK, 0.25, None), Work(-WORK, 0.75, None)]
    assert torch.equal(gatys.started("content", ground, works, 0), ground)
    assert torch.allclose(gatys.started("style", ground, works, 0), -0.5 * gatys.resized(WORK, (48, 64)), atol=1e-5)
    noise = gatys.started("noise", ground, works, 0)
    assert noise.shape == ground.shape and 0.04 < noise.std() < 0.06 and noise.mean().abs() < 0.01
    assert not torch.equal(noise, gatys.started("noise", ground, works, 1))


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("stop", [1, 4, 6])  # in the first scale, at its end, in the second
def test_an_interrupted_painting_goes_on_bit_for_bit(network, optimizer, stop):
    plan = gatys.Plan(waves(48, 366, (1.0, 1.0, 1.0), 9.0), [Work(WORK, 1.0, None)], None)
    asked = choices(4, optimizer=optimizer)
    asked = asked._replace(how=How(tile=192)) if optimizer == "adam" else asked
    whole = gatys.Painting(network, plan, asked)
    kept = None
    for _ in whole:
        if whole.step == stop:
            data = io.BytesIO()
            torch.save(whole.state(), data)
            kept = data.getvalue()
        if whole.step == 8:
            break
    again = gatys.Painting(network, plan, asked)
    again.load(torch.load(io.BytesIO(kept), weights_only=True))
    assert again.step == stop
    for _ in again:
        if again.step == 8:
            break
    assert torch.equal(whole.picture(), again.picture())


def test_a_work_enters_at_the_size_of_the_canvas_times_the_style_scale(network):
    for scale, longest in ((1.0, 64), (0.5, 32), (2.0, 128), (0.1, 16)):
        assert (
            max(gatys.Painting(network, PLAN, choices(style_scale=scale))._work_size(PLAN.works[0], (48, 64)))
            == longest
        )


def test_a_mixture_lies_between_its_works(network):
    other = waves(40, 40, (-0.5, 0.9, 0.3), 20.0)
    both = painted(network, gatys.Plan(SKETCH, [Work(WORK, 0.5, None), Work(other, 0.5, None)], None))[0]
    for work in (WORK, other):
        alone = painted(network, gatys.Plan(SKETCH, [Work(work, 1.0, None)], None))[0]
        style = Objective(network, SKETCH, [Work(gatys.resized(work, (64, 64)), 1.0, None)], None, How())
        mixture, opposite = (style.evaluate(picture, Weights(1.0, 0.0), 0)[0].style for picture in (both, alone))
        assert opposite < mixture < style.evaluate(SKETCH, Weights(1.0, 0.0), 0)[0].style
