"""The networks on real weights: their features are the published networks'.

torch-fidelity is imported where it is used: each process of the tests would import it, and PyTorch's compiler with it.
"""

import warnings
from pathlib import Path

import matplotlib
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from stages.common import images
from stages.common.cli import UserError
from stages.common.weights import EFFICIENTNET, INCEPTION, locate
from stages.evaluate import perceptual
from stages.metrics import efficientnet, frechet, inception, kid, manifold
from stages.metrics.comparison import Comparison
from stages.metrics.features import features

CPU = torch.device("cpu")
UNIFORM = 652  # the ImageNet class "military uniform"


@pytest.fixture(scope="module")
def network():
    return inception.load(CPU)


@pytest.mark.slow
def test_inception_equals_the_packaged_graph(network, picture):
    pictures = [picture(seed).resize((299, 299), Image.Resampling.BICUBIC) for seed in range(3)]
    ours = features(network, pictures, 2, CPU)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = torch.jit.load(locate(INCEPTION))
    array = torch.from_numpy(images.to_array(pictures)).float()
    with torch.inference_mode():
        theirs = graph((array - 128) / 128).double().flatten(1)
    assert ours.shape == theirs.shape == (3, 2048)
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_features_do_not_depend_on_the_batch(network, picture):
    pictures = [picture(seed) for seed in range(5)]
    alone, together = (features(network, pictures, batch, CPU) for batch in (1, 5))
    assert torch.allclose(alone, together, rtol=1e-4, atol=1e-5)


def test_the_two_resizings_differ_and_clean_is_pillows_bicubic(network, picture):
    pictures = [picture(0, patches=32), picture(1, patches=32)]
    clean, old = (features(network, pictures, 2, CPU, resize=resize) for resize in ("clean", "tf"))
    resized = [item.resize((299, 299), Image.Resampling.BICUBIC) for item in pictures]
    assert torch.equal(clean, features(network, resized, 2, CPU, resize="tf")), (
        "pictures of 299 pixels are not resized again"
    )
    assert (clean - old).abs().max() > 0.01


@pytest.mark.parametrize("size", [(32, 32), (64, 100), (299, 299), (400, 299)])
def test_pictures_are_resized_to_the_bits_of_torch_fidelity(size):
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    pictures = torch.randint(0, 256, (2, 3, *size), generator=torch.Generator().manual_seed(0)).float()
    theirs = interpolate_bilinear_2d_like_tensorflow1x(pictures, (299, 299), align_corners=False)
    assert torch.equal(inception.resize(pictures, 299), theirs)


def test_weights_that_do_not_fit_are_refused(monkeypatch):
    found = inception.published()
    monkeypatch.setattr(inception, "published", lambda: found[:-1])
    with pytest.raises(UserError, match="93 convolutions that do not fit the 94"):
        inception.load(CPU)


class Pictures(Dataset):
    """Pictures as torch-fidelity takes them."""

    def __init__(self, pictures):
        self.values = torch.from_numpy(images.to_array(pictures))

    def __len__(self):
        return len(self.values)

    def __getitem__(self, number):
        return self.values[number]


@pytest.mark.slow
def test_the_numbers_equal_torch_fidelitys_with_the_same_weights_and_pictures(network, picture, tmp_path):
    import torch_fidelity
    from fidelity_weights import write_weights

    made, real = [picture(seed, patches=9) for seed in range(8)], [picture(100 + seed) for seed in range(8)]
    write_weights(tmp_path / "inception.pth")
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(made), input2=Pictures(real), cuda=False, batch_size=4, verbose=False, cache=False,
        feature_extractor="inception-v3-compat", feature_extractor_weights_path=str(tmp_path / "inception.pth"),
        fid=True, kid=True, kid_subsets=2, kid_subset_size=8, prc=True,
    )  # fmt: skip
    generated, test = (features(network, some, 4, CPU, resize="tf") for some in (made, real))
    ours = Comparison.of(generated, test, test, test)
    assert frechet.fid(ours) == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert kid.kid(ours) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    shares = manifold.precision(ours), manifold.recall(ours)
    assert shares == pytest.approx((theirs["precision"], theirs["recall"]), rel=1e-3, abs=1e-6)


def test_efficientnet_knows_what_an_admiral_wears():
    network = efficientnet.load(CPU)
    path = Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"
    found = features(network, [images.read(path)], 1, CPU).float()
    state = torch.load(locate(EFFICIENTNET), weights_only=True)
    chances = (found @ state["_fc.weight"].T + state["_fc.bias"]).softmax(1)[0]
    assert found.shape == (1, efficientnet.FEATURES)
    assert int(chances.argmax()) == UNIFORM and float(chances.max()) == pytest.approx(0.46, abs=0.03), (
        "the original network says 0.46"
    )


def test_perceptual_distances_equal_the_authors_own(picture):
    network = perceptual.load(CPU)
    vectors = features(network, [picture(seed) for seed in range(3)], 3, CPU).float()
    found = perceptual.distances(vectors, vectors, perceptual.squares(vectors))
    # What the package's own code gives for these three pictures, pair by pair (stlpips-pytorch 0.0.2).
    expected = {(0, 1): 0.4420830309, (0, 2): 0.5520404577, (1, 2): 0.4174933434}
    for (first, second), distance in expected.items():
        assert found[first, second].item() == pytest.approx(distance, abs=2e-6)
        assert found[second, first].item() == pytest.approx(distance, abs=2e-6)
    assert found.diagonal().max() < 2e-6


def test_a_shift_by_a_pixel_is_nearer_than_anything_else(picture):
    network = perceptual.load(CPU)
    large = picture(0, pixels=66)
    shown = [large.crop((0, 0, 64, 64)), large.crop((1, 0, 65, 64)), picture(1)]
    vectors = features(network, shown, 3, CPU).float()
    found = perceptual.distances(vectors, vectors, perceptual.squares(vectors))
    assert found[0, 1] < 0.05 * found[0, 2]
