"""python -m stages.upscale: data/stylized/pictures/ four times larger -> data/print/ (sRGB profile, DPI), metrics/upscale.json."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from stages.common import door, images, params, report, weights
from stages.common.device import prepare
from stages.upscale import esrgan, printing, tiles

PICTURES, OUT = Path("data/stylized/pictures"), Path("data/print")


def main() -> None:
    """Enlarge the first `upscale.pictures` stylized pictures."""
    everything = params.load()
    chosen = everything.upscale
    pictures = {path.name: images.read(path) for path in _chosen(chosen.pictures)}
    runtime = prepare(everything.train.device, everything.train.precision, everything.train.threads)
    enlarger = esrgan.load(weights.locate(weights.ESRGAN), runtime.device, runtime.dtype)

    measured: dict[str, Any] = {}
    for name, picture in pictures.items():
        large, count = _enlarged(enlarger, picture, chosen, name)
        images.save_png(OUT / name, large, dpi=(chosen.dpi, chosen.dpi), icc_profile=printing.srgb_profile())
        sides = {"width": large.width, "height": large.height}
        lengths = {f"{side}_mm": printing.millimetres(pixels, chosen.dpi) for side, pixels in sides.items()}
        measured[Path(name).stem] = sides | lengths | {"tiles": count}
    for old in images.listing(OUT):
        if old.name not in pictures:
            old.unlink()  # of an earlier run with other pictures
    report.write_json(Path("metrics/upscale.json"), {"pictures": measured, "dpi": chosen.dpi, "runtime": runtime.report()})


def _chosen(count: int) -> list[Path]:
    """The first `count` stylized pictures, or all for 0."""
    found = images.listing(PICTURES) if PICTURES.is_dir() else []
    if not found:
        raise door.UserError(f"{PICTURES} has no picture: run `dvc repro`, which runs the stage stylize that writes it")
    if count > len(found):
        raise door.UserError(f"upscale.pictures is {count}, but stylize.styles names only {len(found)}: set upscale.pictures to at most that, or to 0 for all")
    return found[: count or None]


def _enlarged(enlarger: esrgan.Enlarger, picture: Image.Image, chosen: params.Upscale, name: str) -> tuple[Image.Image, int]:
    """The picture enlarged, and the number of tiles."""
    down, across = tiles.grid((picture.height, picture.width), chosen.tile, chosen.overlap)
    count = len(down.starts) * len(across.starts)
    tensor = torch.from_numpy(images.to_array([picture])).to(torch.float32) / 127.5 - 1  # [1, 3, H, W]
    with door.progress(total=count, desc=name, unit="tile") as bar:
        large = tiles.enlarge(tensor, enlarger, esrgan.SCALE, chosen.tile, chosen.overlap, lambda: bar.update())
    array = ((large + 1) * 127.5).round().to(torch.uint8).numpy()  # [1, 3, 4H, 4W]
    return images.from_array(array)[0], count


if __name__ == "__main__":
    door.enter(main)
