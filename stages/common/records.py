"""What the stages hand to each other: the rows of their lists and the contents of their metrics files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from stages.common import files


class CatalogueRow(TypedDict):
    """A line of data/raw/catalogue.jsonl: a file, as the source describes it and as its bytes show it."""

    file: str
    work: str | None  # the source's name of the work, where it vouches for one
    title: str
    year: str
    technique: str
    page_url: str
    image_url: str
    rendition: str
    rights: str
    set: str  # collection, or reserve (never trained on)
    width: int  # pixels, upright
    height: int
    bytes: int
    sha256: str
    type: str  # MIME
    told: NotRequired[bool]  # true: the user says which work it is, in a list, and dedupe obeys
    faithful: NotRequired[bool]  # whether it is the work's best file, where the source knows; for measuring alone


class Match(TypedDict):
    """Why two files belong together."""

    files: list[str]
    hash_distance: int  # bits of 256
    check: str  # how they were aligned; told: by the user's word alone
    correlation: float


class Candidate(TypedDict):
    """A file of a work, and why it was or was not kept: the highest score is."""

    file: str
    pixels_of_work: int  # without what is around the work
    shown: float  # share of the work that it shows
    detail: float  # share of its resolution that holds detail
    quality: int  # of its JPEG compression, 100 without
    blocks: float  # strength of the edges of 8 x 8 blocks, 1 without
    faults: list[str]
    score: int  # pixels of the work that hold detail, less for each fault


class Trimmed(TypedDict):
    """What was cut out of a file in data/raw/, where it stays whole."""

    file: str
    box: list[int]  # left, top, right, bottom, pixels


class WorkRow(TypedDict):
    """A line of data/works/works.jsonl: a kept file of a work."""

    work: str  # the work's name: the beginning of its best file's sha256
    set: str
    file: str
    best: bool
    title: str
    year: str
    technique: str
    width: int
    height: int
    rights: str
    page_url: str
    duplicates: list[str]
    candidates: list[Candidate]  # the best first; none where there is one file
    trimmed: NotRequired[Trimmed]  # where something around the work was cut off
    why: list[Match]
    detail_of: list[Match]


class Split(TypedDict):
    """data/split.json: names of works."""

    train: list[str]
    validation: list[str]
    test: list[str]


class RuntimeReport(TypedDict):
    """Where and how exactly the networks computed."""

    device: str
    precision: str
    convolution: str  # direct or winograd
    threads: int


class LeftOutKind(TypedDict):
    """What lies beside a source's pictures and is none of them."""

    reason: str
    count: int
    names: list[str]  # the first ones


class ScrapeMetrics(TypedDict):
    source: str  # what the report calls the source
    collection: str  # what track calls the data set
    files: int
    works: int | None
    sets: dict[str, int]
    failed: int
    failures: list[dict[str, str]]
    left_out: list[LeftOutKind]


class DedupeMetrics(TypedDict, total=False):
    """`precision` and `recall` are there where the source vouches for its works, and the user has told none."""

    files: int
    works: int
    duplicates: int
    reserve_files: int
    reserve_works: int
    details: int
    precision: float
    recall: float
    trimmed: int  # files that something was cut off, where there are any
    largest_unfaithful: int  # works whose largest file is not the faithful one, where the source tells which that is
    faithful_kept: int  # of these, those whose faithful file was kept
    corrected: list[str]  # data/corrections.csv in words, where it has any


RUNNING = "running"  # the state of a verdict while the training goes on


class Verdict(TypedDict):
    """What the guard says of a training."""

    state: str
    cause: str
    since_kimg: float | None
    ended: str


class TrainMetrics(TypedDict):
    n_train: int
    works: int
    validation: int
    steps: int
    kimg: float
    preset: str
    parameters: dict[str, int]
    final: dict[str, float]
    best: dict[str, float | None] | None
    verdict: Verdict
    runtime: RuntimeReport


class StylizedPicture(TypedDict):
    title: str  # the style in words
    works: dict[str, float]  # the works' weights by their titles; they sum to 1
    content_loss: float
    style_loss: float
    width: int  # pixels
    height: int


class StylizeMetrics(TypedDict):
    styles: dict[str, StylizedPicture]  # by the names of the pictures' files
    sketch: str  # file name
    params: dict[str, Any]  # the values of the section that decide the pictures
    runtime: RuntimeReport


class PrintedPicture(TypedDict):
    width: int  # pixels of the enlarged picture, before it is laid on its paper
    height: int
    width_mm: float
    height_mm: float
    trim_width_mm: float
    trim_height_mm: float
    bleed_mm: float
    effective_dpi: float
    tiles: int
    warning: str | None
    md5: str  # of the PNG


class UpscaleMetrics(TypedDict):
    pictures: dict[str, PrintedPicture]  # by the names of the stylized pictures' files
    paper: str
    dpi: int
    factor: int
    model: str
    model_sha256: str
    runtime: RuntimeReport


class EvaluateMetrics(TypedDict):
    """Beside these keys, and in `efficientnet` alone, stand those that stages/metrics/table.py names."""

    n_generated: int
    n_real: int  # test works
    n_floor: int
    n_train: int
    resize: str
    precision_k: int
    density_k: int
    copied_threshold: float
    copied_by_chance: float  # share that counts as copied though nothing is, and its 95 % interval
    copied_by_chance_low: float
    copied_by_chance_high: float
    efficientnet: dict[str, float]  # the second feature space
    too_few: NotRequired[str]  # why there are no distances, where the test works are too few for them
    runtime: RuntimeReport


def read_catalogue(path: Path) -> list[CatalogueRow]:
    """data/raw/catalogue.jsonl; raises UserError when it is not there."""
    return _rows(path)


def read_works(path: Path) -> list[WorkRow]:
    """data/works/works.jsonl; raises UserError when it is not there."""
    return _rows(path)


def named(rows: Sequence[WorkRow], name: str) -> list[WorkRow]:
    """The rows of the works with that title, upper and lower case alike, or of that file in data/works/, or that id."""
    wanted = name.strip().casefold()
    titled = [row for row in rows if row["title"].strip().casefold() == wanted]
    return titled or [row for row in rows if wanted in (row["work"], row["file"].casefold())]


def read_split(path: Path) -> Split:
    """data/split.json; raises UserError when it is not there."""
    return files.read_json(path)


def _rows(path: Path) -> Any:
    return files.read_jsonl(path)
