"""Own files in the output folders: DVC deletes an output before its stage runs, whoever put the files there."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# What the stages write, by output: any other file is the user's. A test holds it against a finished run.
FILE, WORK, SLUG = r"[0-9a-f]{16}", r"[0-9a-f]+", r"[0-9]+-[a-z0-9-]+"
WRITTEN = {
    "data/raw": rf"{FILE}\.\w+|catalogue\.jsonl",
    "data/works": rf"{FILE}\.\w+|works\.jsonl",
    "data/train": rf"(train|validation)/{WORK}--\d+\.png",
    "data/gan": r"sheets/\d{9}\.png|(checkpoint|generator)\.safetensors|timelapse\.webp",
    "data/generated": r"samples/\d+\.png|(sheet|interpolation)\.png",
    "data/stylized": rf"(pictures|steps)/({SLUG}/)?[\w.-]+\.png|sheet\.png",
    "data/print": rf"{SLUG}\.(png|pdf|tiff|txt)",
    "data/generated_large": r"sheet\.png",
    "data/evaluation": r"nearest\.(jpg|jsonl)",
    "data/report": r"index\.html",
}


def output_folders(pipeline: Mapping[str, Any]) -> Iterator[Path]:
    """The outputs in data/ of dvc.yaml that are folders now, in the workspace."""
    for stage in pipeline["stages"].values():
        for out in stage.get("outs", []):
            if isinstance(out, str) and Path(out).is_dir():
                yield Path(out)


def move_aside(folder: Path) -> Path | None:
    """Move the files that no stage wrote to <folder>.yours-<n>, and say where that is; None where there are none."""
    own = [path for path in sorted(folder.rglob("*")) if not path.is_dir() and not _is_written(path, folder)]
    if not own:
        return None
    number = 1
    while (place := folder.with_name(f"{folder.name}.yours-{number}")).exists():
        number += 1
    for path in own:
        target = place / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    return place


def _is_written(path: Path, folder: Path) -> bool:
    return re.fullmatch(WRITTEN.get(folder.as_posix(), ".*"), path.relative_to(folder).as_posix()) is not None
