"""Style transfer on a GPU: the same bits each time, and the picture of the CPU but for rounding."""

import pytest
import torch
from changed_params import changed
from small_pictures import waves

from stages.common.device import FLOAT32
from stages.stylize import vgg
from stages.stylize.gatys import StyleTransfer, Targets
from stages.stylize.objective import StyleImage
from stages.stylize.resampling import resized

pytestmark = pytest.mark.cuda
GPU = torch.device("cuda")


@pytest.fixture(autouse=True)
def deterministic(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def stylized(device: torch.device, **values: object) -> tuple[torch.Tensor, float]:
    """The picture and its weighted losses."""
    network = vgg.VGG19(vgg.load_oxford(), device, FLOAT32)
    content, style = waves(48, 64, (1.0, 1.0, 1.0), 9.0), waves(40, 40, (1.0, 0.2, -0.8), 60.0)
    targets = Targets(content.to(device), [StyleImage(style.to(device), 1.0, None)], None)
    transfer = StyleTransfer(network, targets, changed(**{"steps": 6, "tile": 8192} | values))
    list(transfer)
    losses = transfer.losses()
    return transfer.picture().cpu(), losses.content.item() + 12 * losses.style.item()


@pytest.mark.parametrize(
    "values", [{}, {"style_loss": "wasserstein"}, {"optimizer": "adam", "tile": 192, "pixels": 256}]
)
def test_the_same_bits_each_time(values):
    first, second = stylized(GPU, **values), stylized(GPU, **values)
    assert torch.equal(first[0], second[0]) and first[0].isfinite().all()


def test_a_picture_many_times_smaller_is_that_of_the_cpu():
    picture = waves(480, 640, (1.0, 1.0, 1.0), 9.0)
    assert torch.equal(resized(picture.to(GPU), (12, 16)).cpu(), resized(picture, (12, 16)))


def test_the_losses_are_those_of_the_cpu():
    assert stylized(GPU)[1] == pytest.approx(stylized(torch.device("cpu"))[1], rel=0.02)
