"""VGG-19: the packaged weights, the input, the pooling, and the whole against a second, plain implementation."""

import hashlib
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import correlate

from stages.common import weights
from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD
from stages.stylize import vgg

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def packed():
    return torch.load(weights.locate(weights.VGG19), weights_only=True)


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_it_has_the_sixteen_convolutions_of_configuration_e(network):
    shapes = [tuple(weight.shape) for weight, _ in network.kernels.values()]
    widths = [3] + [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8
    assert shapes == [(after, before, 3, 3) for before, after in itertools.pairwise(widths)]
    assert (
        sum(weight.numel() + bias.numel() for weight, bias in network.kernels.values()) == 20_024_384
    )  # as published, without the classifier


def test_a_filter_is_its_codes_looked_up_in_its_table(packed, network):
    codes, table = packed["block3_conv2_W_q"].numpy(), packed["block3_conv2_W_table"].numpy()
    by_hand = np.array([[[table[code] for code in row] for row in plane] for plane in codes[7, :5]])
    assert np.array_equal(network.kernels["relu3_2"][0][7, :5].numpy(), by_hand)
    assert len(table) == 256 and codes.dtype == np.uint8


def test_the_input_is_blue_green_red_minus_the_mean_of_imagenet(network):
    picture = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)  # red 255, green 127.5, blue 0
    assert torch.allclose(
        network.normalized(picture)[0, :, 0, 0], torch.tensor([0 - 103.939, 127.5 - 116.779, 255 - 123.68])
    )


def test_the_first_layers_equal_a_plain_implementation(network):
    picture = noise(1, 3, 16, 20)
    levels = (picture[0].double().numpy()[::-1] + 1) * 127.5 - np.array(vgg.MEAN_BGR)[:, None, None]
    first = convolved(np.pad(levels, ((0, 0), (1, 1), (1, 1)), "edge"), *network.kernels["relu1_1"])
    second = convolved(padded(first), *network.kernels["relu1_2"])
    pooled = second.reshape(64, 8, 2, 10, 2).mean((2, 4))
    third = convolved(padded(pooled), *network.kernels["relu2_1"])
    found = network(picture, ["relu1_1", "relu2_1"])
    assert np.allclose(found["relu1_1"][0], first, rtol=1e-4, atol=1e-3 * first.std())
    assert np.allclose(found["relu2_1"][0], third, rtol=1e-4, atol=1e-3 * third.std())


def padded(signal: np.ndarray) -> np.ndarray:
    return np.pad(signal, ((0, 0), (1, 1), (1, 1)))


def convolved(signal: np.ndarray, weight: torch.Tensor, bias: torch.Tensor) -> np.ndarray:
    planes = [correlate(signal, kernel, "valid", "direct")[0] for kernel in weight.double().numpy()]
    return np.maximum(np.array(planes) + bias.double().numpy()[:, None, None], 0)


def test_each_block_halves_the_picture(network):
    found = network(noise(1, 3, 48, 32), vgg.LAYERS)
    assert list(found) == list(vgg.LAYERS) and len(found) == 16
    for layer, features in found.items():
        halvings = int(layer[4]) - 1
        assert features.shape[2:] == (48 >> halvings, 32 >> halvings) and features.dtype == torch.float32
        assert features.min() == 0 and features.max() > 0


def test_a_flat_picture_has_no_frame_in_the_first_layer(network):
    features = network(torch.full((1, 3, 16, 16), 0.5), ["relu1_1"])["relu1_1"]
    assert torch.allclose(features, features[:, :, 8:9, 8:9].expand_as(features), rtol=1e-4, atol=1e-2)


def test_the_first_filters_are_edge_and_color_detectors(network):
    """A wrong memory layout or color order would leave noise.

    Real first-layer kernels are smooth, and many sum to nearly nothing.
    """
    kernels = network.kernels["relu1_1"][0]
    step = (kernels[..., 1:] - kernels[..., :-1]).square().mean((1, 2, 3)) / kernels.square().mean((1, 2, 3))
    shuffled = kernels.flatten(1)[:, torch.randperm(27, generator=torch.Generator().manual_seed(0))].view_as(kernels)
    shuffled_step = (shuffled[..., 1:] - shuffled[..., :-1]).square().mean((1, 2, 3)) / kernels.square().mean((1, 2, 3))
    assert step.median() < 0.7 * shuffled_step.median()
    edge = torch.full((1, 3, 16, 16), -0.5)
    edge[..., 8:] = 0.5
    upright, lying = (network(picture, ["relu1_1"])["relu1_1"][0] for picture in (edge, edge.mT.contiguous()))
    there, elsewhere = upright[:, 4:12, 7:9].amax((1, 2)), upright[:, 4:12, 3:5].amax((1, 2))
    assert (there > 4 * elsewhere + 1).sum() >= 8
    assert ((upright[:, 8, 7:9].amax(1) - lying[:, 8, 7:9].amax(1)).abs() > 1).sum() >= 8


