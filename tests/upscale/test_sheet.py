"""The generated pictures enlarged as well: only if asked, each by itself, in their order."""

import numpy as np
import pytest
from PIL import Image

from stages.common import images
from stages.upscale import models, sheet
from stages.upscale.network import Network


@pytest.fixture
def gallery(workspace, monkeypatch):
    """27 generated pictures of one color each, and a network that repeats pixels."""
    monkeypatch.chdir(workspace.folder)
    for number in range(27):
        images.save_png(
            workspace.folder / f"data/generated/samples/{number:05}.png",
            Image.new("RGB", (8, 8), (9 * number, 100, 30)),
        )
    repeating = Network(4, lambda picture: picture.repeat_interleave(4, 2).repeat_interleave(4, 3))
    monkeypatch.setattr(models, "choose", lambda _model, runtime, _exactly: (repeating, {}, runtime))
    return workspace


def test_the_first_25_are_enlarged_each_by_itself(gallery):
    gallery.set(upscale__sheet=True)
    sheet.main()
    with Image.open(gallery.folder / "data/generated_large/sheet.png") as page:
        pixels = np.asarray(page)
    assert pixels.shape == (5 * 36 + 4, 5 * 36 + 4, 3)
    for number in range(25):
        top, left = (4 + 36 * place for place in divmod(number, 5))
        assert (pixels[top : top + 32, left : left + 32] == (9 * number, 100, 30)).all()


def test_a_sheet_that_is_not_wanted_is_taken_away(gallery, capsys):
    images.save_png(gallery.folder / "data/generated_large/sheet.png", Image.new("RGB", (8, 8)))
    sheet.main()
    assert list((gallery.folder / "data/generated_large").iterdir()) == []
    assert "upscale.sheet is false" in capsys.readouterr().out
