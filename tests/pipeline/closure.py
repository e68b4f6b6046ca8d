"""Which files of stages/ a stage's code needs: its entry point with all that it imports, directly or not.

Tables name modules that are imported only when a row is used ("stages.gan.dcgan:Generator"); a stage that uses the rows
of a table needs them all. `python tests/pipeline/closure.py` prints the code deps that each stage has in dvc.yaml.
"""

import ast
import functools
import re
from collections.abc import Collection
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STARTS = {"scrape": ["museum"]}  # the entry points that one starts as programs of their own
ROWS = {  # the tables whose rows a stage uses
    "scrape": ["stages/scrape/sources.py"],
    "train": ["stages/gan/architectures.py", "stages/gan/losses.py", "stages/gan/augmentations.py"],
    "generate": ["stages/gan/architectures.py"],
    "evaluate": ["stages/metrics/table.py"],
    "track": ["stages/gan/architectures.py"],
}
COPIES = {"track": "stages/track/generator.py"}  # what one gives away with all that it imports, without running it
READS = {
    "report": ["stages/gan/presets.py"]
}  # what decides the values that a stage shows, without being imported by it
SECOND = {"links": "inputs", "sheet": "upscale"}  # a stage whose entry point is a further file of another one's package


def entry_point(name: str) -> Path:
    """The file that `python -m` runs for a stage, or for the museum."""
    return ROOT / "stages" / (f"{SECOND[name]}/{name}.py" if name in SECOND else f"{name}/__main__.py")


def file_of(module: str) -> Path | None:
    """The file of a module of stages/; the packages' own __init__ are left out, since they hold a docstring only."""
    path = ROOT / (module.replace(".", "/") + ".py")
    return path if path.is_file() else None


@functools.cache
def imports(path: Path) -> set[Path]:
    """The files of stages/ that a file imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stages"):
            assert all(alias.name != "*" for alias in node.names), f"{path} imports *"
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names if alias.name.startswith("stages")]
    return {file for name in names if (file := file_of(name))}


def rows(path: Path) -> set[Path]:
    """The files that the rows of a table name, such as "stages.gan.dcgan:Generator"."""
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    modules = [found[1] for text in texts if isinstance(text, str) and (found := re.fullmatch(r"([\w.]+):\w+", text))]
    files = {file for module in modules if (file := file_of(module))}
    assert files, f"{path} is no table"
    return files


def closure(path: Path, tables: Collection[Path] = ()) -> set[Path]:
    """A file with all that it imports, directly or not, and with the rows of those tables."""
    found, waiting = set(), {path}
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= (imports(file) | (rows(file) if file in tables else set())) - found
    return found


def needed(name: str) -> set[str]:
    """The code that a stage needs, as paths from the repository's root."""
    tables = [ROOT / table for table in ROWS.get(name, [])]
    roots = [*map(entry_point, [name, *STARTS.get(name, [])]), *(ROOT / file for file in [COPIES.get(name)] if file)]
    files = set().union(*(closure(root, tables) for root in roots))
    assert files >= set(tables), f"{name} uses no such table"
    return {file.relative_to(ROOT).as_posix() for file in files} | set(READS.get(name, []))


def listed(name: str) -> list[str]:
    """The same as deps of dvc.yaml: as a whole its own packages, and those of its tables, which may get more rows."""
    whole = {SECOND.get(name, name), *STARTS.get(name, []), *(table.split("/")[1] for table in ROWS.get(name, []))}
    packages = {file: "/".join(file.split("/")[:2]) for file in needed(name)}  # stages/<package>, in whatever subfolder
    return sorted(
        {f"{package}/" if package.removeprefix("stages/") in whole else file for file, package in packages.items()}
    )


if __name__ == "__main__":
    for stage in STAGES:
        print(f"{stage}:", *(f"      - {dep}" for dep in listed(stage)), sep="\n")
