"""What is stylized: the sketch, the works and their regions, read and checked before anything is computed."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from stages.common import cli, images
from stages.common.records import WorkRow, named, read_works
from stages.common.works import preferred
from stages.stylize import guides, vgg
from stages.stylize.objective import CONTENT_LAYER
from stages.stylize.params import StylizeParams
from stages.stylize.styles import LONGEST, in_git, resolved

MASKS = "masks"  # below the sketches: <name of the sketch>.png, and <title as in file names>.png for each work
SMALLEST = 64  # pixels of the sketch's shorter side; a smaller drawing has nothing to recognize


@dataclass(frozen=True)
class Guidance:
    """Regions: [R, H, W] of the sketch or None, those of the works by title; `movable` as in `gatys.Targets`."""

    sketch: Tensor | None
    works: Mapping[str, Tensor]
    movable: bool


@dataclass(frozen=True)
class Inputs:
    """The sketch at the size of the result, and the works by their names in `params.styles`, a list now; RGB."""

    params: StylizeParams
    sketch: Image.Image
    works: dict[str, Image.Image]
    guidance: Guidance


def load(params: StylizeParams, sketches: Path, works_folder: Path) -> Inputs:
    """Everything that `params` asks for; raises UserError for what is missing, too small, or of another shape."""
    sketch = _sketch(sketches / params.sketch, params.pixels, params.content_scale)
    rows = read_works(works_folder / "works.jsonl")
    params = resolved(params, sketch, rows, sketches, works_folder)
    titles = [title for shares in params.mixtures().values() for title in shares]
    works = {title: _work(title, rows, works_folder) for title in titles}
    return Inputs(params, sketch, works, GUIDANCE[params.guidance](params.sketch, sketch, works, sketches / MASKS))


def names(styles: Iterable[str]) -> list[str]:
    """File names for the styles in words, which begin with a number, so that they sort in that order."""
    slugs = [_slug(style) for style in styles]
    return [f"{number:0{len(str(len(slugs)))}}-{slug}" for number, slug in enumerate(slugs, 1)]


def _slug(title: str) -> str:
    """A title as part of a file name: "Sleep on Crutches" as "sleep-on-crutches"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "-".join(words)[:80].rstrip("-") or "untitled"


def _sketch(path: Path, pixels: int, content_scale: int) -> Image.Image:
    """The sketch with its longer side `pixels`; VGG must see something of it, also `content_scale` times smaller."""
    if not path.is_file():
        there = ", ".join(item.name for item in images.listing(path.parent)) if path.parent.is_dir() else ""
        found = f"pictures there: {there}" if there else "there is no picture"
        raise cli.UserError(
            f"stylize.sketch is {path.name!r}, but {path} is not there{in_git(path)} ({found}): "
            "put your drawing there, or set stylize.sketch to its name"
        )
    sketch = images.read(path)
    if min(sketch.size) < SMALLEST:
        raise cli.UserError(
            f"{path} is too small, with a shorter side of {min(sketch.size)} pixels: "
            f"use a drawing of {SMALLEST} pixels or more"
        )
    _check_shape(f"{path}", sketch)
    shortest = max(vgg.SMALLEST, vgg.stride(CONTENT_LAYER) * content_scale)
    least = -(-shortest * max(sketch.size) // min(sketch.size))  # rounded up
    if pixels < least:
        raise cli.UserError(
            f"stylize.pixels is {pixels} and stylize.content_scale {content_scale}, but of {path} with its "
            f"{sketch.width} x {sketch.height} pixels nothing would be left: set stylize.pixels to {least} or more"
        )
    width, height = (round(side * pixels / max(sketch.size)) for side in sketch.size)
    return sketch.resize((width, height), Image.Resampling.LANCZOS)


def _work(title: str, rows: Sequence[WorkRow], folder: Path) -> Image.Image:
    """The picture of the work with that title, file or id; the largest if several works have it, which is printed."""
    found = named(rows, title)
    if not found:
        hint = cli.nearest(title, {row["title"] for row in rows}) or f"; the works.jsonl there lists {len(rows)} titles"
        raise cli.UserError(f"stylize.styles has {title!r}, but no work in {folder} has that title, file or id{hint}")
    chosen = preferred(found, folder)
    work = images.read(folder / chosen["file"])
    if (count := len({row["work"] for row in found})) > 1:
        print(
            f"{count} works are called {title!r}: taking the largest, {chosen['work']}. Name another by its file or id"
        )
    if min(work.size) < vgg.SMALLEST:
        raise cli.UserError(
            f"stylize.styles has {title!r}, but its picture has {work.width} x {work.height} pixels: "
            f"a style takes {vgg.SMALLEST} or more each way"
        )
    _check_shape(f"the picture of {title!r}", work)
    return work


def _check_shape(name: str, picture: Image.Image) -> None:
    if max(picture.size) > LONGEST * min(picture.size):
        raise cli.UserError(
            f"{name} has {picture.width} x {picture.height} pixels, more than {LONGEST} times as long as it is wide: "
            "crop it"
        )


def _no_guidance(_name: str, _sketch: Image.Image, _works: Mapping[str, Image.Image], _folder: Path) -> Guidance:
    return Guidance(None, {}, movable=False)


def _geometry(_name: str, sketch: Image.Image, works: Mapping[str, Image.Image], _folder: Path) -> Guidance:
    of_works = {title: guides.bands(_height_and_width(work)) for title, work in works.items()}
    return Guidance(guides.bands(_height_and_width(sketch)), of_works, movable=False)


def _masks(name: str, sketch: Image.Image, works: Mapping[str, Image.Image], folder: Path) -> Guidance:
    """Regions by masks in `folder`; raises UserError where one is missing or does not fit."""
    path = folder / f"{Path(name).stem}.png"
    mask = _mask(name, path)
    with _named(path):
        colors = guides.colors(mask)
        regions = guides.regions(mask, colors, _height_and_width(sketch))
    of_works, owners = {}, {path: ("the sketch", sketch)}
    for title, work in works.items():
        path = folder / f"{_slug(title)}.png"
        owner, picture = owners.setdefault(path, (repr(title), work))
        if picture != work:  # a work may be named twice, by title and by file
            raise cli.UserError(
                f"{path} would be the mask of both {owner} and {title!r}, which are different pictures: name the work "
                "by its id in stylize.styles, and its mask as well"
            )
        mask = _mask(title, path)
        with _named(path):
            of_works[title] = guides.regions(mask, colors, _height_and_width(work))
    return Guidance(regions, of_works, movable=True)


Guide = Callable[[str, Image.Image, Mapping[str, Image.Image], Path], Guidance]
GUIDANCE: dict[str, Guide] = {  # stylize.guidance; takes the sketch's name, the sketch, the works and the masks' folder
    "none": _no_guidance,
    "geometry": _geometry,
    "masks": _masks,
}


def _mask(name: str, path: Path) -> Image.Image:
    """The mask of a sketch or a work, `name` for the message."""
    if not path.is_file():
        raise cli.UserError(
            f"stylize.guidance is masks, but {name!r} has none{in_git(path)}: put one at {path}, of the same shape "
            "with one color for each region, or set stylize.guidance to geometry or none"
        )
    return images.read(path)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """A ValueError of `guides` as a UserError that names the file."""
    try:
        yield
    except ValueError as error:
        raise cli.UserError(f"{path} {error}") from error


def _height_and_width(picture: Image.Image) -> tuple[int, int]:
    return picture.height, picture.width
