"""The table of sources: what the stage knows of each.

A further source is one row here, and one file with its `records`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A kind of place that pictures come from.

    Functions are named as text, "module:function", and imported when the source is visited. `label` and `collection`
    are format strings over the values of the section `scrape`.
    """

    records: str  # the function that lists what the source offers: Query -> Iterator[Record | Gap]
    label: str  # what the report calls the source
    keys: tuple[str, ...]  # of params.yaml: what to check when the source fails
    collection: str = "{source}"  # what track calls the data set
    address: str = ""  # of its site, where scrape.url is empty; "" = none
    program: str = ""  # the module that serves the site on this machine where there is no address; "" = none
    on_disk: bool = False  # it is a folder or list of the user's, at scrape.path
    read: str = ""  # the function that reads a file from the disk: (Query, Record) -> bytes; "" = files are downloaded
    many_hosts: bool = False  # the files lie on any number of hosts: one that refuses does not end the visit
    tells_genres: bool = False
    pause_s: float = 0.0  # between two requests to the site, at least

    def describe(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The label and the name of the collection, filled with the values of the section `scrape`."""
        return {"source": self.label.format_map(values), "collection": self.collection.format_map(values)}


SOURCES = {
    "museum": Source(
        records="stages.scrape.museum:records",
        label="the museum, a painter that is a program",
        keys=("scrape.url",),
        program="stages.museum",
    ),
    "wikiart": Source(
        records="stages.scrape.wikiart:records",
        label="{artist} on WikiArt",
        keys=("scrape.artist", "scrape.url"),
        collection="{artist}",
        address="https://www.wikiart.org/",
        tells_genres=True,
        pause_s=9.0,  # the site has been seen to allow 400 requests per hour
    ),
    "commons": Source(
        records="stages.scrape.commons:records",
        label="“{category}” on Wikimedia Commons",
        keys=("scrape.category", "scrape.url"),
        collection="{category}",
        address="https://commons.wikimedia.org/",
    ),
    "folder": Source(
        records="stages.scrape.folder:records",
        label="the pictures in {path}",
        keys=("scrape.path",),
        on_disk=True,
        read="stages.scrape.folder:read",
        tells_genres=True,
    ),
    "urls": Source(
        records="stages.scrape.urls:records",
        label="the list {path}",
        keys=("scrape.path",),
        on_disk=True,
        many_hosts=True,
        tells_genres=True,
    ),
}
