"""The section `train` of params.yaml."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from stages.common.section import CountOrNone, Fraction, OneOf, Positive, PositiveOrZero, Section, Seed
from stages.gan import presets
from stages.gan.architectures import ARCHITECTURES
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.losses import LOSSES
from stages.gan.presets import PRESETS


class TrainParams(Section):
    """`auto` in a key of `presets.KEYS` is replaced by the preset's value before these checks."""

    preset: Annotated[str, OneOf(PRESETS)]
    architecture: Annotated[str, OneOf(ARCHITECTURES)]
    loss: Annotated[str, OneOf(LOSSES)]
    resolution: Literal[32, 64, 128, 256, 512, 1024]
    width: Annotated[int, Field(ge=8, le=256)]
    latent: Annotated[int, Field(ge=8, le=1024)]
    batch: Annotated[int, Field(ge=2, le=512)]
    microbatch: Annotated[int, Field(ge=0, le=512)]
    kimg: Positive
    learning_rate: Annotated[float, Field(gt=0, le=0.1)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    r1_gamma: PositiveOrZero
    r2_gamma: PositiveOrZero
    penalty_every: Annotated[int, Field(ge=1, le=1000)]
    lecam: PositiveOrZero
    path_length: PositiveOrZero
    augmentation: Annotated[str, OneOf(AUGMENTATIONS)]
    diffaugment: list[Literal["color", "translation", "cutout"]]
    ada_signal: Literal["sign", "validation"]
    ada_target: Fraction
    ada_kimg: Positive
    ema_kimg: PositiveOrZero
    evaluate_kimg: Positive
    evaluate_pictures: Annotated[int, Field(ge=2, le=100_000)]
    patience: CountOrNone
    max_minutes: PositiveOrZero
    cost_per_hour: PositiveOrZero
    sheet_kimg: Positive
    seed: Seed

    @property
    def microbatch_size(self) -> int:
        """Pictures in memory at once; it divides `batch`."""
        return self.microbatch or self.batch

    def steps_in(self, kimg: float) -> int:
        """Thousands of pictures as steps, 1 or more."""
        return max(1, round(kimg * 1000 / self.batch))

    @model_validator(mode="before")
    @classmethod
    def _auto_is_the_presets(cls, values: Any) -> Any:
        return presets.fill(values) if isinstance(values, dict) else values

    @classmethod
    def further_choice(cls, key: str) -> str:
        """`auto`, where the preset has a value."""
        return " (or 'auto': the preset's)" if key in presets.KEYS else ""

    @model_validator(mode="after")
    def _microbatches_fit(self) -> "TrainParams":
        size, group = self.microbatch_size, ARCHITECTURES[self.architecture].group_size
        if self.batch % size:
            raise ValueError(f"train.microbatch is {size}, but must divide train.batch ({self.batch}), or be 0")
        if size % group:
            raise ValueError(
                f"train.batch or train.microbatch is {size}, but must be a multiple of {group} for "
                f"{self.architecture}, which compares groups of {group} pictures"
            )
        return self

    @model_validator(mode="after")
    def _path_length_exists(self) -> "TrainParams":
        if self.path_length and not ARCHITECTURES[self.architecture].path_length:
            having = " or ".join(name for name, row in ARCHITECTURES.items() if row.path_length)
            raise ValueError(
                f"train.path_length is {self.path_length:g}, but {self.architecture} has no path length: "
                f"set it to 0, or choose {having}"
            )
        return self
