"""python -m stages.upscale: data/stylized/pictures/ larger, on paper -> data/print/ (sRGB profile, size, caption), metrics/upscale.json."""

import hashlib
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from stages.common import cli, files, images, params
from stages.common.device import Runtime, prepare
from stages.common.resume import Resume, fingerprint
from stages.common.section import RuntimeParams
from stages.common.tensors import tensor
from stages.upscale import caption, formats, models, passes, printing
from stages.upscale.params import UpscaleParams

SKETCHES, PICTURES, OUT, METRICS = (
    Path("data/sketch"),
    Path("data/stylized/pictures"),
    Path("data/print"),
    Path("metrics/upscale.json"),
)


def main() -> None:
    """Enlarge and lay out the first `upscale.pictures` stylized pictures; all layouts are checked before the first is enlarged."""
    everything = params.load()
    chosen = everything.section(UpscaleParams)
    pictures = {path.stem: images.read(path) for path in _chosen(chosen.pictures)}
    titles = dict(
        zip((path.stem for path in images.listing(PICTURES)), everything["stylize"].mixtures(), strict=False)
    )  # the names begin with the titles' numbers
    sketch = SKETCHES / everything["stylize"].sketch
    if not sketch.is_file():
        raise cli.UserError(
            f"{sketch} is not there, though {PICTURES} was made from it: put it back, or run `dvc repro` with another stylize.sketch"
        )
    layouts, warnings = _layouts(pictures, chosen)
    runtime = prepare(everything.section(RuntimeParams))
    network, about = models.chosen(chosen.model, runtime)

    measured: dict[str, Any] = {}
    written, resumes = set(), []
    for name, picture in pictures.items():
        decisive = _decisive(picture, about, chosen, runtime)
        resume = Resume("upscale", fingerprint([Path(__file__).parent], decisive))
        resumes.append(resume)
        large, count = _enlarged(network, picture, chosen, name, resume)
        made = _files(large, layouts[name], chosen, titles.get(name, name))
        for suffix, data in made.items():
            files.write_bytes(OUT / f"{name}{suffix}", data)
        written |= {f"{name}{suffix}" for suffix in [*made, ".txt"]}
        digest = hashlib.md5(made[".png"]).hexdigest()  # with it metrics/upscale.json is of this print alone
        measured[name] = _measured(picture, layouts[name], chosen) | {
            "tiles": count,
            "warning": warnings[name],
            "md5": digest,
        }
    files.write_json(
        METRICS,
        {
            "pictures": measured,
            "paper": chosen.paper,
            "dpi": chosen.dpi,
            "factor": chosen.factor,
            **about,
            "runtime": runtime.report(),
        },
    )
    values = {
        key: value
        for key, value in everything.flat().items()
        if key.startswith(("stylize.", "upscale.")) and key != "upscale.sheet"
    }
    for name in pictures:
        sources = {path.as_posix(): path.read_bytes() for path in (sketch, PICTURES / f"{name}.png", METRICS)}
        text = caption.text(titles.get(name, name), layouts[name], warnings[name], sources, METRICS.as_posix(), values)
        files.write_bytes(OUT / f"{name}.txt", text.encode())
    for old in OUT.iterdir():
        if old.name not in written:
            old.unlink()  # of an earlier run with other pictures or formats
    for resume in resumes:
        resume.remove()


def _chosen(count: int) -> list[Path]:
    """The first `count` stylized pictures, or all for 0."""
    found = images.listing(PICTURES) if PICTURES.is_dir() else []
    if not found:
        raise cli.UserError(f"{PICTURES} has no picture: run `dvc repro`, which runs the stage stylize that writes it")
    if count > len(found):
        raise cli.UserError(
            f"upscale.pictures is {count}, but stylize.styles names only {len(found)}: set upscale.pictures to at most that, or to 0 for all"
        )
    return found[: count or None]


def _layouts(
    pictures: dict[str, Image.Image], chosen: UpscaleParams
) -> tuple[dict[str, printing.Layout], dict[str, str | None]]:
    """How each enlarged picture meets the paper, and what to warn of."""
    layouts, warnings = {}, {}
    for name, picture in pictures.items():
        size = (picture.width * chosen.factor, picture.height * chosen.factor)
        layouts[name] = printing.lay_out(size, chosen.paper, chosen.placement, chosen.bleed_mm, chosen.dpi)
        warnings[name] = printing.warning(layouts[name], size, chosen.factor, chosen.paper, chosen.placement)
        if warnings[name]:
            print(f"warning: {name}: {warnings[name]}", file=sys.stderr)
    return layouts, warnings


def _decisive(picture: Image.Image, about: dict[str, str], chosen: UpscaleParams, runtime: Runtime) -> list[Any]:
    """All that decides a tile but the code."""
    return [picture.tobytes(), [picture.size, about, chosen.factor, chosen.tile, chosen.overlap, runtime.report()]]


def _enlarged(
    network: models.Network, picture: Image.Image, chosen: UpscaleParams, name: str, resume: Resume
) -> tuple[Tensor, int]:
    """The picture enlarged, float32 [1, 3, factor * H, factor * W] in [-1, 1], and the number of tiles; tiles of an interrupted run are not made again."""
    count = passes.count((picture.height, picture.width), network.scale, chosen.factor, chosen.tile, chosen.overlap)
    with cli.progress(total=count, desc=name, unit="tile") as bar:

        def enlarge(part: Tensor) -> Tensor:
            large = resume.load(f"{bar.n}")
            if large is None:
                large = network.enlarge(part).cpu()
                resume.save(f"{bar.n}", large)
            return large

        return passes.enlarged(
            tensor(picture),
            network._replace(enlarge=enlarge),
            chosen.factor,
            chosen.tile,
            chosen.overlap,
            lambda: bar.update(),
        ), count


def _files(large: Tensor, layout: printing.Layout, chosen: UpscaleParams, title: str) -> dict[str, bytes]:
    """The bytes of each file by its suffix."""
    page = printing.on_paper(printing.quantized(large, 8), layout)
    made = {".png": formats.png(page, layout)}
    if "pdf" in chosen.extra_formats:
        made[".pdf"] = formats.pdf(made[".png"], layout, chosen.crop_marks, title)
    if "tiff" in chosen.extra_formats:
        deep = page if chosen.tiff_bits == 8 else printing.on_paper(printing.quantized(large, 16), layout)
        made[".tiff"] = formats.tiff(deep, layout)
    return made


def _measured(picture: Image.Image, layout: printing.Layout, chosen: UpscaleParams) -> dict[str, Any]:
    """The enlarged picture in pixels and in mm at `upscale.dpi`, and what becomes of it on its paper."""
    sides = {"width": picture.width * chosen.factor, "height": picture.height * chosen.factor}
    lengths = {f"{side}_mm": round(printing.millimeters(pixels, chosen.dpi), 1) for side, pixels in sides.items()}
    trim = {f"trim_{side}_mm": round(length, 1) for side, length in zip(sides, layout.trim_mm, strict=True)}
    return sides | lengths | trim | {"bleed_mm": layout.bleed_mm, "effective_dpi": round(layout.dpi, 1)}


if __name__ == "__main__":
    cli.run_cli(main)
