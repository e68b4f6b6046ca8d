"""The judge on real weights: the features are the published network's, and the door reports what it compared."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from stages.common import images, inception, report
from stages.common.weights import INCEPTION, locate


def picture(seed: int, patches: int = 6) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (patches, patches, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def network():
    return inception.load(torch.device("cpu"))


def test_features_equal_those_of_the_packaged_graph(network):
    pictures = [picture(seed).resize((299, 299), Image.Resampling.BICUBIC) for seed in range(3)]
    ours = inception.features(network, pictures, 2, torch.device("cpu"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = torch.jit.load(locate(INCEPTION))
    array = torch.from_numpy(images.to_array(pictures)).float()
    with torch.inference_mode():
        theirs = graph((array - 128) / 128).double().flatten(1)
    assert ours.shape == theirs.shape == (3, 2048)
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_features_do_not_depend_on_the_batch(network):
    pictures = [picture(seed) for seed in range(5)]
    alone, together = (inception.features(network, pictures, batch, torch.device("cpu")) for batch in (1, 5))
    assert torch.allclose(alone, together, rtol=1e-4, atol=1e-5)


@pytest.fixture
def with_pictures(workspace):
    """Training and test works of one manner (soft patches), generated pictures of another (noise)."""
    rows = []
    for number in range(16):
        images.save_png(workspace.folder / f"data/works/{number}.png", picture(number))
        rows.append({"work": f"w{number}", "file": f"{number}.png", "best": True})
        images.save_png(workspace.folder / f"data/generated/samples/{number:05}.png", picture(100 + number, patches=64))
    report.write_jsonl(workspace.folder / "data/works/works.jsonl", rows)
    names = [row["work"] for row in rows]
    report.write_json(workspace.folder / "data/split.json", {"train": names[:8], "validation": [], "test": names[8:]})
    return workspace


def test_door_tells_noise_from_the_floor_and_repeats_itself(with_pictures):
    assert with_pictures.open("evaluate").returncode == 0
    path = with_pictures.folder / "metrics/evaluate.json"
    numbers, before = report.read_json(path), path.read_bytes()
    assert {"fid", "fid_floor", "kid", "kid_std", "n_real", "n_generated"} <= set(numbers)
    assert (numbers["n_real"], numbers["n_generated"], numbers["n_train"]) == (8, 16, 8)
    assert numbers["fid"] > 1.5 * numbers["fid_floor"] > 0 and numbers["kid"] > numbers["kid_floor"] + 2 * numbers["kid_std"]
    assert numbers["runtime"]["precision"] == "float32"
    assert with_pictures.open("evaluate").returncode == 0
    assert path.read_bytes() == before


def test_too_few_pictures_are_named(with_pictures):
    for path in sorted((with_pictures.folder / "data/generated/samples").iterdir())[1:]:
        path.unlink()
    with_pictures.fails("evaluate", "at least 2 generated pictures, found 1", "generate.count")
