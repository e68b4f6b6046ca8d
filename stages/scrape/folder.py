"""The source `folder`: the user's own pictures, with what a list of titles or sidecar files say of them."""

import os
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from posixpath import normpath

from stages.common.decode import SUFFIXES, begins_like_a_picture
from stages.scrape import sidecars
from stages.scrape.addresses import FetchError
from stages.scrape.interface import RAW_FILE, Found, Gap, LeftOut, Query, Record
from stages.scrape.lists import has_genre, read_list, record
from stages.scrape.transport import TooLarge

TITLES = "titles.csv"  # in any case; columns: file (as seen from the folder), and any of those in lists.py
SYSTEM = (  # folders and files that systems put beside pictures, in lower case
    *("@eadir", "__macosx", "$recycle.bin", "#recycle", "@recycle", "lost+found", "system volume information"),
    *("thumbs.db", "ehthumbs.db", "desktop.ini"),
)
RAW = (  # what cameras write: the picture in it that can be read is a preview
    *(".3fr", ".ari", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".drf", ".eip", ".erf"),
    *(".fff", ".gpr", ".iiq", ".k25", ".kc2", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".ori"),
    *(".pef", ".ptx", ".pxn", ".raf", ".raw", ".rw1", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f"),
)


def records(query: Query) -> Iterator[Found]:
    """The first pictures of a folder and its subfolders, sorted by name; of the genre ("" = any) by the list of titles.

    A picture is what has the suffix of one, or begins like one. Everything else is left out, with the reason.

    Raises FetchError when there is no such folder, or its list cannot be read. A listed file that is missing is a gap.
    """
    folder = Path(query.address)
    if not folder.is_dir():
        raise FetchError(f"{folder} is not a folder")
    path = _list_of_titles(folder)
    pictures, left_out = _walk(folder, path)
    titles = read_list(path, "file") if path else None
    listed, unused = _matched(titles.rows if titles else [], pictures)
    for row in unused:
        yield Gap(row.get("title", ""), row["file"], f"listed in {TITLES}, but not a picture in the folder")
    yield from left_out
    yield from titles.left_out if titles else ()
    chosen = (name for name in pictures if has_genre(listed.get(name, {}), query.params.genre))
    for name in islice(chosen, query.params.limit or None):
        known = sidecars.read(folder, name) | {key: value for key, value in listed.get(name, {}).items() if value}
        yield record(known, name, Path(name).stem)


def read(query: Query, picture: Record) -> bytes:
    """The bytes of one of the folder's pictures; raises FetchError when it cannot be read, TooLarge when it is."""
    max_bytes = query.params.max_bytes
    try:
        with (Path(query.address) / picture.image_url).open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise FetchError(f"the file cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise TooLarge(f"larger than the limit of {max_bytes / 1e6:g} MB")
    return data


def _list_of_titles(folder: Path) -> Path | None:
    """The file TITLES, however its name is capitalized; raises FetchError for several of them."""
    found = sorted(path for path in folder.glob("*") if path.name.casefold() == TITLES and path.is_file())
    if len(found) > 1:
        names = " and ".join(repr(path.name) for path in found)
        raise FetchError(f"{folder} has {names}, but one list of titles is read: keep one of them there")
    return found[0] if found else None


def _walk(folder: Path, titles: Path | None) -> tuple[list[str], list[LeftOut]]:
    """The names of the pictures, as seen from the folder and sorted, and what is left out but the list of titles."""
    pictures: list[str] = []
    left_out: list[LeftOut] = []

    def unreadable(error: OSError) -> None:
        left_out.append(LeftOut(str(error.filename), f"a folder that cannot be read: {error.strerror}"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        here = Path(place)
        spoken_of = {*names, *(Path(name).stem for name in names if not name.lower().endswith(sidecars.SUFFIX))}
        for name in [*folders, *names]:
            path = here / name
            if path == titles or sidecars.is_sidecar(name, spoken_of):
                continue
            if reason := _reason(path):
                left_out.append(LeftOut(path.relative_to(folder).as_posix(), reason))
            elif not path.is_dir():
                pictures.append(path.relative_to(folder).as_posix())
        folders[:] = [name for name in folders if not _reason(here / name)]
    return sorted(pictures), sorted(left_out, key=lambda item: (item.reason, item.name))


def _reason(path: Path) -> str:
    """Why a file or folder is left out; "" if it is not."""
    suffix = path.suffix.lower()
    if path.name.startswith(".") or path.name.casefold() in SYSTEM:
        return "hidden, or the system's own"
    if path.is_dir():
        return "a linked folder: name it in scrape.path, or copy it" if path.is_symlink() else ""
    if path.is_symlink() and not path.exists():
        return "a broken link"
    if not path.is_file():
        return "not a file"
    if suffix in RAW:
        return RAW_FILE
    return "" if suffix in SUFFIXES or _begins_like_a_picture(path) else "of a kind that is not read"


def _begins_like_a_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return begins_like_a_picture(file.read(16))
    except OSError:
        return False


def _matched(rows: list[dict[str, str]], pictures: list[str]) -> tuple[dict[str, dict[str, str]], list[dict[str, str]]]:
    """The list's rows by the names of the pictures, and the rows whose picture is not there.

    Names agree however their accents are composed and their folders separated, and in any case where none is meant.
    """
    by_name = {_name(name): name for name in pictures}
    by_letters: dict[str, list[str]] = {}
    for name in pictures:
        by_letters.setdefault(_name(name).casefold(), []).append(name)
    found: dict[str, dict[str, str]] = {}
    unused = []
    for row in rows:
        alike = by_letters.get(_name(row["file"]).casefold(), [])
        name = by_name.get(_name(row["file"])) or (alike[0] if len(alike) == 1 else None)
        if name is None:
            unused.append(row)
        elif found.setdefault(name, row) != row:
            raise FetchError(f"{TITLES} lists {name!r} twice, and says different things of it")
    return found, sorted(unused, key=lambda row: row["file"])


def _name(name: str) -> str:
    """A file's name as lists write it in many ways: composed accents, slashes, no "./" before it."""
    return normpath(unicodedata.normalize("NFC", name.replace("\\", "/")))
