"""What params.yaml may say: one frozen section a stage, with types, ranges and choices. The defaults live in params.yaml alone."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
PositiveOrZero = Annotated[float, Field(ge=0, le=1e9)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A section of params.yaml: no unknown keys, no conversions ("1" is not 1), no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Museum(Section):
    """The embedded default source; the comments in params.yaml say what each key of each section does."""

    works: Count
    reserve: CountOrNone
    seed: Seed


class Scrape(Section):
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
    def _fits_the_source(self) -> "Scrape":
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
    def _one_use_of_the_store(self) -> "Scrape":
        if self.offline and self.refresh:
            raise ValueError(
                "scrape.offline and scrape.refresh are both true: the one asks nobody, the other asks for everything again"
            )
        return self


class Dedupe(Section):
    enabled: bool
    hash_distance: Annotated[int, Field(ge=0, le=128)]
    correlation: Annotated[float, Field(ge=0.5, le=1)]
    mirrored: bool
    details: bool


class Split(Section):
    train_works: Count
    validation_works: Count
    test_works: Count
    validation_fraction: Fraction
    test_fraction: Fraction
    seed: Seed


class Augment(Section):
    copies: Annotated[int, Field(ge=1, le=64)]
    mirror: bool
    crop: Annotated[float, Field(ge=0, le=0.5)]
    colour: Annotated[float, Field(ge=0, le=0.5)]
    seed: Seed


class Train(Section):
    """`auto` in a key of `presets.KEYS` is replaced by the preset's value before these checks."""

    preset: Literal["best_cpu", "best_gpu", "story_dcgan", "story_relativistic", "story_stylegan", "story_stylegan2"]
    architecture: Literal["dcgan", "stylegan", "stylegan2", "fastgan"]
    loss: Literal["nonsaturating", "hinge", "relativistic_average", "relativistic"]
    resolution: Literal[32, 64, 128, 256, 512, 1024]
    width: Annotated[int, Field(ge=8, le=256)]
    latent: Annotated[int, Field(ge=8, le=1024)]
    batch: Annotated[int, Field(ge=2, le=512)]
    microbatch: Annotated[int, Field(ge=0, le=512)]
    kimg: Positive
    learning_rate: Annotated[float, Field(gt=0, le=0.1)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    r1_gamma: PositiveOrZero
    r2_gamma: PositiveOrZero
    penalty_every: Annotated[int, Field(ge=1, le=1000)]
    lecam: PositiveOrZero
    path_length: PositiveOrZero
    augmentation: Literal["none", "diffaugment", "ada"]
    diffaugment: list[Literal["color", "translation", "cutout"]]
    ada_signal: Literal["sign", "validation"]
    ada_target: Fraction
    ada_kimg: Positive
    ema_kimg: PositiveOrZero
    evaluate_kimg: Positive
    evaluate_pictures: Annotated[int, Field(ge=2, le=100_000)]
    patience: CountOrNone
    max_minutes: PositiveOrZero
    cost_per_hour: PositiveOrZero
    sheet_kimg: Positive
    seed: Seed
    device: Literal["auto", "cpu", "cuda", "mps"]
    precision: Literal["auto", "float32", "bfloat16"]
    threads: Annotated[int, Field(ge=1, le=256)]

    @model_validator(mode="after")
    def _parts_fit(self) -> "Train":
        part = self.microbatch or self.batch
        if self.batch % part:
            raise ValueError(f"train.microbatch is {part}, but must divide train.batch ({self.batch}), or be 0")
        if self.architecture.startswith("stylegan") and part % 4:
            raise ValueError(
                f"train.batch or train.microbatch is {part}, but must be a multiple of 4 for {self.architecture}, which compares groups of 4 pictures"
            )
        if self.path_length and self.architecture != "stylegan2":
            raise ValueError(
                f"train.path_length is {self.path_length:g}, but {self.architecture} has no path length: set it to 0, or choose stylegan2"
            )
        return self


class Generate(Section):
    count: Annotated[int, Field(ge=25, le=100_000)]
    seed: Seed
    truncation: Annotated[float, Field(ge=0, le=2)]


class Stylize(Section):
    sketch: Text
    styles: Annotated[list[Text | Annotated[dict[Text, Positive], Field(min_length=1)]], Field(min_length=1)]
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

    def mixtures(self) -> dict[str, dict[str, float]]:
        """For each picture, by its style in words, the weights of the works by title; they sum to 1.

        A work alone is called by its title, a mixture as "75 % The First Egg, 25 % Sleep".
        """
        found = {}
        for style in self.styles:
            weights = {style: 1.0} if isinstance(style, str) else style
            shares = {title: weight / sum(weights.values()) for title, weight in weights.items()}
            name = (
                next(iter(shares))
                if len(shares) == 1
                else ", ".join(f"{share:.0%} {title}".replace("%", " %") for title, share in shares.items())
            )
            found[name] = shares
        return found

    @model_validator(mode="after")
    def _nothing_twice(self) -> "Stylize":
        if len(self.mixtures()) < len(self.styles):
            raise ValueError(f"stylize.styles is {self.styles}, but each style may be there once")
        return self


class Upscale(Section):
    pictures: CountOrNone
    model: str
    factor: Literal[2, 4, 8]
    tile: Annotated[int, Field(ge=32, le=2048)]
    overlap: Annotated[int, Field(ge=0, le=256)]
    paper: str
    dpi: Annotated[int, Field(ge=30, le=2400)]
    placement: Literal["fill", "fit"]
    bleed_mm: Annotated[float, Field(ge=0, le=50)]
    crop_marks: bool
    extra_formats: list[Literal["pdf", "tiff"]]
    tiff_bits: Literal[8, 16]
    sheet: bool

    @model_validator(mode="after")
    def _overlap_fits(self) -> "Upscale":
        if self.overlap * 2 >= self.tile:
            raise ValueError(
                f"upscale.overlap is {self.overlap}, but must be less than half of upscale.tile ({self.tile})"
            )
        return self

    @model_validator(mode="after")
    def _paper_is_known(self) -> "Upscale":
        if not re.fullmatch(r"none|A[0-5]|[1-9]\d*(\.\d+)?x[1-9]\d*(\.\d+)?(mm|in)", self.paper):
            raise ValueError(
                f"upscale.paper is {self.paper!r}, but must be none, A5, A4, A3, A2, A1, A0, or a size such as 300x400mm or 12x16in"
            )
        return self

    @model_validator(mode="after")
    def _marks_have_a_place(self) -> "Upscale":
        if self.crop_marks and (self.paper == "none" or "pdf" not in self.extra_formats):
            raise ValueError(
                f"upscale.crop_marks is true with upscale.paper {self.paper!r} and upscale.extra_formats {self.extra_formats}, but the marks are lines "
                "in a PDF around a paper: choose a paper and [pdf], or set crop_marks to false"
            )
        return self


class Evaluate(Section):
    resize: Literal["clean", "tf"]
    kid_subsets: Annotated[int, Field(ge=2, le=10_000)]
    batch: Annotated[int, Field(ge=1, le=1024)]
    seed: Seed


class Track(Section):
    experiment: Text


class Study(Section):
    """The grid of `python -m stages.study`: every combination of the four lists is a cell."""

    train_works: Annotated[list[Count], Field(min_length=1)]
    deduplicated: Annotated[list[bool], Field(min_length=1)]
    augmentation: Annotated[list[Literal["none", "diffaugment", "ada"]], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    changes: dict[str, dict[str, Any]]
    jobs: Annotated[int, Field(ge=1, le=64)]
    cost_per_hour: PositiveOrZero

    @model_validator(mode="after")
    def _nothing_twice(self) -> "Study":
        for key in ("train_works", "deduplicated", "augmentation", "seeds"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"study.{key} is {values}, but each value may be there once")
        return self

    @model_validator(mode="after")
    def _changes_what_there_is(self) -> "Study":
        factors = {
            "split.train_works": "train_works",
            "dedupe.enabled": "deduplicated",
            "train.augmentation": "augmentation",
            "train.seed": "seeds",
        }
        for section, leaf in ((section, leaf) for section, leaves in self.changes.items() for leaf in leaves):
            if (key := f"{section}.{leaf}") in factors:
                raise ValueError(f"study.changes has {key}, which the study varies itself: set study.{factors[key]}")
            field = Params.model_fields.get(section)
            if not field or section == "study" or leaf not in field.annotation.model_fields:
                raise ValueError(f"study.changes has {key}, but the sections above have no such key")
        return self


class Params(Section):
    """The whole of params.yaml."""

    museum: Museum
    scrape: Scrape
    dedupe: Dedupe
    split: Split
    augment: Augment
    train: Train
    generate: Generate
    stylize: Stylize
    upscale: Upscale
    evaluate: Evaluate
    track: Track
    study: Annotated[Study, Field(exclude=True)]  # not dumped: no stage's result depends on it
