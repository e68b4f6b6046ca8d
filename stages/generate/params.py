"""The section `generate` of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.common.section import Section, Seed


class GenerateParams(Section):
    count: Annotated[int, Field(ge=25, le=100_000)]
    seed: Seed
    truncation: Annotated[float, Field(ge=0, le=2)]
