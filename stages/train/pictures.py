"""The pictures to train on: read, checked, and all of them in memory as bytes."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from stages.common.cli import UserError
from stages.common.images import listing, read, to_array


def find(folder: Path, least: int) -> list[Path]:
    """The pictures of a folder, sorted by name; raises UserError when there are fewer than `least`."""
    paths = listing(folder) if folder.is_dir() else []
    if len(paths) < least:
        raise UserError(
            f"{folder} holds {len(paths)} pictures, but training needs {least} or more: run `dvc repro`, which runs the stages before, or raise split.train_works"
        )
    return paths


def load(paths: Sequence[Path], resolution: int) -> Tensor:
    """uint8 [N, 3, R, R], N may be 0; raises UserError for a picture of another size or one that cannot be read."""
    pictures = [read(path) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        if picture.size != (resolution, resolution):
            raise UserError(
                f"{path} has {picture.width} x {picture.height} pixels, but train.resolution is {resolution}: "
                "run `dvc repro`, which makes the pictures in that size first"
            )
    return (
        torch.from_numpy(to_array(pictures))
        if pictures
        else torch.empty(0, 3, resolution, resolution, dtype=torch.uint8)
    )


def count_works(paths: Sequence[Path]) -> int:
    """How many works the files show: `<work>--<nn>.png` are pictures of one work."""
    return len({path.stem.partition("--")[0] for path in paths})
