"""A section of params.yaml: the base of each stage's own (stages/<stage>/params.py), types of values, and `runtime`.

The defaults live in params.yaml alone; the comments there say what each key does.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
PositiveOrZero = Annotated[float, Field(ge=0, le=1e9)]
Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class OneOf:
    """The keys of a table as the choices of a value: `source: Annotated[str, OneOf(SOURCES)]`."""

    choices: Collection[str]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.literal_schema(list(self.choices))


@dataclass(frozen=True)
class Or:
    """A word in the place of a value of some type: `works: Annotated[int | Literal["all"], Or("all", Count)]`.

    `word` is a regular expression.

    A union would explain each of its types to who mistypes one.
    """

    word: str
    kind: Any

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return value if isinstance(value, str) and re.fullmatch(self.word, value) else validate(value)

        as_it_is = core_schema.plain_serializer_function_ser_schema(lambda value: value)
        return core_schema.no_info_wrap_validator_function(
            check, handler.generate_schema(self.kind), serialization=as_it_is
        )


class Section(BaseModel):
    """A section of params.yaml: no unknown keys, no conversions ("1" is not 1), no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def further_choice(cls, _key: str) -> str:
        """What else than the choices of its type a key may be, for the error message."""
        return ""


class RuntimeParams(Section):
    """Where and how exactly the networks compute; the section of every stage that runs one."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    precision: Literal["auto", "float32", "bfloat16"]
    kernels: Literal["auto", "portable"]
    threads: Annotated[int, Field(ge=1, le=256)]
