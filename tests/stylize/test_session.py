"""What an interrupted picture goes on with: nothing that was kept of another choice."""

from collections.abc import Sequence

import pytest
import torch
from changed_params import changed
from small_pictures import waves

from stages.common.device import FLOAT32, Runtime
from stages.common.resume import fingerprint
from stages.stylize.gatys import Targets
from stages.stylize.objective import StyleImage
from stages.stylize.params import StylizeParams
from stages.stylize.session import _decisive

CONTENT, FIRST, SECOND = (waves(24, 32, (1.0, 1.0, 1.0), frequency) for frequency in (9.0, 20.0, 60.0))
REGIONS = torch.ones(1, 24, 32)
ANOTHER = {  # a value of each key of the section that decides a picture, other than that of params.yaml
    "pixels": 64, "steps": 7, "style_weight": 0.5, "variation_weight": 0.5, "style_loss": "wasserstein",
    "style_scale": 0.7, "content_scale": 4, "color": "luminance", "guidance": "geometry", "start": "noise", "seed": 5,
    "optimizer": "adam", "network": "torchvision", "tile": 200,
}  # fmt: skip


def mark(
    params: StylizeParams | None = None,
    content: torch.Tensor = CONTENT,
    weights: Sequence[float] = (0.25, 0.75),
    regions: torch.Tensor | None = None,
    threads: int = 1,
) -> str:
    """The fingerprint of a picture in two styles."""
    styles = [StyleImage(image, weight, None) for image, weight in zip((FIRST, SECOND), weights, strict=True)]
    runtime = Runtime(torch.device("cpu"), FLOAT32, threads)
    return fingerprint([], _decisive(Targets(content, styles, regions), params or changed(), runtime))


@pytest.mark.parametrize("key", sorted(changed().decisive().keys() - {"sketch", "styles"}))  # these as pictures
def test_another_value_of_a_param_starts_anew(key):
    assert mark(changed(**{key: ANOTHER[key]})) != mark()


def test_other_pictures_weights_regions_and_another_runtime_start_anew():
    """The content too with the same bytes in another shape."""
    others = [
        mark(content=FIRST),
        mark(content=CONTENT.reshape(1, 3, 32, 24)),
        mark(weights=(0.75, 0.25)),
        mark(regions=REGIONS),
        mark(threads=2),
    ]
    assert len({mark(), *others}) == 6
    assert mark(changed(sketch="other.jpg", styles=["Another"])) == mark(), "names alone decide nothing"
