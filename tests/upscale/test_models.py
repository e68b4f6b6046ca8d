"""Networks of the user's own: files that spandrel reads, of one, three and four channels, and what is no upscaler."""

import pytest
import torch
from reference import loaded, rrdbnet
from safetensors.torch import save_file

from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32, Runtime
from stages.common.section import RuntimeParams
from stages.upscale import foreign, models

CPU = torch.device("cpu")
EXACTLY = RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=1)


def small(channels: int = 3, scale: int = 2) -> dict[str, torch.Tensor]:
    """The weights of a very small network of ESRGAN's kind."""
    torch.manual_seed(0)
    network = rrdbnet(in_nc=channels, out_nc=channels, num_filters=8, num_blocks=1, scale=scale)
    return {name: value.contiguous() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("scale", [2, 4])
def test_a_file_of_either_kind_enlarges(tmp_path, suffix, scale):
    path = tmp_path / f"own.{suffix}"
    (torch.save if suffix == "pth" else save_file)(small(scale=scale), path)
    network = foreign.load(foreign.read(path, path.read_bytes()), str(path), CPU).on(CPU, FLOAT32)
    picture = torch.rand(1, 3, 9, 13) * 2 - 1
    large = network.enlarge(picture)
    assert network.scale == scale and large.shape == (1, 3, 9 * scale, 13 * scale) and large.abs().max() <= 1
    expected = loaded(small(scale=scale))((picture + 1) / 2) * 2 - 1
    assert torch.allclose(large, expected.float(), atol=1e-4)


@pytest.fixture
def transformer(tmp_path, monkeypatch):
    """A file of a network that says it knows bfloat16, and does for the size alone that it was trained with."""
    from spandrel.architectures.SwinIR.__arch.SwinIR import SwinIR

    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    sizes = {"img_size": 64, "embed_dim": 24, "depths": [2], "num_heads": [2], "window_size": 8}
    torch.save(SwinIR(**sizes, upscale=2, upsampler="pixelshuffledirect").state_dict(), tmp_path / "swin.pth")
    return str(tmp_path / "swin.pth")


@pytest.mark.parametrize(("kernels", "kernel"), [("auto", FLOAT32), ("portable", BFLOAT16)])
def test_a_network_without_bfloat16_is_computed_and_reported_in_float32(transformer, kernels, kernel):
    """A GPU's runtime comes with bfloat16, and nothing is measured there, as with `portable`."""
    exactly = EXACTLY.model_copy(update={"precision": "auto", "kernels": kernels})
    network, _, runtime = models.choose(transformer, Runtime(CPU, kernel, 1), exactly)
    assert network.enlarge(torch.zeros(1, 3, 16, 24)).shape == (1, 3, 32, 48)
    assert runtime.report()["precision"] == "float32"


def test_a_network_without_the_precision_that_was_asked_for(transformer):
    exactly = EXACTLY.model_copy(update={"precision": "bfloat16"})
    with pytest.raises(UserError, match=r"runtime\.precision is 'bfloat16', but .*SwinIR.* to float32 or auto"):
        models.choose(transformer, Runtime(CPU, BFLOAT16, 1), exactly)


@pytest.mark.parametrize("channels", [1, 4])
def test_networks_of_other_channels_get_what_they_know(channels):
    network = foreign.load(small(channels), "own", CPU).on(CPU, FLOAT32)
    large = network.enlarge(torch.rand(1, 3, 8, 8))
    assert large.shape == (1, 3, 16, 16) and large.isfinite().all()


def test_a_network_that_draws_noise_enlarges_alike_each_time(tmp_path):
    """AuraSR: kernels of five dimensions, and noise at each call."""
    from spandrel.architectures.AuraSR.__arch.aura_sr import UnetUpsampler

    torch.manual_seed(1)
    style = {"dim_in": 16, "dim_out": 64, "depth": 2}
    small = UnetUpsampler(dim=8, image_size=None, input_image_size=None, style_network=style)
    network = foreign.load(small.state_dict(), "own", CPU).on(CPU, FLOAT32)
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    large = network.enlarge(picture)
    assert large.shape == (1, 3, 128, 128) and torch.equal(large, network.enlarge(picture))


def test_no_such_file(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        models.choose(str(tmp_path / "none.pth"), Runtime(CPU, FLOAT32, 1), EXACTLY)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    torch.save(small(), tmp_path / "net.pth")
    monkeypatch.setenv("HOME", str(tmp_path))
    network, about, _ = models.choose("~/net.pth", Runtime(CPU, FLOAT32, 1), EXACTLY)
    assert network.scale == 2 and about["model"] == "net.pth"


def test_a_file_that_holds_no_weights(tmp_path):
    with pytest.raises(UserError, match="cannot be read as weights"):
        foreign.read(tmp_path / "letter.pth", b"dear shop")


@pytest.mark.parametrize("content", [{"state": {0: {"step": torch.ones(1)}}}, {"net": {0: torch.ones(1)}}])
def test_a_file_of_an_optimizer_instead_of_a_network(tmp_path, content):
    path = tmp_path / "adam.pth"
    torch.save(content, path)
    with pytest.raises(UserError, match=r"cannot be read as weights|no network that spandrel knows"):
        foreign.load(foreign.read(path, path.read_bytes()), str(path), CPU)


def test_weights_of_nothing_known():
    with pytest.raises(UserError, match=r"no network that spandrel knows.*RealESRGAN_x4plus\.pth"):
        foreign.load({"some.weight": torch.zeros(3, 3)}, "own.pth", CPU)


def test_a_network_that_does_not_enlarge():
    with pytest.raises(UserError, match=r"own\.pth is no upscaler of pictures .*1 times as large"):
        foreign.load(small(scale=1), "own.pth", CPU)
