"""python -m stages.stylize: data/sketch/ in the style of works of data/works/ -> data/stylized/, metrics/stylize.json."""

import unicodedata
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from stages.common import door, images, params, report, sections, weights
from stages.common.device import prepare
from stages.stylize import gatys, vgg

SKETCHES, WORKS, OUT = Path("data/sketch"), Path("data/works"), Path("data/stylized")
SMALLEST = 64  # pixels of the sketch's shorter side; a smaller drawing has nothing to recognise
CELL = (480, 360)


def main() -> None:
    """Check the sketch and all titles first, then paint one picture a style."""
    everything = params.load()
    chosen = everything.stylize
    sketch = _sketch(SKETCHES / chosen.sketch, chosen.pixels)
    works = [_work(title, report.read_jsonl(WORKS / "works.jsonl")) for title in chosen.styles]
    runtime = prepare(everything.train.device, everything.train.precision, everything.train.threads)
    network = vgg.load(weights.locate(weights.VGG19), runtime.device, runtime.dtype)

    names = [f"{number:0{len(str(len(works)))}}-{_slug(title)}" for number, title in enumerate(chosen.styles, 1)]
    measured: dict[str, Any] = {}
    row: list[Image.Image] = []
    for name, work in zip(names, works, strict=True):
        picture, losses = _paint(network, sketch, work, chosen, name)
        images.save_png(OUT / "pictures" / f"{name}.png", picture)
        measured[name] = {"content_loss": losses.content.item(), "style_loss": losses.style.item(), "width": picture.width, "height": picture.height}
        row += [sketch, work, picture]
    for old in images.listing(OUT / "pictures"):
        if old.stem not in names:
            old.unlink()  # of an earlier run with other styles; the next stage takes whatever lies there
    images.save_png(OUT / "sheet.png", images.sheet(row, columns=3, cell=CELL))
    report.write_json(Path("metrics/stylize.json"), {"styles": measured, "runtime": runtime.report()})


def _paint(network: vgg.VGG19, sketch: Image.Image, work: Image.Image, chosen: sections.Stylize, name: str) -> tuple[Image.Image, gatys.Losses]:
    counts = [count for _, count in gatys.schedule((sketch.height, sketch.width), chosen.steps)]
    with door.progress(total=sum(counts), desc=name, unit="step") as bar:

        def on_step(losses: gatys.Losses) -> None:
            bar.set_postfix(content=f"{losses.content:.3f}", style=f"{losses.style:.4f}", refresh=False)
            bar.update()

        balance = gatys.Weights(chosen.style_weight, chosen.variation_weight)
        tensors = (_tensor(picture).to(network.device) for picture in (sketch, work))
        painted, losses = gatys.stylize(network, *tensors, chosen.steps, balance, on_step)
    array = ((painted + 1) * 127.5).round().to(torch.uint8).cpu().numpy()  # [1, 3, H, W]
    return images.from_array(array)[0], losses


def _sketch(path: Path, pixels: int) -> Image.Image:
    """The sketch with its longer side `pixels`."""
    if not path.is_file():
        there = ", ".join(item.name for item in images.listing(path.parent)) if path.parent.is_dir() else ""
        found = f"pictures there: {there}" if there else "there is no picture"
        raise door.UserError(f"stylize.sketch is {path.name!r}, but {path} is not there ({found}): put your drawing there, or set stylize.sketch to its name")
    sketch = images.read(path)
    if min(sketch.size) < SMALLEST:
        raise door.UserError(f"{path} is too small, with a shorter side of {min(sketch.size)} pixels: use a drawing of {SMALLEST} pixels or more")
    width, height = (max(vgg.SMALLEST, round(side * pixels / max(sketch.size))) for side in sketch.size)
    return sketch.resize((width, height), Image.Resampling.LANCZOS)


def _work(title: str, rows: list[dict[str, Any]]) -> Image.Image:
    """The picture of the work with that title, upper and lower case alike; the largest one if several are kept."""
    files = [WORKS / row["file"] for row in rows if row["title"].casefold() == title.strip().casefold()]
    if not files:
        hint = door.nearest(title, {row["title"] for row in rows}) or f"; the works.jsonl there lists {len(rows)} titles"
        raise door.UserError(f"stylize.styles has {title!r}, but no work in {WORKS} has that title{hint}")
    return max((images.read(file) for file in files), key=lambda picture: picture.width * picture.height)


def _slug(title: str) -> str:
    """A title as part of a file name: "Sleep on Crutches" as "sleep-on-crutches"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "-".join(words)[:80].rstrip("-") or "untitled"


def _tensor(picture: Image.Image) -> Tensor:
    """A picture as [1, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(images.to_array([picture])).to(torch.float32) / 127.5 - 1


if __name__ == "__main__":
    door.enter(main)
