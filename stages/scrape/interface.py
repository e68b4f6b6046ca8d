"""What a source's module gets and gives: `records(query)` lists the files that the source offers.

A table row in sources.py names the function.
"""

from dataclasses import dataclass

from stages.scrape.client import Client
from stages.scrape.params import ScrapeParams

RAW_FILE = "a camera's raw file: develop it, and save it as TIFF or JPEG"  # why it is left out, or fails


@dataclass(frozen=True)
class Query:
    """What is asked of a source: `params` says which works, how many (`limit`, 0 = all) and which renditions."""

    client: Client
    address: str  # of the site, or the path of a folder or list
    params: ScrapeParams


@dataclass(frozen=True)
class Record:
    """One file that a source offers. `work` is the work's id where the source vouches for it, else None."""

    work: str | None
    title: str
    year: str
    technique: str
    page_url: str
    image_url: str
    rendition: str
    rights: str
    set: str  # collection, or reserve (never trained on)
    told: bool = False  # whether the user says which work it is
    faithful: bool | None = None  # whether the source vouches for it as the work's best file; for measuring alone


@dataclass(frozen=True)
class Gap:
    """Something that a source lists but cannot give: a page out of reach, an entry without an address."""

    title: str
    address: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """Something that lies beside the pictures and is none of them: counted by its reason, and no failure."""

    name: str
    reason: str


Found = Record | Gap | LeftOut
