"""The section `scrape` of params.yaml."""

import unicodedata
from os.path import expanduser, realpath  # raise neither for an unknown user nor for a loop of links: the stage does
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.checkout import main_checkout
from stages.common.section import CountOrNone, OneOf, Section, Text
from stages.scrape.sources import SOURCES

MOST_MEGABYTES, MOST_MEGAPIXELS = 1000, 170


class ScrapeParams(Section):
    source: Annotated[str, OneOf(SOURCES)]
    url: str
    artist: Text
    category: Text
    path: str
    genre: str
    renditions: Literal["all", "original"]
    limit: CountOrNone
    contact: str
    requests_per_second: Annotated[float, Field(ge=0, le=100)]
    connections: Annotated[int, Field(ge=1, le=16)]
    retries: Annotated[int, Field(ge=0, le=10)]
    timeout_s: Annotated[float, Field(gt=0, le=600)]
    total_s: Annotated[float, Field(gt=0, le=3600)]
    megabytes: Annotated[float, Field(gt=0, le=MOST_MEGABYTES)]
    megapixels: Annotated[float, Field(gt=0, le=MOST_MEGAPIXELS)]
    offline: bool
    refresh: bool

    @property
    def max_bytes(self) -> int:
        """The largest file that is read."""
        return int(self.megabytes * 1e6)

    @property
    def all_renditions(self) -> bool:
        """Whether every published version of a work is wanted, or the best alone."""
        return self.renditions == "all"

    @model_validator(mode="after")
    def _fits_the_source(self) -> "ScrapeParams":
        source = SOURCES[self.source]
        if source.on_disk and not self.path:
            raise ValueError(
                f"scrape.path is empty, but scrape.source {self.source!r} reads from there: "
                "set it to your folder of pictures or your list"
            )
        if self.genre and not source.tells_genres:
            *others, last = [name for name, other in SOURCES.items() if other.tells_genres]
            raise ValueError(
                f"scrape.genre is {self.genre!r}, but {self.source} tells no genres: "
                f"leave it empty, or choose {', '.join(others)} or {last}"
            )
        return self

    @model_validator(mode="after")
    def _contact_fits_a_header(self) -> "ScrapeParams":
        """It is sent as part of a line of Latin-1, without control characters (RFC 9110, 5.5)."""
        wrong = next((sign for sign in self.contact if ord(sign) > 0xFF or unicodedata.category(sign) == "Cc"), None)
        if wrong is not None:
            raise ValueError(
                f"scrape.contact is {self.contact!r}, but {wrong!r} cannot be sent to a site: "
                "leave it out; an e-mail or web address in Latin letters is enough, such as you@example.org"
            )
        return self

    @model_validator(mode="after")
    def _path_is_no_output(self) -> "ScrapeParams":
        """DVC deletes an output before its stage runs: what lies there is no place to read from."""
        source = Path(realpath(main_checkout() / expanduser(self.path)))
        outputs = [(root / name).resolve() for root in (main_checkout(), Path(".")) for name in ("data", "metrics")]
        if self.path and any(source.is_relative_to(out) or out.is_relative_to(source) for out in outputs):
            raise ValueError(
                f"scrape.path is {self.path!r}, where the stages themselves write and delete: "
                "move your pictures or list to a place of its own, such as pictures/, and name that"
            )
        return self

    @model_validator(mode="after")
    def _one_use_of_the_store(self) -> "ScrapeParams":
        if self.offline and self.refresh:
            raise ValueError(
                "scrape.offline and scrape.refresh are both true: "
                "the one asks nobody, the other asks for everything again"
            )
        return self
