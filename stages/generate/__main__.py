"""The door of the stage generate: data/gan/generator.safetensors to data/generated/; `python -m stages.generate`."""

import shutil
from pathlib import Path

from stages.common import params
from stages.common.cli import progress, run_cli
from stages.common.device import prepare
from stages.common.images import save_png
from stages.common.section import RuntimeParams
from stages.gan.checkpoint import load_generator
from stages.gan.noise import latents
from stages.gan.sampling import contact_sheet, sample
from stages.generate.interpolation import walk
from stages.generate.params import GenerateParams

GENERATOR, OUT = Path("data/gan/generator.safetensors"), Path("data/generated")
BATCH = 50  # pictures in memory at once
SHEET = 25  # pictures of the sheet, 5 x 5
STATIONS, BETWEEN = 4, 3  # of the strip: the sheet's first pictures, and how many lie between two


def main() -> None:
    """Write the samples, a sheet of the first 25 and a strip of interpolations."""
    everything = params.load()
    settings = everything.section(GenerateParams)
    runtime = prepare(everything.section(RuntimeParams))
    generator = load_generator(GENERATOR).to(runtime.device)
    shutil.rmtree(OUT / "samples", ignore_errors=True)

    first = []
    for start in progress(range(0, settings.count, BATCH), desc="generate", unit=" batches"):
        numbers = range(start, min(start + BATCH, settings.count))
        z = latents(settings.seed, numbers, generator.latent).to(runtime.device)  # [N, latent]
        for number, picture in zip(numbers, sample(generator, z, runtime.dtype, settings.truncation), strict=True):
            save_png(OUT / "samples" / f"{number:05d}.png", picture)
            if number < SHEET:
                first.append(picture)
    save_png(OUT / "sheet.png", contact_sheet(first, columns=5))

    stations = latents(settings.seed, range(STATIONS), generator.latent)
    strip = sample(generator, walk(stations, BETWEEN).to(runtime.device), runtime.dtype, settings.truncation)
    save_png(OUT / "interpolation.png", contact_sheet(strip, columns=len(strip)))


if __name__ == "__main__":
    run_cli(main)
