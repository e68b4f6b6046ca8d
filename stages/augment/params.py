"""The section `augment` of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.common.section import Section, Seed


class AugmentParams(Section):
    copies: Annotated[int, Field(ge=1, le=64)]
    mirror: bool
    crop: Annotated[float, Field(ge=0, le=0.5)]
    color: Annotated[float, Field(ge=0, le=0.5)]
    seed: Seed
