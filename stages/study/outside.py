"""The user's own files, outside of git and DVC: they name the cells by their bytes, and all cells read the same ones.

The links in data/inputs/ that lead there hold absolute paths, so what git knows of them says nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.common import files
from stages.common.cli import UserError
from stages.inputs import fingerprints, linking
from stages.study import records

_TEXT = linking.NOTHING.encode()
NOTHING = hashlib.sha1(b"blob %d\0%s" % (len(_TEXT), _TEXT)).hexdigest()  # git's hash of a link that leads to no file


def is_link(path: str) -> bool:
    """Whether a source of the pipeline is such a link."""
    return Path(path).parent == linking.OUT


def read(stages: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Params (flat) without the names of files that none of these stages reads, such as an upscaling network."""
    deps = {dep for stage in stages.values() for dep in stage.get("deps", [])}
    unread = {key for name, key in linking.NAMED.items() if _fingerprint(name) not in deps}
    return {key: "" if key in unread else value for key, value in values.items()}


def found(root: Path, values: Mapping[str, Any]) -> dict[str, str]:
    """The sha256 of the files that params name, by link.

    Of those that are not here (in a clone, or where the nodes of a cluster alone have them) what the present commit of
    `root` says, so that cells are known that were run with them; left out where it says nothing.
    """
    named = {
        name: fingerprints.of(target)["sha256"] or _committed(root, name)
        for name, target in linking.targets(values)
        if target
    }
    return {name: sha256 for name, sha256 in named.items() if sha256}


def _committed(root: Path, name: str) -> str:
    """The sha256 that the present commit has of what a link leads to; "" where it has none that can be read."""
    try:
        return json.loads(records.content(root, "HEAD", _fingerprint(name)) or "{}").get("sha256", "")
    except ValueError:  # a conflict of two branches, committed: the next run writes it anew
        return ""


def contents(hashes: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """What names the cells, by path, with the user's own files in place of git's hashes of the links."""
    return {path: own.get(Path(path).name, NOTHING) if is_link(path) else one for path, one in hashes.items()}


def link(clone: Path, values: Mapping[str, Any]) -> None:
    """Let the links of a clone lead to what the params name, wherever they led on the machine of the commit."""
    for name, target in linking.targets(values):
        if (place := clone / linking.OUT / name).is_symlink():
            linking.make(place, target)


def check(clone: Path, own: Mapping[str, str]) -> None:
    """Raise UserError unless the stages read there what names the cell."""
    for name, expected in own.items():
        if files.read_json(clone / _fingerprint(name))["sha256"] != expected:
            raise UserError(
                f"{linking.NAMED[name]} led to other files than when the study began: leave them as they are while it "
                "runs, and the same on every node; the same command makes the cells of the present ones"
            )


def _fingerprint(name: str) -> str:
    return (linking.OUT / f"{name}.json").as_posix()
