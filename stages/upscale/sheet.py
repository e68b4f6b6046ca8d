"""python -m stages.upscale.sheet: the first generated pictures larger, if `upscale.sheet` says so.

data/generated/samples/ -> data/generated_large/. A stage of its own: the print would have to be made again
after each training.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from stages.common import cli, images, params
from stages.common.section import RuntimeParams
from stages.upscale.params import UpscaleParams

SAMPLES, OUT = Path("data/generated/samples"), Path("data/generated_large")
SHEET = 25  # pictures, 5 x 5, as in data/generated/sheet.png


def main() -> None:
    """Enlarge the pictures one by one: neighbors in a sheet would run into each other."""
    everything = params.load()
    chosen = everything.section(UpscaleParams)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    if not chosen.sheet:
        print("upscale.sheet is false: no generated picture is enlarged")
        return
    large = enlarge(images.listing(SAMPLES)[:SHEET], chosen, everything.section(RuntimeParams))
    images.save_png(OUT / "sheet.png", images.sheet(large, columns=5, cell=large[0].size, gap=chosen.factor))


def enlarge(paths: Sequence[Path], chosen: UpscaleParams, runtime: RuntimeParams) -> list[Image.Image]:
    """The pictures, `upscale.factor` times larger."""
    # Imported here, since the networks take seconds to import, and most runs enlarge nothing.
    from stages.common.device import prepare
    from stages.common.tensors import tensor
    from stages.upscale import models, passes, printing

    network, *_ = models.choose(chosen.model, prepare(runtime), runtime)
    large: list[Image.Image] = []
    for path in cli.progress(paths, desc="sheet", unit=" pictures"):
        bands = passes.enlarged(
            tensor(images.read(path)), network, chosen.factor, chosen.tile, chosen.overlap, lambda: None
        )
        large.append(Image.fromarray(np.concatenate([printing.quantized(band, 8) for band in bands])))
    return large


if __name__ == "__main__":
    cli.run_cli(main, lower="upscale.tile")
