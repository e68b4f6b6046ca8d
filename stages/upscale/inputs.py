"""What is enlarged: the stylized pictures and what is known of them, checked before anything is computed."""

from pathlib import Path

from stages.common import images
from stages.common.cli import UserError
from stages.common.records import StylizeMetrics


def pictures(folder: Path, count: int) -> list[Path]:
    """The first `count` stylized pictures, or all for 0; raises UserError where there are fewer."""
    found = images.listing(folder) if folder.is_dir() else []
    if not found:
        raise UserError(f"{folder} has no picture: run `dvc repro`, which runs the stage stylize that writes it")
    if count > len(found):
        raise UserError(
            f"upscale.pictures is {count}, but stylize.styles names only {len(found)}: "
            "set upscale.pictures to at most that, or to 0 for all"
        )
    return found[: count or None]


def title(picture: Path, stylized: StylizeMetrics) -> str:
    """The style of a picture in words; raises UserError for a picture that stylize did not report."""
    if picture.stem not in stylized["styles"]:
        raise UserError(f"the stage stylize did not write {picture}: remove it, or run `dvc repro -f stylize`")
    return stylized["styles"][picture.stem]["title"]


def sketch(folder: Path, stylized: StylizeMetrics, made: Path) -> Path:
    """The sketch's file; raises UserError where it is gone. `made`, for the message, is what was made from it."""
    path = folder / stylized["sketch"]
    if not path.is_file():
        raise UserError(
            f"{path} is not there, though {made} was made from it: "
            "put it back, or run `dvc repro` with another stylize.sketch"
        )
    return path
