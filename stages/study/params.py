"""The section `study` of params.yaml."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from stages.common import params
from stages.common.section import Count, OneOf, Or, PositiveOrZero, Section
from stages.gan.augmentations import AUGMENTATIONS

# The lists of the grid, and what each sets in the sections of the stages.
VARIED = {
    "train_works": "split.train_works",
    "deduplicated": "dedupe.enabled",
    "augmentation": "train.augmentation",
    "orders": "split.order",
    "seeds": "train.seed",
}

SEEDS_APART = 1000  # how far the seeds of trainings are apart: between them are those of other choices of the works


class StudyParams(Section):
    """The grid of `python -m stages.study`: every combination of the five lists is a cell."""

    train_works: Annotated[list[Count] | Literal["auto"], Or("auto", Annotated[list[Count], Field(min_length=1)])]
    deduplicated: Annotated[list[bool], Field(min_length=1)]
    augmentation: Annotated[list[Annotated[str, OneOf(AUGMENTATIONS)]], Field(min_length=1)]
    orders: Annotated[list[Annotated[int, Field(ge=0, lt=SEEDS_APART)]], Field(min_length=1)]
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=1_000_000)]], Field(min_length=1)]
    changes: dict[str, dict[str, Any]]
    jobs: Annotated[int, Field(ge=1, le=64)]
    cluster: str
    gpus_per_cell: Annotated[float, Field(ge=0.0, le=16.0)]
    keep_progress: bool
    cost_per_hour: PositiveOrZero

    @classmethod
    def further_choice(cls, key: str) -> str:
        """`auto`, for the sizes."""
        return " (or 'auto': halves of the works of the last run)" if key == "train_works" else ""

    @field_validator("cluster")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"|auto|(ray://)?[^\s/:]+:\d{1,5}", value):
            raise ValueError(
                f'study.cluster is {value!r}, but must be "" (this machine), auto, host:6379 or ray://host:10001'
            )
        return value

    @field_validator("gpus_per_cell")
    @classmethod
    def _is_a_share_or_whole(cls, value: float) -> float:
        if (value > 1 and value != int(value)) or 0 < value < 0.01:
            raise ValueError(
                f"study.gpus_per_cell is {value:g}, but must be 0, a share of a GPU (0.01 to 1), or a whole number"
            )
        return value

    @model_validator(mode="after")
    def _nothing_twice(self) -> "StudyParams":
        for key in VARIED:
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"study.{key} is {values}, but each value may be there once")
        return self

    @model_validator(mode="after")
    def _changes_what_there_is(self) -> "StudyParams":
        factors = {key: values for values, key in VARIED.items()}
        for section, leaf in ((section, leaf) for section, leaves in self.changes.items() for leaf in leaves):
            if (key := f"{section}.{leaf}") in factors:
                raise ValueError(f"study.changes has {key}, which the study varies itself: set study.{factors[key]}")
            if section == "study" or key not in params.known_keys():
                raise ValueError(f"study.changes has {key}, but the sections above have no such key")
        return self
