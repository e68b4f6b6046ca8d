"""The files of each work in order, the best first, each with its reason and what is to be cut off it."""

import io
from collections.abc import Sequence, Set
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stages.common import images
from stages.common.records import Candidate, CatalogueRow
from stages.dedupe import choice, looks, surround, views

MOST = 48  # files of a work that are laid onto each other, the largest ones
OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
Cut = tuple[int, int, int, int]  # left, top, right, bottom, pixels


@dataclass(frozen=True)
class Kept:
    """A work's files, as places in the catalogue."""

    items: list[int]  # the best first
    candidates: list[Candidate]  # of the first ones, in the same order; none of a file that is alone
    cuts: dict[int, Cut]  # where something is around the work


def kept(
    groups: Sequence[Sequence[int]],
    rows: Sequence[CatalogueRow],
    told: Set[int],
    folder: Path,
    trim: bool,
    pool: Executor,
) -> list[Kept]:
    """The files of each group, which lie in `folder`; one that the user tells to keep (`told`) is the first."""
    sized = [sorted(group, key=lambda item: _size(rows[item]), reverse=True) for group in groups]
    files = [[folder / rows[item]["file"] for item in group[:MOST]] for group in sized]
    found = pool.map(partial(_judged, trim=trim), files, chunksize=8)
    return [_ordered(group, judged, told, rows) for group, judged in zip(sized, found, strict=True)]


def cut_out(path: Path, cut: Sequence[int]) -> bytes:
    """The work in a file without what is around it, as a file of that kind: nearly or wholly without loss."""
    left, top, right, bottom = cut
    kind = {".jpg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}.get(path.suffix, "PNG")
    data = io.BytesIO()
    images.read(path).crop((left, top, right, bottom)).save(data, kind, **OPTIONS.get(kind, {}))
    return data.getvalue()


def _size(row: CatalogueRow) -> tuple[int, int, str]:
    """For equally good files: the one with most pixels, then most bytes, then by name."""
    return row["width"] * row["height"], row["bytes"], row["file"]


def _judged(paths: Sequence[Path], trim: bool) -> list[tuple[Candidate | None, Cut | None]]:
    """Of each file of a work its reason and its cut; in a process of its own."""
    if len(paths) == 1:
        return [(None, _bars(paths[0]) if trim else None)]
    judged = choice.judge([looks.look(path) for path in paths])
    return [(item.candidate(path.name), item.cut() if trim else None) for item, path in zip(judged, paths, strict=True)]


def _bars(path: Path) -> Cut | None:
    """What one file alone tells of bars around the work."""
    picture = images.read(path, edge=looks.EDGE)
    colors = views.resized(np.asarray(picture), looks.EDGE).astype(np.float32)
    gray = np.asarray(Image.fromarray(colors.astype(np.uint8)).convert("L")).astype(np.float32)
    box = surround.bars(gray, colors)
    if box == surround.WHOLE:
        return None
    return choice.Judged(looks.look(path), box).cut()


def _ordered(
    group: Sequence[int],
    judged: Sequence[tuple[Candidate | None, Cut | None]],
    told: Set[int],
    rows: Sequence[CatalogueRow],
) -> Kept:
    of_item = dict(zip(group, judged, strict=False))

    def merit(item: int) -> tuple[bool, int, tuple[int, int, str]]:
        candidate = of_item.get(item, (None, None))[0]
        return item in told, candidate["score"] if candidate else -1, _size(rows[item])

    items = sorted(group, key=merit, reverse=True)
    candidates = [found for item in items if (found := of_item.get(item, (None, None))[0])]
    return Kept(items, candidates, {item: cut for item, (_, cut) in of_item.items() if cut})
