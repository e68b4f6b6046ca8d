"""What decides a cell's result, and so names it: params, inputs that lie in git, and what the code does.

Only the stages count that lead to the cell's numbers. How code is written does not count (comments, docstrings,
formatting), nor how dvc.yaml describes and orders things: a cell that is done stays done until something can change its
result. Nor does the version of Python count that names the cells.
"""

import ast
import hashlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from stages.common.cli import UserError
from stages.common.code import Documented
from stages.study import records

KINDS = ["outs", "metrics", "plots"]  # of a stage's outputs in dvc.yaml


def needed(stages: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Of the stages of dvc.yaml the target, and every stage whose outputs it needs, directly or not."""
    made = {path: name for name, stage in stages.items() for path in outputs(stage)}
    found, waiting = {}, [target]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = stages[name]
        for dep in stages[name].get("deps", []):
            waiting += [made[out] for out in made if _is_in(dep, out)]
    return dict(sorted(found.items()))


def outputs(stage: Mapping[str, Any]) -> set[str]:
    """The paths that a stage of dvc.yaml writes."""
    entries = [entry for kind in KINDS for entry in stage.get(kind, [])]
    return {path for entry in entries for path in ([entry] if isinstance(entry, str) else entry)}


def sources(stages: Mapping[str, Any]) -> list[str]:
    """The deps that no stage writes: code, and data that lies in git."""
    made = [path for stage in stages.values() for path in outputs(stage)]
    deps = {dep.rstrip("/") for stage in stages.values() for dep in stage.get("deps", [])}
    return sorted(dep for dep in deps if not any(_is_in(dep, out) for out in made))


def followed(stages: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The params that the stages follow, of all (flat, such as {"train.seed": 0})."""
    keys = {key for stage in stages.values() for key in stage.get("params", [])}
    return {
        key: value for key, value in sorted(values.items()) if any(f"{key}.".startswith(f"{other}.") for other in keys)
    }


def shared(stages: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """The stages that do the same for all cells: they, and all that they need, follow no param in which cells differ.

    `cells`: the params of each (flat).
    """
    values = {name: [followed(needed(stages, name), cell) for cell in cells] for name in stages}
    return [name for name, found in values.items() if all(one == found[0] for one in found)]


def commands(stages: Mapping[str, Any]) -> list[list[str]]:
    """What the stages run, as words, in an order that depends on the words alone."""
    lines = [line for stage in stages.values() for line in _listed(stage["cmd"])]
    return sorted(shlex.split(line) for line in lines)


def contents(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """What each file at or below the paths is in the present commit: code by what it does, others by git's hash.

    Texts that lie beside code (`.md`) are left out. Raises UserError for code that is no Python.
    """
    found = records.tree(root, paths)
    code = sorted(path for path in found if path.endswith(".py"))
    texts = dict(zip(code, records.blobs(root, [found[path] for path in code]), strict=True))
    packages = {PurePosixPath(path).parent for path in code}
    return {
        path: _digest(path, texts[path]) if path in texts else git_hash
        for path, git_hash in sorted(found.items())
        if not (path.endswith(".md") and PurePosixPath(path).parent in packages)
    }


def digest(source: str) -> str:
    """sha256 of a Python source without comments, docstrings and formatting: the same for every version of Python.

    What versions write in different ways: the empty parts of f-strings, the type parameters that nothing has, and empty
    lists.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.JoinedStr):
            node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        if getattr(node, "type_params", None) == []:  # 3.11 knows none
            del node.type_params  # pyright: ignore[reportAttributeAccessIssue]
    shown = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    return hashlib.sha256(ast.dump(tree, **shown).encode()).hexdigest()


def _digest(path: str, source: bytes) -> str:
    try:
        return digest(source.decode())
    except (SyntaxError, ValueError) as error:
        raise UserError(f"the committed {path} is no Python ({error}): put it right and commit it") from error


def _is_in(path: str, folder: str) -> bool:
    """Whether a path is a folder or file, or lies in it."""
    return f"{path}/".startswith(f"{folder}/")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
