"""The section `evaluate` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from stages.common.section import Section, Seed


class EvaluateParams(Section):
    resize: Literal["clean", "tf"]
    kid_subsets: Annotated[int, Field(ge=2, le=10_000)]
    batch: Annotated[int, Field(ge=1, le=1024)]
    seed: Seed
