"""Where an interrupted training goes on: a folder named after everything that decides the result, outside of the pipeline's outputs.

The same code, params and pictures find their old state there; anything else finds nothing. The folder lies in the main
checkout even when an experiment runs in a copy of it.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stages.common.door import UserError
from stages.gan.checkpoint import read_tensors, write_tensors

ROOM = Path(__file__).parent
KEPT_DAYS = 30  # of a training that nobody went on with


def fingerprint(params: Mapping[str, Any], pictures: Iterable[Path]) -> str:
    """sha256 over the params, names and bytes of the pictures, the code of this room and of the GAN, and torch's version."""
    digest = hashlib.sha256(json.dumps([params, torch.__version__], sort_keys=True).encode())
    sources = [path for room in (ROOM, ROOM.parent / "gan") for path in sorted(room.glob("*.py"))]
    for path in [*sources, *pictures]:
        content = path.read_bytes()
        digest.update(f"\n{path.parent.name}/{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


class Resume:
    """The saved state of one fingerprint; a kill at any moment leaves the last whole one."""

    def __init__(self, root: Path, mark: str):
        self.folder = root / ".resume" / mark
        self.sheets = self.folder / "sheets"
        self._state = self.folder / "state.safetensors"

    def save(self, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
        """Keep a state with what was reported up to it (JSON-ready), in one file, so that they always belong together."""
        write_tensors(self._state, tensors, about)

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """What `save` kept last, or None where there is nothing (a damaged file counts as nothing: the training starts again)."""
        try:
            return read_tensors(self._state) if self._state.exists() else None
        except UserError:
            return None

    def remove(self) -> None:
        """Forget the state, since the training is complete, and those of trainings that were given up long ago."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for other in self.folder.parent.glob("*/"):
            if time.time() - other.stat().st_mtime > KEPT_DAYS * 86_400:
                shutil.rmtree(other, ignore_errors=True)
