"""What a training reads: its pictures, checked, and all of them in memory as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stages.common.cli import UserError
from stages.common.device import Runtime
from stages.common.images import listing, read, to_array
from stages.gan.augmentations import AUGMENTATIONS
from stages.train import saved
from stages.train.params import TrainParams


@dataclass(frozen=True)
class Inputs:
    """The pictures to train on and those to validate with, uint8 [N, 3, R, R] and [M, 3, R, R] (M may be 0)."""

    train_paths: list[Path]
    validation_paths: list[Path]
    pictures: Tensor
    validation: Tensor

    @property
    def paths(self) -> list[Path]:
        """All files."""
        return [*self.train_paths, *self.validation_paths]

    @property
    def one_of_each_work(self) -> Tensor:
        """The first training picture of each work."""
        first = {work_of(path): place for place, path in reversed([*enumerate(self.train_paths)])}
        return self.pictures[sorted(first.values())]

    def counts(self) -> dict[str, Any]:
        """How many pictures and works there are, for the metrics file."""
        return {
            "n_train": len(self.train_paths),
            "works": count_works(self.train_paths),
            "validation": len(self.validation_paths),
        }


def read_inputs(folder: Path, params: TrainParams, device: torch.device) -> Inputs:
    """The pictures in folder/train and folder/validation, on the device.

    Raises UserError where there are too few, or where one cannot be read or has another resolution.
    """
    train_paths = find_pictures(folder / "train", least=2)
    validation_paths = find_pictures(folder / "validation", least=0)
    if AUGMENTATIONS[params.augmentation].adaptive and params.ada_signal == "validation" and not validation_paths:
        raise UserError(
            "train.ada_signal is 'validation', but there are no validation works: "
            "set it to sign, or raise split.validation_works"
        )
    pictures, validation = (
        load_pictures(paths, params.resolution).to(device) for paths in (train_paths, validation_paths)
    )
    return Inputs(train_paths, validation_paths, pictures, validation)


def decisive(params: TrainParams, runtime: Runtime, paths: Sequence[Path]) -> list[Any]:
    """All that decides the networks at each step besides the code: params, runtime, names and bytes of the files."""
    found: list[Any] = [params.model_dump(exclude=set(saved.PASSIVE)), runtime.report()]
    for path in paths:
        found += [f"{path.parent.name}/{path.name}", path.read_bytes()]
    return found


def find_pictures(folder: Path, least: int) -> list[Path]:
    """The pictures of a folder, sorted by name; raises UserError when there are fewer than `least`."""
    paths = listing(folder) if folder.is_dir() else []
    if len(paths) < least:
        raise UserError(
            f"{folder} holds {len(paths)} pictures, but training needs {least} or more: "
            "run `dvc repro`, which runs the stages before, or raise split.train_works"
        )
    return paths


def load_pictures(paths: Sequence[Path], resolution: int) -> Tensor:
    """uint8 [N, 3, R, R], N may be 0; raises UserError for a picture of another size or one that cannot be read."""
    if not paths:
        return torch.empty(0, 3, resolution, resolution, dtype=torch.uint8)
    pictures = [read(path) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        if picture.size != (resolution, resolution):
            raise UserError(
                f"{path} has {picture.width} x {picture.height} pixels, but train.resolution is {resolution}: "
                "run `dvc repro`, which makes the pictures in that size first"
            )
    return torch.from_numpy(to_array(pictures))


def count_works(paths: Sequence[Path]) -> int:
    """How many works the files show."""
    return len({work_of(path) for path in paths})


def work_of(path: Path) -> str:
    """The name of the work that a file shows: `<work>--<nn>.png` are pictures of one work."""
    return path.stem.partition("--")[0]
