"""Tiles: their cores cover the canvas once, on the grid, and none is larger than asked."""

import pytest
import torch

from stages.stylize.tiling import GRID, HALO, spans, tiles


@pytest.mark.parametrize("length", [300, 512, 1000, 1031, 2048])
@pytest.mark.parametrize("tile", [192, 256, 512])
@pytest.mark.parametrize("offset", [0, 1, 5, 1000])
def test_cores_cover_an_axis_once_and_show_their_surroundings(length, tile, offset):
    found = spans(length, tile, offset)
    assert [span.core_start for span in found] == [0, *(span.core_stop for span in found[:-1])]
    assert found[-1].core_stop == length
    for span in found:
        assert span.stop - span.start <= tile + GRID, "the last core may be a little longer"
        assert span.core_start % GRID == 0 and span.start % GRID == 0
        assert span.start == max(0, span.core_start - HALO) and span.stop == min(length, span.core_stop + HALO)


def test_what_fits_is_not_cut():
    assert len(spans(512, 512, 3)) == 1 and len(list(tiles((300, 512), 512, seed=1))) == 1


@pytest.mark.parametrize(("tile", "seen"), [(192, 192), (512, 512), (700, 512), (1024, 512), (2048, 1024)])
def test_a_large_canvas_is_cut_into_smaller_tiles(tile, seen):
    (first, *_) = tiles((4096, 4096), tile)
    assert first.down.core_stop == first.across.core_stop == max(GRID, seen - 2 * HALO)


def test_seeds_move_the_cuts():
    cuts = {tuple(tile.down.core_start for tile in tiles((1000, 100), 320, seed)) for seed in range(20)}
    assert len(cuts) > 2
    assert [*tiles((1000, 900), 320, 7)] == [*tiles((1000, 900), 320, 7)]


@pytest.mark.parametrize("stride", [1, 2, 8, 16])
def test_cores_of_features_put_together_are_the_whole(stride):
    height, width = 500, 333
    features = torch.arange((height // stride) * (width // stride)).view(1, height // stride, width // stride)
    found = torch.full_like(features, -1)
    for tile in tiles((height, width), 256, seed=3):
        top, left = tile.down.start // stride, tile.across.start // stride
        bottom, right = tile.down.stop // stride, tile.across.stop // stride
        tile.whole(found, stride).copy_(tile.core(features[:, top:bottom, left:right], stride))
    assert torch.equal(found, features)