def test_only_the_layers_asked_for_are_computed(network):
    assert list(network(noise(1, 3, 16, 16), ["relu2_2"])) == ["relu2_2"]
    with pytest.raises(KeyError, match="relu9_9"):
        network(noise(1, 3, 16, 16), ["relu9_9"])


@pytest.mark.parametrize(("kernel", "error"), [(WINOGRAD, 1e-5), (BFLOAT16, 0.03)])
def test_other_kernels_give_nearly_the_same_features(network, kernel, error):
    layers = ["relu1_1", "relu3_1"]
    other = vgg.VGG19(vgg.load_oxford(), CPU, kernel)
    exact, rough = network(noise(1, 3, 16, 16), layers), other(noise(1, 3, 16, 16), layers)
    assert not torch.equal(exact["relu3_1"], rough["relu3_1"]), "another kernel has other last bits"
    for layer in layers:
        assert rough[layer].dtype == torch.float32
        assert (rough[layer] - exact[layer]).norm() < error * exact[layer].norm()


@pytest.mark.parametrize("kernel", [FLOAT32, WINOGRAD, BFLOAT16])
def test_what_kernels_are_measured_by_is_the_gradient_of_a_canvas(kernel):
    (gradient,) = vgg.probe(vgg.load_oxford()).work(kernel)()
    assert gradient.shape == (1, 3, *vgg.PROBED) and gradient.isfinite().all() and gradient.abs().max() > 0


def cached(folder: Path, name: str, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a file into torch's cache, in a folder."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(folder))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / name).write_bytes(data)


def other_weights() -> bytes:
    data = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(2, 2)}, data)
    return data.getvalue()


@pytest.mark.parametrize("data", [b"<html>log in</html>", b"", b"PK\x03\x04", other_weights()])
def test_another_file_in_the_place_of_torchvisions_weights_is_told(tmp_path, monkeypatch, data):
    cached(tmp_path, "vgg19-dcbb9e9d.pth", data, monkeypatch)
    with pytest.raises(UserError, match=r"checkpoints/vgg19-dcbb9e9d\.pth is .*must begin with dcbb9e9d.*delete it"):
        vgg.load_torchvision()


@pytest.mark.slow
def test_torchvisions_weights_give_torchvisions_features(tmp_path, monkeypatch):
    """With random weights in torch's cache; the plain network pools averages and repeats its input's edges, as ours."""
    from torchvision.models import vgg19  # and with it PyTorch's compiler, which no other test of this file needs
    from torchvision.transforms.functional import normalize

    torch.manual_seed(0)
    plain = vgg19(weights=None)
    data = io.BytesIO()
    torch.save(plain.state_dict(), data)
    name = f"vgg19-{hashlib.sha256(data.getbuffer()).hexdigest()[:8]}.pth"
    cached(tmp_path, name, data.getvalue(), monkeypatch)
    monkeypatch.setattr(vgg, "TORCHVISION", f"http://127.0.0.1:9/{name}")
    ours = vgg.VGG19(vgg.load_torchvision(), CPU, FLOAT32)
    picture = noise(1, 3, 32, 48)
    normal = normalize((picture + 1) / 2, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    signal, expected = torch.nn.functional.pad(normal, (1, 1, 1, 1), "replicate"), []
    for layer in list(plain.features.children())[:30]:
        if isinstance(layer, torch.nn.MaxPool2d):
            layer = torch.nn.AvgPool2d(2)
        if not expected and isinstance(layer, torch.nn.Conv2d):
            layer.padding = (0, 0)
        signal = layer(signal)
        expected += [signal] if isinstance(layer, torch.nn.ReLU) else []
    for name in ("relu1_1", "relu3_2", "relu5_1"):
        target = expected[vgg.LAYERS.index(name)]
        assert torch.allclose(ours(picture, [name])[name], target, atol=1e-4 * target.abs().max().item())


def test_what_a_place_stands_for():
    assert [vgg.stride(layer) for layer in ("relu1_1", "relu3_4", "relu5_1")] == [1, 4, 16]
