"""RRDBNet beside spandrel's: the same picture but for rounding, in each way to compute it, of any size, in bands."""

import pytest
import torch
from reference import loaded, rrdbnet

from stages.common import weights
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel
from stages.upscale import direct, esrgan, foreign, models, rrdb, winograd

CPU = torch.device("cpu")
WAYS = [direct.Direct, winograd.Winograd]
SIZES = [(1, 1), (2, 2), (1, 40), (40, 1), (5, 6), (12, 18), (13, 31), (83, 7)]


def theirs(features: int = 64, blocks: int = 1, scale: int = 4, channels: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    network = rrdbnet(in_nc=channels, out_nc=channels, num_filters=features, num_blocks=blocks, scale=scale)
    return network.eval()


def own(network: torch.nn.Module, kernel: Kernel):
    """A function that does what spandrel's network does, with the same weights."""
    found = foreign.load(network.state_dict(), "own", CPU)
    assert found.kernels == (FLOAT32, WINOGRAD, BFLOAT16), "it is not computed as RRDBNet"
    return torch.inference_mode()(found.build(CPU, kernel))


def noise(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(height + width))


@torch.inference_mode()
def expected(network: torch.nn.Module, picture: torch.Tensor) -> torch.Tensor:
    """The result in float64, which rounding does not blur."""
    return network.double()(picture.double())


@pytest.mark.parametrize(("kernel", "tolerance"), [(FLOAT32, 3e-6), (WINOGRAD, 3e-5)])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_spandrel_s_network_within_rounding_at_any_size(kernel, tolerance, size):
    network = theirs(features=32)
    enlarge, picture = own(network, kernel), noise(3, *size)
    large, truth = enlarge(picture), expected(network, picture)
    assert large.shape == truth.shape == (1, 3, 4 * size[0], 4 * size[1]) and large.dtype == torch.float32
    assert 0 < (large - truth).abs().max() < tolerance * truth.abs().max()
    assert torch.equal(large, enlarge(picture)), "the same bits each time"


@pytest.mark.parametrize(("kernel", "tolerance"), [(FLOAT32, 3e-6), (WINOGRAD, 3e-5), (BFLOAT16, 3e-2)])
@pytest.mark.parametrize("shape", [
    {"features": 64, "blocks": 2}, {"features": 96, "scale": 2}, {"features": 32, "scale": 8}, {"channels": 1},
    {"channels": 4},
], ids=str)  # fmt: skip
def test_it_is_spandrel_s_network_of_any_shape(kernel, tolerance, shape):
    network, picture = theirs(**shape), noise(shape.get("channels", 3), 14, 9)
    large = own(network, kernel)(picture)
    truth = expected(network, picture)
    assert large.shape == truth.shape and (large - truth).abs().max() < tolerance * truth.abs().max()


@pytest.mark.parametrize("options", [{"num_filters": 8}, {"plus": True}, {"in_nc": 12, "shuffle_factor": 2}], ids=str)
def test_what_differs_from_it_stays_spandrel_s(options):
    network = rrdbnet(num_blocks=1, **options)
    found = foreign.load(network.state_dict(), "own", CPU)
    assert found.kernels == (FLOAT32, BFLOAT16)
    itself, picture = loaded(network.state_dict()), noise(3, 8, 8)
    with torch.inference_mode():
        rough = found.build(CPU, BFLOAT16)(picture)
        fine = found.build(CPU, FLOAT32)(picture)  # which the first one has left as it was
        assert torch.allclose(fine, itself(picture), atol=1e-6) and 0 < (fine - rough).abs().max() < 0.03


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("scale", [2, 4])
def test_kernels_are_measured_with_no_more_blocks_than_there_are(blocks, scale):
    network, picture = theirs(features=32, blocks=blocks, scale=scale), noise(3, 9, 13)
    found = foreign.load(network.state_dict(), "own", CPU)
    with torch.inference_mode():
        whole, probed = (build(CPU, FLOAT32)(picture) for build in (found.build, found.probed))
    assert torch.equal(whole, probed)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_bands_are_parts_of_the_whole(monkeypatch, scale):
    network = own(theirs(features=32, scale=scale), FLOAT32)
    picture = noise(3, 37, 5)
    whole = network(picture)
    monkeypatch.setattr(rrdb, "BAND", 7)
    assert (network(picture) - whole).abs().max() < 1e-6
    monkeypatch.setattr(rrdb, "FRAME", 1)
    assert (network(picture) - whole).abs().max() > 1e-6, "a frame of one line would be too narrow"


def test_along_one_side_winograd_s_transforms_are_a_convolution():
    signal, kernel, result = winograd.transforms()
    seen, weights = torch.randn(8, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    products = (signal @ seen) * (kernel @ weights)
    assert torch.allclose(result @ products, seen.unfold(0, 3, 1) @ weights, atol=1e-12)
    assert signal[:, 0].tolist() == [1.0, *[0.0] * 7] and signal[:, 7].tolist() == [*[0.0] * 7, 1.0]
    assert (result[:, winograd.CONSTANT] == 1).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("places", [4, 512])
def test_a_signal_is_laid_out_and_back(way, places, monkeypatch):
    monkeypatch.setattr(winograd, "PLACES", places)
    for size in SIZES:
        signal, dense = torch.randn(1, 32, *size), way(32, *size, torch.float32)
        laid = dense.laid(signal)
        assert torch.equal(dense.signal(laid), signal), size
        laid.zero_()
        assert signal.abs().max() > 0, "it is a copy"


@pytest.mark.parametrize("places", [4, 30, 512])
def test_bands_of_winograd_s_tiles_meet_without_a_seam(places, monkeypatch):
    network = theirs(features=32)
    picture = noise(3, 32, 21)
    truth = expected(network, picture)
    monkeypatch.setattr(winograd, "PLACES", places)
    assert (own(network.float(), WINOGRAD)(picture) - truth).abs().max() < 3e-5 * truth.abs().max()
    assert winograd.Winograd(32, 32, 21, torch.float32).bands == {4: 6, 30: 1, 512: 1}[places]


@pytest.mark.slow
def test_the_packaged_network_by_winograd_is_within_a_hundredth_of_a_level():
    state = esrgan.state_dict(weights.locate(weights.ESRGAN))
    itself = loaded(state)
    picture = noise(3, 20, 26)
    with torch.inference_mode():
        truth = itself.model(picture)
        for kernel in (FLOAT32, WINOGRAD):
            assert (models.packaged(CPU).build(CPU, kernel)(picture) - truth).abs().max() * 255 < 0.01
