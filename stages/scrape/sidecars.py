"""JSON files beside pictures that say what these show, as gallery-dl writes them (`--write-metadata`: a.jpg.json)."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from stages.scrape.html_text import visible_text

SUFFIX = ".json"
MAX_BYTES = 1_000_000
FIELDS = {  # of a list's row: the keys that programs use for it, the best one first
    "title": ("title", "name"),
    "year": ("year", "completitionYear", "completionYear", "date_created", "date"),
    "technique": ("technique", "medium"),
    "page_url": ("source", "source_url", "paintingUrl", "post_url", "page_url", "url"),
    "rights": ("rights", "license", "copyright"),
}
ARTISTS = ("artist", "artistName", "author", "creator")


def is_sidecar(name: str, names: Collection[str]) -> bool:
    """Whether a file speaks of another one; `names` are those of its folder, with and without their suffixes."""
    return name.lower().endswith(SUFFIX) and name[: -len(SUFFIX)] in names


def read(folder: Path, name: str) -> dict[str, str]:
    """What the sidecar of a picture says, as a list's row; nothing where there is none that can be read."""
    for path in (folder / (name + SUFFIX), (folder / name).with_suffix(SUFFIX)):
        try:
            if path.stat().st_size <= MAX_BYTES:
                return _row(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            continue
    return {}


def _row(said: Any) -> dict[str, str]:
    if not isinstance(said, dict):
        return {}
    found = {field: _first(said, keys) for field, keys in FIELDS.items()}
    year = re.search(r"\b\d{4}\b", found["year"])
    found["year"] = year.group() if year else ""
    if "://" not in found["page_url"]:
        found["page_url"] = ""
    artist = _first(said, ARTISTS)
    found["rights"] = "; ".join(filter(None, [found["rights"], f"author: {artist}" if artist else ""]))
    return {field: value for field, value in found.items() if value}


def _first(said: dict[str, Any], keys: tuple[str, ...]) -> str:
    """The first of the keys that says something; a person may be an object with a name, several a list."""
    return next((text for key in keys if (text := _words(said.get(key)))), "")


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_words, value)))
    if isinstance(value, dict):
        return _words(value.get("name") or value.get("title"))
    return visible_text(value)
