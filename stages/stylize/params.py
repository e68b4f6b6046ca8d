"""The section `stylize` of params.yaml."""

import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from stages.common.section import CountOrNone, Or, Positive, PositiveOrZero, Section, Seed, Text

Styles = Annotated[list[Text | Annotated[dict[Text, Positive], Field(min_length=1)]], Field(min_length=1)]


def composed(title: str) -> str:
    """A title as data/works/works.jsonl writes it: macOS and some programs write letters and their accents apart."""
    return unicodedata.normalize("NFC", title)


class StylizeParams(Section):
    sketch: Text
    styles: Annotated[Styles | str, Or(r"auto|[^/\\]+\.txt", Styles)]
    pixels: Annotated[int, Field(ge=64, le=4096)]
    steps: Annotated[int, Field(ge=1, le=100_000)]
    style_weight: Positive
    variation_weight: PositiveOrZero
    style_loss: Literal["gram", "wasserstein"]
    style_scale: Annotated[float, Field(ge=0.1, le=4)]
    content_scale: Literal[1, 2, 4]
    color: Literal["style", "content", "luminance"]
    guidance: Literal["none", "geometry", "masks"]
    start: Literal["content", "style", "noise"]
    seed: Seed
    optimizer: Literal["auto", "lbfgs", "adam"]
    network: Literal["oxford", "torchvision"]
    tile: Annotated[int, Field(ge=192, le=8192)]
    save_every: CountOrNone

    @classmethod
    def further_choice(cls, key: str) -> str:
        """What else than a list the styles may be."""
        return " (or 'auto', or a file in data/sketch/ such as styles.txt, one work a line)" if key == "styles" else ""

    def mixtures(self) -> dict[str, dict[str, float]]:
        """For each picture, by its style in words, the weights of the works by title; they sum to 1.

        A work alone is called by its title, a mixture as "75 % The First Egg, 25 % Sleep". There are none before the
        works are known, with `auto` or the name of a list.
        """
        found = {}
        for style in self.styles if isinstance(self.styles, list) else []:
            weights = {style: 1.0} if isinstance(style, str) else style
            shares = {title: weight / sum(weights.values()) for title, weight in weights.items()}
            if len(shares) == 1:
                name = next(iter(shares))
            else:
                name = ", ".join(f"{share:.0%} {title}".replace("%", " %") for title, share in shares.items())
            found[name] = shares
        return found

    def decisive(self) -> dict[str, Any]:
        """The values that decide what the pictures are."""
        return self.model_dump(exclude={"save_every"})

    @field_validator("styles")
    @classmethod
    def _titles_are_composed(cls, styles: Styles | str) -> Styles | str:
        if isinstance(styles, str):
            return styles
        return [
            composed(style) if isinstance(style, str) else {composed(title): weight for title, weight in style.items()}
            for style in styles
        ]

    @model_validator(mode="after")
    def _sketch_is_followed(self) -> "StylizeParams":
        """DVC follows data/sketch/ alone: of a drawing elsewhere it would not see that it was changed."""
        path = Path(self.sketch)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"stylize.sketch is {self.sketch!r}, but must be the name of a file in data/sketch/: "
                "put your drawing into data/sketch/ and set stylize.sketch to its name there"
            )
        return self

    @model_validator(mode="after")
    def _nothing_twice(self) -> "StylizeParams":
        if isinstance(self.styles, list) and len(self.mixtures()) < len(self.styles):
            raise ValueError(f"stylize.styles is {self.styles}, but each style may be there once")
        return self
