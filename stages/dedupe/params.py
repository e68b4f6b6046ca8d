"""The section `dedupe` of params.yaml."""

from typing import Annotated

from pydantic import Field

from stages.common.section import Section


class DedupeParams(Section):
    enabled: bool
    hash_distance: Annotated[int, Field(ge=0, le=128)]
    correlation: Annotated[float, Field(ge=0.5, le=1)]
    mirrored: bool
    details: bool
    trim: bool
