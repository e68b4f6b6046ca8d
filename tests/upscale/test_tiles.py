"""Tiles: they cover the picture, their weights sum to one, and nothing changes where each pixel is treated alone."""

import itertools

import pytest
import torch

from stages.upscale import tiles

SIZES = [(1, 1), (1, 40), (40, 1), (2, 3), (31, 32), (32, 33), (33, 100), (64, 64), (65, 97), (130, 45)]
TILES = [(32, 0), (32, 1), (32, 8), (32, 15), (48, 12), (256, 24)]


def silent() -> None:
    """No progress bar here."""


def noise(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height * 1000 + width)) * 2 - 1


def nearest(scale: int):
    return lambda picture: picture.repeat_interleave(scale, 2).repeat_interleave(scale, 3)


@pytest.mark.parametrize("tile, overlap", TILES)
def test_cuts_cover_every_pixel_with_equal_tiles_and_enough_overlap(tile, overlap):
    for length in range(1, 300):
        size, starts = tiles.cut(length, tile, overlap)
        assert size <= tile and starts[0] == 0 and starts[-1] + size == length
        for before, after in itertools.pairwise(starts):
            assert before < after and before + size - after >= overlap


def test_a_picture_that_fits_is_one_tile():
    assert tiles.cut(100, 128, 12) == (100, [0])
    assert tiles.cut(128, 128, 12) == (128, [0])
    assert tiles.cut(129, 128, 12) == (71, [0, 58])


@pytest.mark.parametrize("tile, overlap", TILES)
@pytest.mark.parametrize("scale", [1, 4])
def test_tiling_is_an_exact_inverse_for_an_enlarger_that_treats_each_pixel_alone(scale, tile, overlap):
    for size in SIZES:
        picture = noise(*size)
        bands = [*tiles.enlarge(picture, nearest(scale), scale, tile, overlap, silent)]
        assert torch.equal(torch.cat(bands, 2), nearest(scale)(picture)), size
        assert len(bands) == len(tiles.grid(size, tile, overlap)[0].starts)
    assert len(SIZES) == 10


def test_weights_are_between_zero_and_one_and_sum_to_one():
    """Each tile alone painted white on black shows its weights."""
    size, tile, overlap = (60, 75), 32, 9
    down, across = tiles.grid(size, tile, overlap)
    count = len(down.starts) * len(across.starts)
    total = torch.zeros(1, 3, 120, 150)
    for white in range(count):
        levels = iter([float(number == white) for number in range(count)])
        bands = tiles.enlarge(
            torch.zeros(1, 3, *size),
            lambda part, levels=levels: nearest(2)(part) + next(levels),
            2,
            tile,
            overlap,
            silent,
        )
        weights = torch.cat([*bands], 2)
        assert weights.min() >= 0 and weights.max() == 1
        total += weights
    assert count == 3 * 3
    assert torch.allclose(total, torch.ones_like(total), atol=1e-6)


def test_where_three_tiles_meet_all_are_blended_in_turn():
    """50 pixels in tiles of 27 that begin at 0, 11 and 23: lines 23 to 26 lie in all three."""
    assert tiles.cut(50, 32, 15) == (27, [0, 11, 23])
    levels = iter([0.0, 1.0, -1.0])
    bands = tiles.enlarge(torch.zeros(1, 3, 50, 5), lambda part: part + next(levels), 1, 32, 15, silent)
    expected = torch.zeros(50)
    expected[11:27] = tiles.ramp(16)
    expected[27:38] = 1
    expected[23:38] = torch.lerp(expected[23:38], torch.tensor(-1.0), tiles.ramp(15))
    expected[38:] = -1
    assert torch.equal(torch.cat([*bands], 2)[0, 0, :, 0], expected)


def test_the_ramp_rises_evenly_and_mirrors_itself():
    for shared in (0, 1, 2, 7, 48):
        weight = tiles.ramp(shared)
        assert len(weight) == shared and torch.allclose(weight + weight.flip(0), torch.ones(shared))
        assert (weight.diff() >= 0).all()
    assert (tiles.ramp(48)[:12] == 0).all() and (tiles.ramp(48)[-12:] == 1).all()


def test_on_tile_is_called_once_a_tile_and_all_tiles_have_one_shape():
    shapes, calls = [], []
    bands = tiles.enlarge(
        noise(70, 90), lambda part: shapes.append(part.shape) or part, 1, 32, 8, lambda: calls.append(1)
    )
    assert sum(band.shape[2] for band in bands) == 70
    down, across = tiles.grid((70, 90), 32, 8)
    assert len(shapes) == len(calls) == len(down.starts) * len(across.starts) > 4
    assert set(shapes) == {(1, 3, down.length, across.length)}
