"""The section of params.yaml with other values."""

from functools import cache
from pathlib import Path

from stages.common import params
from stages.stylize.params import StylizeParams


@cache
def section() -> StylizeParams:
    """As params.yaml has it."""
    return params.load(Path(__file__).resolve().parents[2] / "params.yaml").section(StylizeParams)


def changed(**values: object) -> StylizeParams:
    """With other values, which are checked as well."""
    return StylizeParams.model_validate(section().model_dump() | values)
