"""Real-ESRGAN: its bytes, what it does to a picture, and that tiles leave no seam."""

import struct

import numpy as np
import pytest
import torch
from PIL import Image

from stages.common import weights
from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32
from stages.common.tensors import tensor
from stages.upscale import esrgan, models, tiles

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def path():
    return weights.locate(weights.ESRGAN)


@pytest.fixture(scope="module")
def enlarger():
    return models.packaged(CPU).on(CPU, FLOAT32).enlarge


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    """Shapes with sharp edges, drawn large and made smaller: what an enlarger has to guess back."""
    down, across = np.mgrid[0:1024, 0:1280] / 1024
    disc = (down - 0.45) ** 2 + (across - 0.5) ** 2 < 0.09
    stripe = np.abs(down - 0.3 * across - 0.5) < 0.03
    sky = np.stack([0.9 - 0.5 * down, 0.6 + 0 * down, 0.4 + 0.4 * down], 2)
    levels = np.where(stripe[..., None], [0.15, 0.1, 0.2], np.where(disc[..., None], [0.9, 0.75, 0.3], sky))
    return Image.fromarray((levels * 255).astype(np.uint8)).resize((160, 128), Image.Resampling.BOX)


def psnr(found: torch.Tensor, truth: torch.Tensor) -> float:
    return (10 * torch.log10(4 / (found - truth).square().mean())).item()


def test_the_file_holds_351_convolutions_named_as_in_the_original(path):
    state = esrgan.state_dict(path)
    assert len(state) == 2 * 351 and len(list(esrgan.convolutions())) == 351
    assert state["conv_first.weight"].shape == (64, 3, 3, 3)
    assert state["body.22.rdb3.conv5.weight"].shape == (64, 192, 3, 3)
    assert state["conv_last.bias"].shape == (3,)
    assert sum(value.numel() for value in state.values()) == 16_697_987
    assert all(
        value.dtype == torch.float32 and value.isfinite().all() and value.abs().max() < 10 for value in state.values()
    )


def test_the_first_convolution_read_by_hand(path):
    data = path.read_bytes()
    assert data[:4] == bytes.fromhex("476b3001")
    state = esrgan.state_dict(path)
    assert state["conv_first.weight"].flatten()[:5].tolist() == list(struct.unpack("<5e", data[4:14]))
    assert state["conv_first.bias"].tolist() == list(struct.unpack("<64f", data[4 + 3456 : 4 + 3456 + 256]))


@pytest.mark.parametrize(("damage", "words"), [
    (lambda data: data[:1000], "ends after 1000 bytes, inside the weights of conv_first"),
    (lambda data: data[:-8], "inside the weights of conv_last"),
    (lambda data: b"\0" + data[1:], "other bytes than expected before the weights of conv_first"),
    (lambda data: data + b"1234", "has 4 bytes more"),
])  # fmt: skip
def test_other_bytes_are_refused(path, tmp_path, damage, words):
    broken = tmp_path / "broken.bin"
    broken.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=words):
        esrgan.state_dict(broken)


def sharpness(picture: torch.Tensor) -> float:
    """Mean of the fourth powers of horizontal differences: few steep edges count for more than many shallow ones."""
    return (picture[..., 1:] - picture[..., :-1]).pow(4).mean().item()


def test_it_guesses_edges_sharper_than_bicubic_and_as_true(enlarger, drawing):
    small = drawing.resize((40, 32), Image.Resampling.BICUBIC)
    large, truth = enlarger(tensor(small)), tensor(drawing)
    assert large.shape == (1, 3, 128, 160) and large.dtype == torch.float32 and large.abs().max() <= 1
    bicubic = tensor(small.resize(drawing.size, Image.Resampling.BICUBIC))
    assert psnr(large, truth) > psnr(bicubic, truth) - 1.5
    assert sharpness(bicubic) < 0.5 * sharpness(large)
    assert torch.equal(large, enlarger(tensor(small)))


def test_a_flat_picture_stays_flat(enlarger):
    large = enlarger(torch.full((1, 3, 16, 16), 0.25))[..., 16:48, 16:48]
    assert (large - 0.25).abs().max() < 0.04


@pytest.mark.slow
def test_tiles_leave_no_seam(enlarger, drawing):
    """With the default's overlap.

    Less than 0.2 levels on average, and no step between pixels that the whole picture has not.
    """
    picture = tensor(drawing.resize((200, 24), Image.Resampling.BICUBIC))
    (_, across), overlap = tiles.grid((24, 200), 150, 64), 64
    assert len(across.starts) == 2
    whole, tiled = (
        torch.cat([*tiles.enlarge(picture, enlarger, 4, tile, overlap, lambda: None)], 2) for tile in (256, 150)
    )
    assert 0 < (whole - tiled).abs().mean() * 127.5 < 0.2
    shared = slice(4 * across.starts[1], 4 * across.length)
    steps, seams = (large[..., shared].diff(dim=3).abs().mean((0, 1, 2)) for large in (whole, tiled - whole))
    assert seams.max() < 0.25 * steps.mean()


def test_bfloat16_is_close(enlarger, drawing):
    picture = tensor(drawing.resize((16, 12), Image.Resampling.BICUBIC))
    rough = models.packaged(CPU).on(CPU, BFLOAT16).enlarge(picture)
    assert psnr(rough, enlarger(picture)) > 40
