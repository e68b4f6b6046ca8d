"""Style transfer: what the optimization must do, that it repeats bit for bit, and goes on where it stopped."""

import io
from typing import NamedTuple

import pytest
import torch
from changed_params import changed
from small_pictures import waves

from stages.stylize.gatys import Scale, StyleTransfer, Targets, schedule
from stages.stylize.objective import Losses, Objective, StyleImage
from stages.stylize.params import StylizeParams
from stages.stylize.resampling import resized

CONTENT = waves(48, 64, (1.0, 1.0, 1.0), 9.0)
STYLE = waves(40, 40, (1.0, 0.2, -0.8), 60.0)
TARGETS = Targets(CONTENT, [StyleImage(STYLE, 1.0, None)], None)


def quick(**values: object) -> StylizeParams:
    """A few steps, without smoothness."""
    return changed(**{"steps": 6, "style_weight": 10.0, "variation_weight": 0.0} | values)


def stylized(network, targets: Targets = TARGETS, **values: object) -> tuple[torch.Tensor, Losses]:
    transfer = StyleTransfer(network, targets, quick(**values))
    list(transfer)
    return transfer.picture(), transfer.losses()


@pytest.mark.parametrize(("size", "steps", "expected"), [
    ((384, 512), 40, [((192, 256), 40), ((272, 362), 40), ((384, 512), 40)]),
    ((64, 64), 4, [((64, 64), 4)]),
    ((40, 600), 4, [((40, 600), 4)]),
    ((512, 384), 1, [((256, 192), 1), ((362, 272), 1), ((512, 384), 1)]),
    ((1024, 1024), 40, [((256, 256), 40), ((362, 362), 40), ((512, 512), 40), ((724, 724), 40), ((1024, 1024), 40)]),
])  # fmt: skip
def test_schedule_goes_from_coarse_to_fine_with_equal_steps(size, steps, expected):
    found = schedule(size, quick(steps=steps, tile=8192))
    assert found == [Scale(canvas, "lbfgs", count) for canvas, count in expected]


def test_schedule_takes_adam_where_a_canvas_is_larger_than_a_tile():
    mixed = schedule((512, 512), quick(steps=40, tile=400))
    assert [(scale.optimizer, scale.steps) for scale in mixed] == [("lbfgs", 40), ("lbfgs", 40), ("adam", 40)]
    assert {scale.optimizer for scale in schedule((512, 512), quick(optimizer="adam", tile=400))} == {"adam"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "style_loss", "steps"),
    [("lbfgs", "gram", 16), ("lbfgs", "wasserstein", 16), ("adam", "gram", 30), ("adam", "wasserstein", 30)],
)
def test_the_loss_falls_and_the_picture_stays_in_range(network, optimizer, style_loss, steps):
    params = quick(steps=steps, variation_weight=0.1, optimizer=optimizer, style_loss=style_loss)
    transfer = StyleTransfer(network, TARGETS, params)
    seen = [now.content + 10 * now.style + 0.1 * now.variation for now in transfer]
    assert len(seen) == transfer.steps == steps
    assert seen[-1] < 0.5 * seen[0]
    picture = transfer.picture()
    assert picture.shape == CONTENT.shape and picture.abs().max() <= 1 and not picture.requires_grad


@pytest.mark.slow
def test_style_weight_trades_content_for_style(network):
    mild, strong = (stylized(network, style_weight=weight)[1] for weight in (0.5, 50.0))
    assert mild.content < strong.content and mild.style > strong.style


@pytest.mark.slow
def test_variation_weight_smooths(network):
    rough, smooth = (stylized(network, variation_weight=weight)[1] for weight in (0.0, 3000.0))
    assert smooth.variation < 0.8 * rough.variation


@pytest.mark.slow
def test_the_same_bits_each_time_and_other_noise_for_another_seed(network):
    first, again = stylized(network), stylized(network)
    assert torch.equal(first[0], again[0]) and first[1] == again[1]
    one, other = (stylized(network, steps=1, start="noise", seed=seed)[0] for seed in (1, 2))
    assert not torch.equal(one, other)


STOPS = [1, 3, 5]  # in the first scale, at its end, in the second


class Unbroken(NamedTuple):
    """A transfer in two scales that nobody interrupted: its picture, and its states after the steps of STOPS."""

    params: StylizeParams
    picture: torch.Tensor
    states: dict[int, bytes]


WIDE = Targets(  # the style as wide as the content, since it is enlarged to the same longer side
    waves(48, 366, (1.0, 1.0, 1.0), 9.0), [StyleImage(waves(48, 366, (1.0, 0.2, -0.8), 60.0), 1.0, None)], None
)


@pytest.fixture(scope="module", params=[("lbfgs", 8192), ("adam", 320)], ids=["lbfgs", "adam, in tiles"])
def unbroken(request, network) -> Unbroken:
    optimizer, tile = request.param
    params, states = quick(steps=3, optimizer=optimizer, tile=tile), {}
    transfer = StyleTransfer(network, WIDE, params)
    for _ in transfer:
        if transfer.step in STOPS:
            torch.save(transfer.state(), kept := io.BytesIO())
            states[transfer.step] = kept.getvalue()
    assert transfer.step == 6
    return Unbroken(params, transfer.picture(), states)


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS)
def test_an_interrupted_transfer_goes_on_bit_for_bit(network, unbroken, stop):
    again = StyleTransfer(network, WIDE, unbroken.params)
    again.load(torch.load(io.BytesIO(unbroken.states[stop]), weights_only=True))
    assert again.step == stop
    list(again)
    assert torch.equal(unbroken.picture, again.picture())


def test_a_style_image_enters_at_the_size_of_the_canvas_times_the_style_scale(network):
    for scale, longest in ((1.0, 64), (0.5, 32), (2.0, 128), (0.1, 16)):
        transfer = StyleTransfer(network, TARGETS, quick(style_scale=scale))
        assert max(transfer.style_size(TARGETS.styles[0], (48, 64))) == longest


@pytest.mark.slow
def test_a_mixture_lies_between_its_styles(network):
    other = waves(40, 40, (-0.5, 0.9, 0.3), 20.0)
    both = Targets(CONTENT, [StyleImage(STYLE, 0.5, None), StyleImage(other, 0.5, None)], None)
    mixed = stylized(network, both)[0]
    for image in (STYLE, other):
        alone = stylized(network, Targets(CONTENT, [StyleImage(image, 1.0, None)], None))[0]
        objective = Objective(network, CONTENT, [StyleImage(resized(image, (64, 64)), 1.0, None)], None, quick())
        mixture, opposite, unchanged = (objective.evaluate(picture, 0)[0].style for picture in (mixed, alone, CONTENT))
        assert opposite < mixture < unchanged
