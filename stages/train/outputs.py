"""What a training writes: sheets, curves, networks, a time-lapse."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from stages.common.files import write_bytes, write_csv, write_json
from stages.common.images import listing, read, save_animation, save_png
from stages.gan.checkpoint import save_generator, write_tensors
from stages.gan.networks import Generator
from stages.train.evaluator import Evaluation
from stages.train.params import TrainParams

NO_EVALUATION = dict.fromkeys(("step", *Evaluation._fields), float("nan"))


@dataclass(frozen=True)
class Outputs:
    """Where it is written."""

    folder: Path
    train_csv: Path
    validation_csv: Path
    metrics: Path

    @property
    def sheets(self) -> Path:
        """The folder of the contact sheets, named by the number of pictures shown."""
        return self.folder / "sheets"

    def restore_sheets(self, sheets: Mapping[str, bytes]) -> None:
        """Replace the sheets by those of an interrupted training, by their names, or by none."""
        shutil.rmtree(self.sheets, ignore_errors=True)
        for name, data in sheets.items():
            write_bytes(self.sheets / name, data)

    def write_sheet(self, page: Image.Image, shown: int) -> tuple[str, bytes]:
        """Write a sheet; its name and bytes are for the saved state: DVC empties the outputs before a stage runs."""
        path = self.sheets / f"{shown:09d}.png"
        save_png(path, page)
        return path.name, path.read_bytes()

    def write_curves(self, rows: Sequence[dict[str, float]], evaluations: Sequence[dict[str, float]]) -> None:
        """The two CSVs; the one of the evaluations is there even without any."""
        if rows:
            write_csv(self.train_csv, rows)
        write_csv(self.validation_csv, evaluations or [NO_EVALUATION])

    def write_metrics(self, found: Mapping[str, Any]) -> None:
        """What is measured so far, or in the end."""
        write_json(self.metrics, found)

    def write_checkpoint(self, tensors: dict[str, Tensor]) -> None:
        """The last state."""
        write_tensors(self.folder / "checkpoint.safetensors", tensors, {})

    def write_generator(self, generator: Generator, params: TrainParams) -> None:
        """The generator that is kept."""
        path = self.folder / "generator.safetensors"
        save_generator(path, generator, params.architecture, params.width, params.resolution)

    def write_timelapse(self) -> None:
        """The sheets as an animation, if there are any: a training that diverged may have none."""
        if self.sheets.is_dir():
            save_animation(self.folder / "timelapse.webp", [read(path) for path in listing(self.sheets)])
