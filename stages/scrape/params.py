"""The section `scrape` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.section import CountOrNone, Section, Text


class ScrapeParams(Section):
    source: Literal["museum", "wikiart", "commons", "folder", "urls"]
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
    megabytes: Annotated[float, Field(gt=0, le=1000)]
    megapixels: Annotated[float, Field(gt=0, le=170)]
    offline: bool
    refresh: bool

    @model_validator(mode="after")
    def _fits_the_source(self) -> "ScrapeParams":
        if self.source in ("folder", "urls") and not self.path:
            raise ValueError(
                f"scrape.path is empty, but scrape.source {self.source!r} reads from there: set it to your folder of pictures or your list"
            )
        if self.genre and self.source in ("museum", "commons"):
            raise ValueError(
                f"scrape.genre is {self.genre!r}, but {self.source} tells no genres: leave it empty, or choose wikiart, folder or urls"
            )
        return self

    @model_validator(mode="after")
    def _one_use_of_the_store(self) -> "ScrapeParams":
        if self.offline and self.refresh:
            raise ValueError(
                "scrape.offline and scrape.refresh are both true: the one asks nobody, the other asks for everything again"
            )
        return self
