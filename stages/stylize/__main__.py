"""python -m stages.stylize: data/sketch/ in the style of works of data/works/ -> data/stylized/, metrics/stylize.json."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from stages.common import cli, files, images, params, weights
from stages.common.device import Runtime, prepare
from stages.common.resume import Resume, fingerprint
from stages.common.section import RuntimeParams
from stages.common.tensors import tensor, to_bytes
from stages.stylize import color, gatys, guides, vgg
from stages.stylize.objective import CONTENT_LAYER, How, Weights, Work
from stages.stylize.params import StylizeParams

SKETCHES, WORKS, OUT = Path("data/sketch"), Path("data/works"), Path("data/stylized")
MASKS = SKETCHES / "masks"  # <name of the sketch>.png, and <title in lower case, with hyphens>.png for each work
SMALLEST = 64  # pixels of the sketch's shorter side; a smaller drawing has nothing to recognize
LONGEST = 16  # times its shorter side that a picture may be long: VGG sees a narrower strip as nothing
CELL = (480, 360)


def main() -> None:
    """Check the sketch, all titles and masks first, then paint one picture a style."""
    everything = params.load()
    chosen = everything.section(StylizeParams)
    mixtures = chosen.mixtures()
    sketch = _sketch(SKETCHES / chosen.sketch, chosen.pixels, chosen.content_scale)
    rows = files.read_jsonl(WORKS / "works.jsonl")
    works = {title: _work(title, rows) for shares in mixtures.values() for title in shares}
    regions, of_works = _regions(chosen, sketch, works)
    runtime = prepare(everything.section(RuntimeParams))
    network = _network(chosen.network, runtime)

    names = [f"{number:0{len(str(len(mixtures)))}}-{_slug(style)}" for number, style in enumerate(mixtures, 1)]
    measured: dict[str, Any] = {}
    row: list[Image.Image] = []
    resumes = []
    for name, shares in zip(names, mixtures.values(), strict=True):
        plan = _plan(
            chosen, sketch, {title: works[title] for title in shares}, shares, regions, of_works, runtime.device
        )
        choices = _choices(chosen)
        resumes.append(
            Resume("stylize", fingerprint([Path(__file__).parent], _decisive(plan, choices, chosen, runtime)))
        )
        painting = gatys.Painting(network, plan, choices)
        steps = _paint(painting, name, chosen.save_every, resumes[-1])
        losses, painted = painting.losses(), painting.picture()
        if chosen.color == "luminance":
            painted = color.colored(painted, tensor(sketch).to(runtime.device))
        picture = _picture(_bytes(painted))
        images.save_png(OUT / "pictures" / f"{name}.png", picture)
        for step, pixels in steps.items():
            images.save_png(OUT / "steps" / name / f"{step}.png", _picture(pixels))
        measured[name] = {
            "content_loss": losses.content.item(),
            "style_loss": losses.style.item(),
            "width": picture.width,
            "height": picture.height,
        }
        row += [
            sketch,
            images.sheet([works[title] for title in shares], len(shares), CELL)
            if len(shares) > 1
            else works[next(iter(shares))],
            picture,
        ]
    for old in images.listing(OUT / "pictures"):
        if old.stem not in names:
            old.unlink()  # of an earlier run with other styles; the next stage takes whatever lies there
    images.save_png(OUT / "sheet.png", images.sheet(row, columns=3, cell=CELL))
    files.write_json(Path("metrics/stylize.json"), {"styles": measured, "runtime": runtime.report()})
    for resume in resumes:
        resume.remove()


def _paint(painting: gatys.Painting, name: str, save_every: int, resume: Resume) -> dict[str, Tensor]:
    """Paint, from where an interrupted run stopped; returns the pictures in progress by the number of steps, uint8 [1, 3, h, w]."""
    saved = resume.load("painting") or {"steps": {}}
    if "painting" in saved:
        painting.load(saved["painting"])
        print(f"{name}: going on after {painting.step} of {painting.steps} steps")
    steps = saved["steps"]

    def keep() -> None:
        resume.save("painting", {"painting": painting.state(), "steps": steps})

    with cli.progress(total=painting.steps, initial=painting.step, desc=name, unit="step") as bar:
        for losses in painting:
            bar.set_postfix(content=f"{losses.content:.3f}", style=f"{losses.style:.4f}", refresh=False)
            bar.update()
            if save_every and painting.step % save_every == 0:
                steps[f"{painting.step:06}"] = _bytes(painting.picture())
            if resume.due():  # not when interrupted: that may be in the middle of a step
                keep()
    keep()  # a stage that is interrupted at a later picture need not paint this one again
    return steps


def _choices(chosen: StylizeParams) -> gatys.Choices:
    how = How(chosen.style_loss, chosen.content_scale, chosen.tile)
    balance = Weights(chosen.style_weight, chosen.variation_weight)
    return gatys.Choices(chosen.steps, balance, how, chosen.style_scale, chosen.start, chosen.optimizer, chosen.seed)


def _plan(
    chosen: StylizeParams,
    sketch: Image.Image,
    works: Mapping[str, Image.Image],
    shares: Mapping[str, float],
    regions: Tensor | None,
    of_works: Mapping[str, Tensor],
    device: torch.device,
) -> gatys.Plan:
    """The pictures as tensors, in the colors that are asked for."""
    drawn, painted = tensor(sketch).to(device), {title: tensor(work).to(device) for title, work in works.items()}
    if chosen.color == "content":
        painted = {title: color.recolored(work, drawn) for title, work in painted.items()}
    if chosen.color == "luminance":
        drawn = color.gray(drawn)
        painted = {title: color.matched(color.gray(work), drawn) for title, work in painted.items()}
    found = [
        Work(work, shares[title], of_works[title].to(device) if title in of_works else None)
        for title, work in painted.items()
    ]
    return gatys.Plan(drawn, found, None if regions is None else regions.to(device), free=chosen.guidance == "masks")


def _decisive(plan: gatys.Plan, choices: gatys.Choices, chosen: StylizeParams, runtime: Runtime) -> list[Any]:
    """All that decides a picture but the code."""
    tensors = [plan.sketch, plan.regions, *(tensor for work in plan.works for tensor in (work.picture, work.regions))]
    content = [b"" if tensor is None else tensor.cpu().numpy().tobytes() for tensor in tensors]
    return [
        *content,
        [
            [work.weight for work in plan.works],
            choices,
            chosen.network,
            chosen.save_every,
            plan.free,
            list(plan.sketch.shape),
            runtime.report(),
        ],
    ]


def _regions(
    chosen: StylizeParams, sketch: Image.Image, works: Mapping[str, Image.Image]
) -> tuple[Tensor | None, dict[str, Tensor]]:
    """The regions of the canvas, and those of each work by its title."""
    sizes = {title: (work.height, work.width) for title, work in works.items()}
    if chosen.guidance == "geometry":
        return guides.bands((sketch.height, sketch.width)), {title: guides.bands(size) for title, size in sizes.items()}
    if chosen.guidance == "none":
        return None, {}
    mask, path = _mask(chosen.sketch, Path(chosen.sketch).stem)
    try:
        wanted = guides.colors(mask)
        found = guides.regions(mask, wanted, (sketch.height, sketch.width))
        of_works = {}
        for title, size in sizes.items():
            mask, path = _mask(title, _slug(title))
            of_works[title] = guides.regions(mask, wanted, size)
    except ValueError as error:
        raise cli.UserError(f"{path} {error}") from error
    return found, of_works


def _mask(name: str, stem: str) -> tuple[Image.Image, Path]:
    path = MASKS / f"{stem}.png"
    if not path.is_file():
        raise cli.UserError(
            f"stylize.guidance is masks, but {name!r} has none: put one at {path}, a picture of the same shape with one color for each region, "
            "or set stylize.guidance to geometry or none"
        )
    return images.read(path), path


def _network(name: str, runtime: Runtime) -> vgg.VGG19:
    if name == "torchvision":
        return vgg.load_torchvision(runtime.device, runtime.dtype)
    return vgg.load(weights.locate(weights.VGG19), runtime.device, runtime.dtype)


def _sketch(path: Path, pixels: int, content_scale: int) -> Image.Image:
    """The sketch with its longer side `pixels`; VGG must see something of it, also `content_scale` times smaller."""
    if not path.is_file():
        there = ", ".join(item.name for item in images.listing(path.parent)) if path.parent.is_dir() else ""
        found = f"pictures there: {there}" if there else "there is no picture"
        raise cli.UserError(
            f"stylize.sketch is {path.name!r}, but {path} is not there ({found}): put your drawing there, or set stylize.sketch to its name"
        )
    sketch = images.read(path)
    if min(sketch.size) < SMALLEST:
        raise cli.UserError(
            f"{path} is too small, with a shorter side of {min(sketch.size)} pixels: use a drawing of {SMALLEST} pixels or more"
        )
    _not_too_long(f"{path}", sketch)
    least = -(-max(vgg.SMALLEST, vgg.stride(CONTENT_LAYER) * content_scale) * max(sketch.size) // min(sketch.size))
    if pixels < least:
        raise cli.UserError(
            f"stylize.pixels is {pixels} and stylize.content_scale {content_scale}, but of {path} with its {sketch.width} x {sketch.height} pixels nothing would be left: "
            f"set stylize.pixels to {least} or more"
        )
    width, height = (round(side * pixels / max(sketch.size)) for side in sketch.size)
    return sketch.resize((width, height), Image.Resampling.LANCZOS)


def _work(title: str, rows: Sequence[dict[str, Any]]) -> Image.Image:
    """The picture of the work with that title, upper and lower case alike; the largest one if several are kept."""
    files = [WORKS / row["file"] for row in rows if row["title"].casefold() == title.strip().casefold()]
    if not files:
        hint = cli.nearest(title, {row["title"] for row in rows}) or f"; the works.jsonl there lists {len(rows)} titles"
        raise cli.UserError(f"stylize.styles has {title!r}, but no work in {WORKS} has that title{hint}")
    work = max((images.read(file) for file in files), key=lambda picture: picture.width * picture.height)
    if min(work.size) < vgg.SMALLEST:
        raise cli.UserError(
            f"stylize.styles has {title!r}, but its picture has {work.width} x {work.height} pixels: a style takes {vgg.SMALLEST} or more each way"
        )
    _not_too_long(f"the picture of {title!r}", work)
    return work


def _not_too_long(name: str, picture: Image.Image) -> None:
    if max(picture.size) > LONGEST * min(picture.size):
        raise cli.UserError(
            f"{name} has {picture.width} x {picture.height} pixels, more than {LONGEST} times as long as it is wide: crop it"
        )


def _slug(title: str) -> str:
    """A title as part of a file name: "Sleep on Crutches" as "sleep-on-crutches"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "-".join(words)[:80].rstrip("-") or "untitled"


def _bytes(painted: Tensor) -> Tensor:
    """[1, 3, H, W] in [-1, 1] as uint8."""
    return to_bytes(painted).cpu()


def _picture(pixels: Tensor) -> Image.Image:
    return images.from_array(pixels.numpy())[0]


if __name__ == "__main__":
    cli.run_cli(main)
