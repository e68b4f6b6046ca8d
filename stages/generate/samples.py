"""Samples of a generator as files: one by one, some on a sheet, and a strip of what lies between them."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from stages.common.device import Runtime
from stages.common.images import save_png
from stages.gan.networks import Generator
from stages.gan.sampling import contact_sheet, latents, sample
from stages.generate.interpolation import interpolate
from stages.generate.params import GenerateParams

BATCH = 50  # pictures in memory at once
SHEET_PICTURES = 25  # 5 x 5
ANCHORS, BETWEEN = 4, 3  # of the strip: the sheet's first pictures, and how many lie between two


def batches(count: int) -> list[range]:
    """The numbers 0..count-1, BATCH at a time."""
    return [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]


def write_samples(
    folder: Path, generator: Generator, batches: Iterable[range], params: GenerateParams, runtime: Runtime
) -> list[Image.Image]:
    """Write the samples of these numbers into an empty folder; the first SHEET_PICTURES of them."""
    shutil.rmtree(folder, ignore_errors=True)
    first = []
    for numbers in batches:
        z = latents(params.seed, numbers, generator.latent).to(runtime.device)  # [N, latent]
        for number, picture in zip(numbers, sample(generator, z, runtime.dtype, params.truncation), strict=True):
            save_png(folder / f"{number:05d}.png", picture)
            if number < SHEET_PICTURES:
                first.append(picture)
    return first


def write_sheet(path: Path, pictures: Sequence[Image.Image]) -> None:
    """Write a contact sheet."""
    save_png(path, contact_sheet(pictures, columns=5))


def write_interpolation(path: Path, generator: Generator, params: GenerateParams, runtime: Runtime) -> None:
    """Write a strip of pictures that leads from each of the first samples to the next."""
    anchors = latents(params.seed, range(ANCHORS), generator.latent)
    z = interpolate(anchors, BETWEEN).to(runtime.device)
    strip = sample(generator, z, runtime.dtype, params.truncation)
    save_png(path, contact_sheet(strip, columns=len(strip)))
